import { type DType, graph, type Shape, Tensor, zeros } from '@thetagrad/core';
import { argumentError, checkOptions, countMultiplyAdds, formatShape, sizeOf } from '@thetagrad/core/backend';
import { formatType } from './state.ts';
import { type AnyModule, collect, Module } from './module.ts';

export interface SummaryOptions {
  /** The dtype of the input. Default: float32. */
  readonly dtype?: DType;
}

/** A call of a module's `forward`. */
interface Call {
  readonly path: string;
  readonly module: AnyModule;
  output: unknown;
  multiplyAdds: number;
}

/**
 * A table of a model's modules in the order of their calls: output shape, number of parameters and multiply-adds of the
 * whole batch, both without those of submodules; and the totals. The shapes come from calling the model in evaluation
 * mode; nothing is computed.
 * @param inputShape with the batch axis, such as [1, 3, 112, 96]
 */
export function summary(model: Module, inputShape: Shape, options: SummaryOptions = {}): string {
  if (!(model instanceof Module)) throw argumentError('summary', 'the model', 'a module', model, false);
  checkOptions('summary', options, ['dtype']);
  const { dtype = 'float32' } = options;
  const { calls, output, callOf } = traceCalls(model, zeros(inputShape, { dtype }));
  let totalMultiplyAdds = 0;
  for (const node of graph(output).nodes) {
    const count = multiplyAddsOf(node);
    const call = callOf.get(node);
    if (call) call.multiplyAdds += count;
    totalMultiplyAdds += count;
  }
  const listed = new Set<AnyModule>();
  const rows = calls.map(({ path, module, output: result, multiplyAdds }) => {
    const parameters = listed.has(module) ? 0 : countElements(module.ownVariables().values(), true);
    listed.add(module);
    return [
      path,
      module.constructor.name,
      result instanceof Tensor ? formatShape(result.shape) : '',
      formatCount(parameters),
      formatCount(multiplyAdds),
    ];
  });
  const variables = Object.values(model.variables());
  return [
    ...formatTable([['', 'module', 'output', 'parameters', 'multiply-adds'], ...rows]),
    '',
    `parameters: ${formatCount(countElements(variables, true))} trainable, ` +
      `${formatCount(countElements(variables, false))} not trainable`,
    `multiply-adds: ${formatCount(totalMultiplyAdds)} for an input of ${formatShape(inputShape)}`,
  ].join('\n');
}

interface Trace {
  readonly calls: readonly Call[];
  readonly output: Tensor;
  /** The innermost call that each node was made in. */
  readonly callOf: ReadonlyMap<Tensor, Call>;
}

/** Calls the model in evaluation mode, with the `forward` of each module wrapped meanwhile. */
function traceCalls(model: Module, input: Tensor): Trace {
  const calls: Call[] = [];
  const active: Call[] = [];
  const callOf = new Map<Tensor, Call>();
  /** Attributes all new nodes behind some values to the innermost active call. */
  const attribute = (values: object): void => {
    const call = active.at(-1);
    if (!call) return;
    const tensors = collect(values, (value) => value instanceof Tensor);
    for (const node of graph(...tensors.values()).nodes) if (!callOf.has(node)) callOf.set(node, call);
  };
  const restorers: (() => void)[] = [];
  for (const [path, module] of model.modules()) {
    restorers.push(
      wrapForward(module, (forward, inputs) => {
        attribute(inputs);
        const call: Call = { path, module, output: undefined, multiplyAdds: 0 };
        calls.push(call);
        active.push(call);
        call.output = forward(...inputs);
        attribute([call.output]);
        active.pop();
        return call.output;
      }),
    );
  }
  try {
    return { calls, output: model.forward(input), callOf };
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    const advice = `if it takes another dtype, pass it as in { dtype: 'int32' }`;
    throw new TypeError(`summary: the model refused an input of ${formatType(input)}; ${advice}: ${error.message}`, {
      cause: error,
    });
  } finally {
    for (const restore of restorers) restore();
  }
}

/** Replaces a module's `forward` and sets evaluation mode, until the returned function is called. */
function wrapForward(
  module: AnyModule,
  wrapper: (forward: (...inputs: unknown[]) => unknown, inputs: unknown[]) => unknown,
): () => void {
  const { training } = module;
  const own = Object.getOwnPropertyDescriptor(module, 'forward');
  const forward = (Reflect.get(module, 'forward') as (...inputs: unknown[]) => unknown).bind(module);
  module.training = false;
  Object.defineProperty(module, 'forward', {
    configurable: true,
    value: (...inputs: unknown[]): unknown => wrapper(forward, inputs),
  });
  return () => {
    module.training = training;
    if (own) Object.defineProperty(module, 'forward', own);
    else Reflect.deleteProperty(module, 'forward');
  };
}

/** Multiply-adds of matrix products and convolutions; 0 for other nodes. */
function multiplyAddsOf({ primitive, inputs, shape }: Tensor): number {
  if (primitive.kind !== 'routine' || inputs.length === 0) return 0;
  return countMultiplyAdds(
    primitive,
    shape,
    inputs.map((input) => input.shape),
  );
}

function countElements(
  variables: Iterable<{ readonly shape: Shape; readonly trainable: boolean }>,
  trainable: boolean,
): number {
  let total = 0;
  for (const variable of variables) if (variable.trainable === trainable) total += sizeOf(variable.shape);
  return total;
}

/** Pads columns to equal widths and aligns the last two to the right. */
function formatTable(rows: readonly (readonly string[])[]): string[] {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  const lines = rows.map((row) =>
    row.map((cell, column) => (column < 3 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!))).join('  '),
  );
  return [lines[0]!, '-'.repeat(lines[0]!.length), ...lines.slice(1)];
}

function formatCount(count: number): string {
  return count.toLocaleString('en');
}
