// The kernels in WebAssembly with vectors of two numbers. Addresses and distances are in bytes.
import {
  f64,
  f64x2,
  i32,
  ModuleBuilder,
  select,
  v128,
  type Code,
  type Local,
  type MemoryAccess,
  type Value,
} from '@thetagrad/wasm/assembler';
import { rotatedColumns, solvedRows } from './kernels.ts';

/** Rows and columns of the tile of sums that a product keeps in registers. */
export const tileSize = 4;

const vector = 16;
const unaligned = (offset: number): MemoryAccess => ({ offset, align: 8 });
const range = (count: number): number[] => Array.from({ length: count }, (_, i) => i);
const zeroVector = v128.const(new Float64Array(2));

/** What the module exports. */
export interface Exports {
  pack(to: number, from: number, step: number, depthStep: number, count: number, depth: number): void;
  product(c: number, cRow: number, a: number, b: number, m: number, n: number, k: number, factor: number): void;
  solve(t: number, b: number, bRow: number, rows: number, columns: number): void;
  updateRight: Update;
  updateLeft: Update;
  right: Update;
  rotate(row: number, step: number, count: number, rotations: number): void;
}

/** (a, row, rows, columns, p, q, r, s, x, to) */
type Update = (...args: [number, number, number, number, number, number, number, number, number, number]) => void;

/** The bytes of a module that imports `env.memory`. */
export function assembleKernels(): Uint8Array<ArrayBuffer> {
  const module = new ModuleBuilder({ memory: { minimum: 0, shared: false } });
  definePack(module);
  defineProduct(module);
  defineSolve(module);
  defineUpdate(module, 'updateRight', { updates: true, product: 'right' });
  defineUpdate(module, 'updateLeft', { updates: true, product: 'left' });
  defineUpdate(module, 'right', { updates: false, product: 'right' });
  defineRotate(module);
  return module.toBytes();
}

/**
 * Packs `count` rows of `depth` terms into panels of 4 rows, term by term. Rows over the edge repeat the last one. `step` is the
 * distance of rows, and `depthStep` that of terms.
 */
function definePack(module: ModuleBuilder): void {
  module.function(
    ['i32', 'i32', 'i32', 'i32', 'i32', 'i32'],
    [],
    (code, to, from, step, depthStep, count, depth) => {
      const left = code.local('i32');
      const at = range(tileSize).map(() => code.local('i32'));
      const isWhole = code.local('i32');
      code.while(i32.gtS(count, i32.const(0)), () => {
        code.set(left, depth);
        at.forEach((address, i) => {
          const next = select(i32.gtS(count, i32.const(i)), step, i32.const(0));
          code.set(address, i === 0 ? from : i32.add(at[i - 1]!, next));
        });
        code.set(isWhole, i32.and(i32.eq(step, i32.const(8)), i32.geS(count, i32.const(tileSize))));
        const eachTerm = (copy: () => void, moved: readonly Local<'i32'>[]): void =>
          code.doWhile(() => {
            copy();
            for (const address of moved) code.add(address, depthStep);
            code.add(to, i32.const(8 * tileSize));
            code.set(left, i32.sub(left, i32.const(1)));
          }, left);
        code.if(
          isWhole,
          () =>
            eachTerm(
              () => {
                for (let i = 0; i < 8 * tileSize; i += vector) {
                  code.emit(v128.store(to, v128.load(at[0]!, unaligned(i)), unaligned(i)));
                }
              },
              at.slice(0, 1),
            ),
          () =>
            eachTerm(() => at.forEach((from, i) => code.emit(f64.store(to, f64.load(from), { offset: 8 * i }))), at),
        );
        code.add(from, i32.mul(step, i32.const(tileSize)));
        code.set(count, i32.sub(count, i32.const(tileSize)));
      });
    },
    { export: 'pack' },
  );
}

/** c += factor · a · b for packed a and b. */
function defineProduct(module: ModuleBuilder): void {
  module.function(
    ['i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'f64'],
    [],
    (code, c, cRow, a, b, m, n, depth, factor) => {
      const scale = code.local('v128', f64x2.splat(factor));
      const columns = code.local('i32', n);
      const rows = code.local('i32');
      const aAt = code.local('i32');
      const bAt = code.local('i32');
      const target = code.local('i32');
      const at = code.local('i32');
      const left = code.local('i32');
      const vectors = range(tileSize / 2);
      const sums = range(tileSize).map(() => vectors.map(() => code.local('v128')));
      const factors = vectors.map(() => code.local('v128'));
      const row = code.local('v128');
      code.while(i32.gtS(columns, i32.const(0)), () => {
        code.set(rows, m);
        code.set(aAt, a);
        code.set(target, c);
        code.while(i32.gtS(rows, i32.const(0)), () => {
          for (const sum of sums.flat()) code.set(sum, zeroVector);
          code.set(bAt, b);
          code.set(left, depth);
          code.doWhile(() => {
            factors.forEach((vectorOfB, j) => code.set(vectorOfB, v128.load(bAt, unaligned(vector * j))));
            sums.forEach((sumsOfRow, i) => {
              code.set(row, v128.load64Splat(aAt, { offset: 8 * i }));
              sumsOfRow.forEach((sum, j) => code.set(sum, f64x2.add(sum, f64x2.mul(row, factors[j]!))));
            });
            code.add(aAt, i32.const(8 * tileSize));
            code.add(bAt, i32.const(8 * tileSize));
            code.set(left, i32.sub(left, i32.const(1)));
          }, left);
          code.set(at, target);
          sums.forEach((sumsOfRow, i) => {
            code.if(i32.gtS(rows, i32.const(i)), () => addToRow(code, at, columns, sumsOfRow, scale));
            code.add(at, cRow);
          });
          code.add(target, i32.mul(cRow, i32.const(tileSize)));
          code.set(rows, i32.sub(rows, i32.const(tileSize)));
        });
        code.set(b, bAt);
        code.add(c, i32.const(8 * tileSize));
        code.set(columns, i32.sub(columns, i32.const(tileSize)));
      });
    },
    { export: 'product' },
  );
}

/** Adds sums, times the scale, to a row of the tile of which `columns` remain. */
function addToRow(
  code: Code,
  at: Local<'i32'>,
  columns: Local<'i32'>,
  sums: readonly Local<'v128'>[],
  scale: Local<'v128'>,
): void {
  for (const sum of sums) code.set(sum, f64x2.mul(sum, scale));
  code.if(
    i32.geS(columns, i32.const(tileSize)),
    () =>
      sums.forEach((sum, j) => {
        const access = unaligned(vector * j);
        code.emit(v128.store(at, f64x2.add(v128.load(at, access), sum), access));
      }),
    () =>
      range(tileSize - 1).forEach((j) => {
        code.if(i32.gtS(columns, i32.const(j)), () => {
          const value = f64x2.extractLane(sums[j >> 1]!, j & 1);
          code.emit(f64.store(at, f64.add(f64.load(at, { offset: 8 * j }), value), { offset: 8 * j }));
        });
      }),
  );
}

/** Solves t · x = b for rows of b, with t packed in rows of 8. */
function defineSolve(module: ModuleBuilder): void {
  module.function(
    ['i32', 'i32', 'i32', 'i32', 'i32'],
    [],
    (code, t, b, bRow, rows, columns) => {
      const at = code.local('i32');
      /** Solves for neighboring columns that are held in one value. */
      const solve = <T extends 'v128' | 'f64'>(type: T, operations: Arithmetic<T>): void => {
        const x = range(solvedRows).map(() => code.local(type));
        code.set(at, b);
        code.block((exit) => {
          x.forEach((unknown, i) => {
            exit(i32.leS(rows, i32.const(i)));
            code.set(unknown, operations.load(at));
            for (let l = 0; l < i; l++) {
              const product = operations.mul(operations.element(t, { offset: 8 * (solvedRows * i + l) }), x[l]!);
              code.set(unknown, operations.sub(unknown, product));
            }
            code.set(unknown, operations.div(unknown, operations.element(t, { offset: 8 * (solvedRows + 1) * i })));
            code.emit(operations.store(at, unknown));
            code.add(at, bRow);
          });
        });
      };
      code.while(i32.geS(columns, i32.const(2)), () => {
        solve('v128', {
          ...f64x2,
          load: (address) => v128.load(address, { align: 8 }),
          store: (address, value) => v128.store(address, value, { align: 8 }),
          element: v128.load64Splat,
        });
        code.add(b, i32.const(vector));
        code.set(columns, i32.sub(columns, i32.const(2)));
      });
      code.if(columns, () => solve('f64', { ...f64, element: f64.load }));
    },
    { export: 'solve' },
  );
}

interface Arithmetic<T extends 'v128' | 'f64'> {
  readonly sub: (a: Value<T>, b: Value<T>) => Value<T>;
  readonly mul: (a: Value<T>, b: Value<T>) => Value<T>;
  readonly div: (a: Value<T>, b: Value<T>) => Value<T>;
  readonly load: (address: Value<'i32'>) => Value<T>;
  readonly store: (address: Value<'i32'>, value: Value<T>) => Parameters<Code['emit']>[0];
  /** One number, in all lanes. */
  readonly element: (address: Value<'i32'>, access: MemoryAccess) => Value<T>;
}

interface UpdateForm {
  /** Whether a −= p qᵀ + r sᵀ comes first. */
  readonly updates: boolean;
  /** right: to = a · x; left: to += xᵀ · a. */
  readonly product: 'right' | 'left';
}

/** Rows that an update takes at a time, such that their factors and sums fit the registers. */
const updatedRows = 2;

/** (a, row, rows, columns, p, q, r, s, x, to), with the number of columns rounded up to a multiple of 4. */
function defineUpdate(module: ModuleBuilder, name: string, form: UpdateForm): void {
  module.function(
    ['i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32'],
    [],
    (code, a, row, rows, columns, p, q, r, s, x, to) => {
      const left = code.local('i32');
      const pointers = { q: code.local('i32'), s: code.local('i32'), x: code.local('i32'), to: code.local('i32') };
      const step = (count: number): void => {
        const addresses = range(count).map(() => code.local('i32'));
        addresses.forEach((address, i) => code.set(address, i === 0 ? a : i32.add(addresses[i - 1]!, row)));
        const splat = (from: Local<'i32'>): Local<'v128'>[] =>
          range(count).map((i) => code.local('v128', v128.load64Splat(from, { offset: 8 * i })));
        const [ps, rs] = form.updates ? [splat(p), splat(r)] : [[], []];
        const xs = form.product === 'left' ? splat(x) : [];
        const sums = range(count).map(() => code.local('v128', zeroVector));
        code.set(pointers.q, q);
        code.set(pointers.s, s);
        code.set(pointers.x, x);
        code.set(pointers.to, to);
        code.set(left, columns);
        const element = code.local('v128');
        const held = { q: code.local('v128'), s: code.local('v128'), x: code.local('v128') };
        code.doWhile(() => {
          for (const access of [unaligned(0), unaligned(vector)]) {
            if (form.updates) {
              code.set(held.q, v128.load(pointers.q, access));
              code.set(held.s, v128.load(pointers.s, access));
            }
            code.set(held.x, v128.load(form.product === 'left' ? pointers.to : pointers.x, access));
            addresses.forEach((address, i) => {
              code.set(element, v128.load(address, access));
              if (form.updates) {
                const change = f64x2.add(f64x2.mul(ps[i]!, held.q), f64x2.mul(rs[i]!, held.s));
                code.set(element, f64x2.sub(element, change));
                code.emit(v128.store(address, element, access));
              }
              if (form.product === 'left') code.set(held.x, f64x2.add(held.x, f64x2.mul(xs[i]!, element)));
              else code.set(sums[i]!, f64x2.add(sums[i]!, f64x2.mul(element, held.x)));
            });
            if (form.product === 'left') code.emit(v128.store(pointers.to, held.x, access));
          }
          const moved = form.updates ? [pointers.q, pointers.s] : [];
          moved.push(form.product === 'left' ? pointers.to : pointers.x);
          for (const address of [...addresses, ...moved]) code.add(address, i32.const(2 * vector));
          code.set(left, i32.sub(left, i32.const(4)));
        }, left);
        const next = form.product === 'right' ? [p, r, to] : [p, r, x];
        if (form.product === 'right') {
          sums.forEach((sum, i) => {
            const total = f64.add(f64x2.extractLane(sum, 0), f64x2.extractLane(sum, 1));
            code.emit(f64.store(to, total, { offset: 8 * i }));
          });
        }
        for (const address of next) code.add(address, i32.const(8 * count));
        code.add(a, i32.mul(row, i32.const(count)));
        code.set(rows, i32.sub(rows, i32.const(count)));
      };
      code.while(i32.geS(rows, i32.const(updatedRows)), () => step(updatedRows));
      code.while(rows, () => step(1));
    },
    { export: name },
  );
}

/** A chain of rotations of 16 columns. */
function defineRotate(module: ModuleBuilder): void {
  module.function(
    ['i32', 'i32', 'i32', 'i32'],
    [],
    (code, row, step, count, rotations) => {
      const held = range(rotatedColumns / 2).map(() => code.local('v128'));
      const next = code.local('i32');
      const c = code.local('v128');
      const s = code.local('v128');
      const y = code.local('v128');
      const access = (i: number): MemoryAccess => unaligned(vector * i);
      held.forEach((x, i) => code.set(x, v128.load(row, access(i))));
      code.doWhile(() => {
        code.set(next, i32.add(row, step));
        code.set(c, v128.load64Splat(rotations));
        code.set(s, v128.load64Splat(rotations, { offset: 8 }));
        held.forEach((x, i) => {
          code.set(y, v128.load(next, access(i)));
          code.emit(v128.store(row, f64x2.add(f64x2.mul(c, x), f64x2.mul(s, y)), access(i)));
          code.set(x, f64x2.sub(f64x2.mul(c, y), f64x2.mul(s, x)));
        });
        code.set(row, next);
        code.add(rotations, i32.const(16));
        code.set(count, i32.sub(count, i32.const(1)));
      }, count);
      held.forEach((x, i) => code.emit(v128.store(row, x, access(i))));
    },
    { export: 'rotate' },
  );
}
