import fc from 'fast-check';
import { expect, test } from 'vitest';
import { i32, ModuleBuilder, v128 } from '../src/assembler/index.ts';
import { emitTile } from '../src/kernels/panels/registerTile.ts';
import { numbers } from './views.ts';

test('a register tile is a product, for operands with any steps', () => {
  const shapes = fc.record({
    rows: fc.integer({ min: 1, max: 6 }),
    vectors: fc.integer({ min: 1, max: 3 }),
    depth: fc.integer({ min: 1, max: 20 }),
    aRow: fc.integer({ min: 1, max: 30 }),
    aStep: fc.integer({ min: 1, max: 30 }),
    bStep: fc.integer({ min: 12, max: 30 }),
    areConstant: fc.boolean(),
    seed: fc.integer(),
  });
  fc.assert(
    fc.property(shapes, ({ rows, vectors, depth, aRow, aStep, bStep, areConstant, seed }) => {
      const module = new ModuleBuilder({ memory: { minimum: 1, shared: false } });
      const place = { a: 0, b: 8192, c: 16_384 };
      module.function(
        ['i32', 'i32', 'i32'],
        [],
        (code, count, aBytes, bBytes) => {
          const a = code.local('i32', i32.const(place.a));
          const b = code.local('i32', i32.const(place.b));
          const steps = areConstant ? { aStep: 4 * aStep, bStep: 4 * bStep } : { aStep: aBytes, bStep: bBytes };
          const sums = emitTile(code, { rows, vectors, a, aRow: 4 * aRow, b, ...steps, depth: count, relaxed: false });
          sums.forEach((row, i) =>
            row.forEach((sum, j) => code.emit(v128.store(i32.const(place.c + 16 * (i * vectors + j)), sum))),
          );
        },
        { export: 'run' },
      );
      const memory = new WebAssembly.Memory({ initial: 1 });
      const { run } = new WebAssembly.Instance(new WebAssembly.Module(module.toBytes()), { env: { memory } }).exports;
      const values = new Float32Array(memory.buffer).map(numbers(seed));
      new Float32Array(memory.buffer).set(values);
      (run as (depth: number, aStep: number, bStep: number) => void)(depth, 4 * aStep, 4 * bStep);
      const expected: number[] = [];
      for (let i = 0; i < rows; i++) {
        for (let j = 0; j < 4 * vectors; j++) {
          let sum = 0;
          // Products of multiples of 1/64 are exact, and so are their sums.
          for (let k = 0; k < depth; k++) {
            sum += values[place.a / 4 + i * aRow + k * aStep]! * values[place.b / 4 + j + k * bStep]!;
          }
          expected.push(sum);
        }
      }
      expect(Array.from(new Float32Array(memory.buffer, place.c, expected.length), (x) => x + 0)).toEqual(
        expected.map((x) => x + 0),
      );
    }),
    { numRuns: 60 },
  );
});
