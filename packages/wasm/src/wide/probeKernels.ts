// Modules of small kernels that show what the engine makes of them: register tiles, and a chain of elementwise operations.
import { f32x4, i32, i32x4, ModuleBuilder, v128, type Code, type Local, type Value } from '../assembler/index.ts';
import type { Features } from '../command.ts';
import { emitTile } from '../kernels/panels/registerTile.ts';
import { tileShape } from '../kernels/panels/tileShape.ts';

/** A kernel without arguments, which reads its inputs from memory and stores its results. */
export interface ProbeKernel {
  readonly inputs: Float32Array;
  readonly results: Float32Array;
  run(): void;
}

/** Stores of neighboring vectors: `paired` by the constant offset of one address, or so that no engine pairs them. */
export type Stores = 'paired' | 'single';

export interface ProbeKernels {
  readonly tile: (features: Features, stores: Stores) => ProbeKernel;
  readonly chain: (stores: Stores) => ProbeKernel;
}

const resultsAt = 2 ** 15;
const memoryBytes = 2 ** 16;

/** The number of terms of a tile's sums, and how often a call computes it. */
export const tileDepth = 128;
const tileRepeats = 8;

/** The register tile of products. Its inputs are a panel of A, then one of B. */
export function tileKernel(features: Features, stores: Stores): ProbeKernel {
  const { rows, columns } = tileShape(features);
  const vectors = columns / 4;
  const bAt = 4 * rows * tileDepth;
  const sizes = { inputs: (rows + columns) * tileDepth, results: rows * columns };
  return build(sizes, (code) => {
    const repeat = code.local('i32');
    code.for(repeat, i32.const(0), i32.const(tileRepeats), 1, () => {
      const [a, b] = [code.local('i32', i32.const(0)), code.local('i32', i32.const(bAt))];
      const operands = { a, aRow: 4, aStep: 4 * rows, b, bStep: 4 * columns, depth: i32.const(tileDepth) };
      const sums = emitTile(code, { rows, vectors, ...operands, relaxed: features.relaxed });
      const to = code.local('i32', i32.const(resultsAt));
      for (const sumsOfRow of sums) {
        emitStores(code, to, sumsOfRow, stores);
        code.add(to, i32.const(4 * columns));
      }
    });
  });
}

/** The number of elements of the chain. */
export const chainLength = 512;

/** A chain of every kind of operation that elementwise kernels use. */
export function chainKernel(stores: Stores): ProbeKernel {
  return build({ inputs: chainLength, results: chainLength }, (code) => {
    const at = code.local('i32');
    code.for(at, i32.const(0), i32.const(4 * chainLength), 32, () => {
      const results = [0, 16].map((offset) => emitChain(code, v128.load(at, { offset })));
      emitStores(code, code.local('i32', i32.add(at, i32.const(resultsAt))), results, stores);
    });
  });
}

function emitStores(code: Code, to: Local<'i32'>, values: readonly V[], stores: Stores): void {
  if (stores === 'paired') {
    values.forEach((value, i) => code.emit(v128.store(to, value, { offset: 16 * i })));
    return;
  }
  const addresses = values.map((_, i) => code.local('i32', i32.add(to, i32.const(16 * i))));
  values.forEach((value, i) => code.emit(v128.store(addresses[i]!, value)));
}

let built = 0;

function build(sizes: { readonly inputs: number; readonly results: number }, body: (code: Code) => void): ProbeKernel {
  const module = new ModuleBuilder({ memory: { minimum: memoryBytes / 2 ** 16, shared: false } });
  module.function([], [], body, { export: 'run' });
  // Engines keep the code of equal modules, also from before a flag was switched.
  module.function([], ['i32'], (code) => code.return(i32.const(built)));
  built++;
  const memory = new WebAssembly.Memory({ initial: memoryBytes / 2 ** 16 });
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(module.toBytes()), { env: { memory } });
  return {
    inputs: new Float32Array(memory.buffer, 0, sizes.inputs),
    results: new Float32Array(memory.buffer, resultsAt, sizes.results),
    run: exports['run'] as () => void,
  };
}

type V = Value<'v128'>;

/** The value has no meaning. */
function emitChain(code: Code, loaded: V): V {
  const floats = (value: number): V => v128.const(new Float32Array(4).fill(value));
  const words = (value: number): V => v128.const(new Int32Array(4).fill(value));
  const keep = (value: V): V => code.local('v128', value);
  const x = keep(loaded);
  // As in exp: a power of two from the rounded exponent, times a polynomial of the rest.
  const clamped = keep(f32x4.pmax(f32x4.pmin(x, floats(80)), floats(-80)));
  const exponent = keep(f32x4.nearest(f32x4.mul(clamped, floats(Math.LOG2E))));
  const rest = keep(f32x4.sub(clamped, f32x4.mul(exponent, floats(Math.LN2))));
  const polynomial = keep(f32x4.add(f32x4.mul(f32x4.add(f32x4.mul(rest, floats(0.5)), floats(1)), rest), floats(1)));
  const power = i32x4.shl(i32x4.add(i32x4.truncSatF32x4S(exponent), words(127)), i32.const(23));
  const exp = keep(f32x4.mul(polynomial, power));
  const isNegative = keep(f32x4.lt(x, floats(0)));
  const magnitude = keep(f32x4.sqrt(f32x4.div(f32x4.abs(x), f32x4.add(exp, floats(1)))));
  const bits = keep(v128.xor(v128.and(x, words(0x7fff)), i32x4.shrU(x, i32.const(9))));
  const count = keep(f32x4.convertI32x4S(i32x4.sub(bits, i32x4.shrS(x, i32.const(20)))));
  const chosen = keep(v128.bitselect(f32x4.floor(exp), f32x4.neg(magnitude), isNegative));
  const kept = keep(v128.andnot(v128.or(count, words(1)), f32x4.ne(x, x)));
  return keep(f32x4.add(f32x4.add(chosen, f32x4.mul(kept, floats(2 ** -20))), f32x4.max(exp, f32x4.min(x, magnitude))));
}
