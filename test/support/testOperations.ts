// Tests a table of operations: values against independent formulas, backends against each other, derivatives of both orders
// and modes, batches of examples, and that no export of the package is missing from the table.
import {
  isFloatingPoint,
  portable,
  random,
  stack,
  tensor,
  type Backend,
  type DType,
  type NestedArray,
  type Tensor,
} from '@thetagrad/core';
import { vmap } from '@thetagrad/func';
import { checkGradients, type GradientOptions } from '@thetagrad/gradcheck';
import { gpu, type GpuMode } from '@thetagrad/gpu';
import { wasm } from '@thetagrad/wasm';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { withBackend } from './withBackend.ts';

/** Random elements of a shape, uniform in [from, to); floating-point, unless it says otherwise. */
interface RandomInput {
  readonly shape: readonly number[];
  /** Default: −2. */
  readonly from?: number;
  /** Default: 2. */
  readonly to?: number;
  /** Points to keep 0.1 away from. Default: none. */
  readonly avoid?: readonly number[];
  /** 'int32' and 'bool' stay what they are; floating-point inputs are tested in float64 and float32. */
  readonly dtype?: 'int32' | 'bool';
}

/** Given elements. */
interface GivenInput {
  readonly values: NestedArray;
  /** As of {@link RandomInput}. */
  readonly dtype?: 'int32' | 'bool';
}

export type Input = RandomInput | GivenInput;

/** A call of an operation. */
export interface OperationCase {
  /** The name of the export, and after a comma what is special: `roll, two axes`. */
  readonly name: string;
  readonly apply: (...inputs: Tensor[]) => Tensor | readonly Tensor[];
  readonly inputs: readonly Input[];
  /**
   * The results by a formula that shares nothing with the operation, in plain numbers (bool as booleans): one nested array, or
   * `{ outputs }` where `apply` gives several tensors.
   */
  readonly expected: (...inputs: NestedArray[]) => NestedArray | { readonly outputs: readonly NestedArray[] };
  /** Options of the check of derivatives; `false` where there are none. Default: orders 1 and 2 of all floating-point inputs. */
  readonly derivatives?: GradientOptions | false;
  /** The error relative to the largest finite magnitude of the result. Default: 1e-11 in float64, 2e-6 in float32. */
  readonly tolerance?: { readonly float64?: number; readonly float32?: number };
  /** The dtypes of floating-point inputs. Default: both. */
  readonly dtypes?: readonly ('float64' | 'float32')[];
}

/** Modes of the GPU backend that the table runs in. The others compile a shader for each kernel, which takes minutes. */
const gpuModes: readonly GpuMode[] = process.env['OPERATIONS_ON_GPU']
  ? (process.env['OPERATIONS_ON_GPU'].split(',') as GpuMode[])
  : ['cpu'];

/**
 * Defines the tests of a package's operations.
 * @param exported the package's module. Each function in it needs a case of its name.
 * @param elsewhere exports whose values are tested by other tests.
 */
export function testOperations(
  exported: Readonly<Record<string, unknown>>,
  cases: readonly OperationCase[],
  elsewhere: readonly string[] = [],
): void {
  test('every exported function has a case', () => {
    const named = new Set(cases.map(({ name }) => name.split(',')[0]!));
    const functions = Object.keys(exported).filter((name) => typeof exported[name] === 'function');
    expect(functions.filter((name) => !named.has(name) && !elsewhere.includes(name))).toEqual([]);
    expect([...named, ...elsewhere].filter((name) => !(name in exported))).toEqual([]);
  });

  const backends: Backend[] = [];
  beforeAll(async () => {
    backends.push(portable(), await wasm({ threads: 2 }));
    for (const mode of gpuModes) backends.push(await gpu({ mode }));
  });
  afterAll(() => {
    for (const backend of backends) if ('close' in backend) (backend.close as () => void)();
  });

  const table = cases.map((each) => [each.name, each] as const);

  describe('values on every backend', () => {
    test.for(table)('%s', async ([, each]) => {
      const dtypes = each.dtypes ?? (['float64', 'float32'] as const);
      for (const dtype of each.inputs.every((input) => input.dtype) ? (['float32'] as const) : dtypes) {
        for (const backend of backends.filter((candidate) => candidate.dtypes.includes(dtype))) {
          await withBackend(backend, () => expectValues(each, dtype, backend));
        }
      }
    });
  });

  const differentiable = table.filter(
    ([, { inputs, derivatives }]) => derivatives !== false && inputs.some((input) => !input.dtype),
  );
  describe.skipIf(differentiable.length === 0)('derivatives', () => {
    test.for(differentiable)('%s', ([name, each]) => {
      const { f, points } = functionOf(each);
      const floats = (...varied: Tensor[]): Tensor[] => f(...varied).filter(({ dtype }) => isFloatingPoint(dtype));
      const options: GradientOptions = { name, order: 2, elements: 8, ...each.derivatives };
      withBackend(portable(), () => checkGradients(floats as never, points as never, options as never));
    });
  });

  const varied = table.filter(([, { inputs }]) => inputs.some((input) => !input.dtype));
  describe.skipIf(varied.length === 0)('vmap gives what a loop over examples gives', () => {
    test.for(varied)('%s', ([, each]) => {
      const { f, points } = functionOf(each);
      const examples = [1, 0.98].map((factor) => points.map((point) => point.mul(factor)));
      const batch = points.map((_, i) => stack(examples.map((example) => example[i]!)));
      withBackend(portable(), () => {
        const all = vmap(f)(...batch);
        const single = examples.map((example) => f(...example));
        all.forEach((result, i) => {
          const expected = stack(single.map((results) => results[i]!));
          const error = isFloatingPoint(result.dtype) ? 1e-9 : 0;
          expectClose(result.toArraySync(), expected.toArraySync(), error, 'vmap');
        });
      });
    });
  });
}

/** The operation as a function of its floating-point inputs, in float64, and their values. */
function functionOf({ apply, inputs }: OperationCase): {
  readonly f: (...varied: Tensor[]) => Tensor[];
  readonly points: readonly Tensor[];
} {
  const tensors = inputs.map((input, i) => makeInput(input, i, 'float64'));
  const f = (...varied: Tensor[]): Tensor[] => {
    const rest = [...varied];
    return [apply(...tensors.map((input) => (isFloatingPoint(input.dtype) ? rest.shift()! : input)))].flat();
  };
  return { f, points: tensors.filter((input) => isFloatingPoint(input.dtype)) };
}

function makeInput(input: Input, index: number, dtype: DType): Tensor {
  const type = input.dtype ?? dtype;
  if ('values' in input) return tensor(input.values as never, { dtype: type });
  const { shape, from = -2, to = 2, avoid = [] } = input;
  const stream = random.key(7 + index).stream();
  const next = (): number => {
    if (type === 'bool') return stream.integer(2);
    const value = stream.uniform(from, to);
    if (type === 'int32') return Math.floor(value);
    // Representable in both dtypes, so that formulas get what operations get.
    return avoid.some((point) => Math.abs(value - point) < 0.1) ? next() : Math.fround(value);
  };
  const size = shape.reduce((product, length) => product * length, 1);
  return tensor(Float64Array.from({ length: size }, next), { shape, dtype: type });
}

async function expectValues(
  { apply, inputs, expected, tolerance = {} }: OperationCase,
  dtype: 'float64' | 'float32',
  backend: Backend,
): Promise<void> {
  const tensors = inputs.map((input, i) => makeInput(input, i, dtype));
  const plain = await withBackend(portable(), () =>
    Promise.all(inputs.map((input, i) => makeInput(input, i, dtype).toArray())),
  );
  const result = apply(...tensors);
  const wanted = expected(...plain);
  const outputs = Array.isArray(result) ? (result as readonly Tensor[]) : [result as Tensor];
  const all = typeof wanted === 'object' && 'outputs' in wanted ? wanted.outputs : [wanted as NestedArray];
  expect(outputs.length).toBe(all.length);
  for (const [i, output] of outputs.entries()) {
    const values = await output.toArray();
    const relative = tolerance[dtype] ?? (dtype === 'float64' ? 1e-11 : 2e-6);
    expectClose(values, all[i]!, output.dtype === 'int32' || output.dtype === 'bool' ? 0 : relative, backend.name);
  }
}

const flat = (values: NestedArray): (number | boolean)[] =>
  Array.isArray(values) ? (values as NestedArray[]).flatMap(flat) : [values as number | boolean];

const shapeOf = (values: NestedArray): number[] =>
  Array.isArray(values) ? [values.length, ...(values.length > 0 ? shapeOf(values[0] as NestedArray) : [])] : [];

/** Expects equal shapes, and elements within `relative` of the largest finite magnitude. */
function expectClose(actual: NestedArray, wanted: NestedArray, relative: number, backend: string): void {
  expect(shapeOf(actual), `shape on ${backend}`).toEqual(shapeOf(wanted));
  const [got, want] = [flat(actual), flat(wanted)];
  const magnitudes = want.map((value) => Math.abs(Number(value))).filter((value) => value < Infinity);
  const bound = relative * Math.max(0, ...magnitudes);
  const isClose = (a: number | boolean, b: number | boolean): boolean =>
    typeof a === typeof b && (a === b || Object.is(a, b) || Math.abs(Number(a) - Number(b)) <= bound);
  const at = want.findIndex((value, i) => !isClose(got[i]!, value));
  expect(at < 0 ? [] : [at, got[at], 'instead of', want[at]], `element on ${backend}`).toEqual([]);
}
