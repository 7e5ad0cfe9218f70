import { type DType, graph, type Shape, Tensor, zeros } from '@thetagrad/core';
import type { AnyModule, Module } from './module.ts';

/** One call of a module's `forward`. Tensors are numbered as they are made: these bounds hold those made inside. */
interface Call {
  readonly path: string;
  readonly module: AnyModule;
  readonly first: number;
  last: number;
  output: unknown;
  multiplyAdds: number;
}

/**
 * A table of a model's modules in the order in which they are called: output shape, parameters held by the module
 * itself, and the multiply-adds of the convolutions and matrix products it does itself, for the whole batch; and the
 * totals. The shapes come from calling the model in evaluation mode; nothing is computed.
 * @param inputShape with the batch axis, such as [1, 3, 112, 96]
 */
export function summary(
  model: Module,
  inputShape: Shape,
  { dtype = 'float32' }: { readonly dtype?: DType } = {},
): string {
  const { calls, output } = record(model, zeros(inputShape, { dtype }));
  let total = 0;
  for (const node of graph(output).nodes) {
    const count = multiplyAdds(node);
    // Calls are nested: the last one that began before the node and had not ended is the innermost.
    const call = calls.findLast(({ first, last }) => first < node.id && node.id < last);
    if (call) call.multiplyAdds += count;
    total += count;
  }
  const counted = new Set<AnyModule>();
  const rows = calls.map((call) => {
    const own = counted.has(call.module) ? 0 : sizes(call.module.ownVariables().values(), true);
    counted.add(call.module);
    return [
      call.path,
      call.module.constructor.name,
      call.output instanceof Tensor ? `[${call.output.shape.join(', ')}]` : '',
      grouped(own),
      grouped(call.multiplyAdds),
    ];
  });
  const all = Object.values(model.variables());
  return [
    ...table([['', 'module', 'output', 'parameters', 'multiply-adds'], ...rows]),
    '',
    `parameters: ${grouped(sizes(all, true))} trained, ${grouped(sizes(all, false))} not trained`,
    `multiply-adds: ${grouped(total)} for an input of [${inputShape.join(', ')}]`,
  ].join('\n');
}

/** Calls the model with each module's `forward` wrapped for the time being. */
function record(model: Module, input: Tensor): { readonly calls: readonly Call[]; readonly output: Tensor } {
  const calls: Call[] = [];
  const undo: (() => void)[] = [];
  for (const [path, module] of model.modules()) {
    const { training } = module;
    const own = Object.getOwnPropertyDescriptor(module, 'forward');
    const forward = Reflect.get(module, 'forward') as (...inputs: unknown[]) => unknown;
    undo.push(() => {
      module.training = training;
      if (own) Object.defineProperty(module, 'forward', own);
      else Reflect.deleteProperty(module, 'forward');
    });
    module.training = false;
    Object.defineProperty(module, 'forward', {
      configurable: true,
      value: (...inputs: unknown[]): unknown => {
        const call: Call = { path, module, first: now(), last: Infinity, output: undefined, multiplyAdds: 0 };
        calls.push(call);
        call.output = forward.apply(module, inputs);
        call.last = now();
        return call.output;
      },
    });
  }
  try {
    return { calls, output: model.forward(input) };
  } finally {
    for (const restore of undo) restore();
  }
}

/** The number of the latest tensor. */
function now(): number {
  return zeros([]).id;
}

/** Multiplications whose products are summed. Every contraction in a graph is one of two primitives. */
function multiplyAdds({ primitive, inputs, size }: Tensor): number {
  if (primitive.name === 'matmul') return size * inputs[0]!.shape.at(-1)!;
  if (primitive.name === 'convolution') {
    const [, ...kernel] = inputs[1]!.shape;
    return kernel.reduce((product, length) => product * length, size);
  }
  return 0;
}

function sizes(
  variables: Iterable<{ readonly shape: Shape; readonly trainable: boolean }>,
  trainable: boolean,
): number {
  let total = 0;
  for (const variable of variables) {
    if (variable.trainable === trainable) total += variable.shape.reduce((product, length) => product * length, 1);
  }
  return total;
}

/** Columns padded to equal width, the last two aligned to the right. */
function table(rows: readonly (readonly string[])[]): string[] {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  const lines = rows.map((row) =>
    row.map((cell, column) => (column < 3 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!))).join('  '),
  );
  return [lines[0]!, '-'.repeat(lines[0]!.length), ...lines.slice(1)];
}

function grouped(count: number): string {
  return count.toLocaleString('en');
}
