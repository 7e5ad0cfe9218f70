// Interprets scalar expressions as a backend does: node by node, in arrays of the nodes' types, which round.
import { nodesOf, type Scalar } from '../src/scalar/scalar.ts';

type Values = Float32Array | Float64Array | Int32Array | Uint8Array;

export const arrays = { f32: Float32Array, f64: Float64Array, i32: Int32Array, bool: Uint8Array } as const;

/** Evaluates an expression, with a column of elements for each parameter. */
export function interpret(root: Scalar, columns: readonly Values[]): Values {
  const size = columns[0]!.length;
  const values = new Map<Scalar, Values>();
  for (const node of nodesOf(root)) {
    if (node.operation === 'parameter') values.set(node, columns[node.value]!);
    else {
      const f = functionOf(node);
      const [x, y, z] = node.inputs.map((input) => values.get(input)!);
      const output = new arrays[node.type](size);
      for (let i = 0; i < size; i++) output[i] = f(x?.[i] ?? 0, y?.[i] ?? 0, z?.[i] ?? 0);
      values.set(node, output);
    }
  }
  return values.get(root)!;
}

function nearest(x: number): number {
  const magnitude = Math.abs(x);
  const low = Math.floor(magnitude);
  const rest = magnitude - low;
  const result = rest < 0.5 || (rest === 0.5 && low % 2 === 0) ? low : low + 1;
  return x < 0 || Object.is(x, -0) ? -result : result;
}

const floats = new Float32Array(1);
const integers = new Int32Array(floats.buffer);

function functionOf({
  operation,
  type,
  inputs,
  value,
  function: f,
}: Scalar): (x: number, y: number, z: number) => number {
  switch (operation) {
    case 'parameter':
    case 'constant':
      return () => value;
    case 'neg':
      return (x) => -x;
    case 'abs':
    case 'sqrt':
    case 'floor':
    case 'ceil':
    case 'trunc':
      return Math[operation];
    case 'nearest':
      return nearest;
    case 'not':
      return type === 'bool' ? (x) => 1 - x : (x) => ~x;
    case 'add':
      return (x, y) => x + y;
    case 'sub':
      return (x, y) => x - y;
    case 'mul':
      return type === 'i32' ? Math.imul : (x, y) => x * y;
    case 'div':
      return (x, y) => x / y;
    case 'min':
      return (x, y) => Math.min(x, y);
    case 'max':
      return (x, y) => Math.max(x, y);
    case 'and':
      return (x, y) => x & y;
    case 'or':
      return (x, y) => x | y;
    case 'xor':
      return (x, y) => x ^ y;
    case 'shl':
      return (x) => x << value;
    case 'shrU':
      return (x) => x >>> value;
    case 'shrS':
      return (x) => x >> value;
    case 'eq':
      return (x, y) => (x === y ? 1 : 0);
    case 'ne':
      return (x, y) => (x !== y ? 1 : 0);
    case 'lt':
      return (x, y) => (x < y ? 1 : 0);
    case 'le':
      return (x, y) => (x <= y ? 1 : 0);
    case 'bitcastI32':
      return (x) => ((floats[0] = x), integers[0]!);
    case 'bitcastF32':
      return (x) => ((integers[0] = x), floats[0]!);
    case 'convert':
      if (type === 'bool') return (x) => (x !== 0 ? 1 : 0);
      if (type !== 'i32' || inputs[0]!.type === 'bool') return (x) => x;
      return (x) => Math.max(-(2 ** 31), Math.min(Math.trunc(x), 2 ** 31 - 1));
    case 'select':
    case 'rarely':
      return (condition, x, y) => (condition !== 0 ? x : y);
    case 'call':
      return (x, y, z) => f!(...[x, y, z].slice(0, inputs.length));
  }
}
