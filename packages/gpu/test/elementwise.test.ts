// Every elementwise operation, for every dtype that its rule allows: equal to the portable backend where that is exact, and
// within a few ulp for float32 functions.
import { constant, defineUnary, tensor, type DType, type Operation, type Tensor } from '@thetagrad/core';
import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import { valuesOn, type Tolerance } from '../../../test/support/backends.ts';
import { ulps } from '../../../test/support/bounds.ts';
import { dtypesOf, isApproximate, operations } from '../../../test/support/operations.ts';
import { dropLeadingAxes, layouts, makeView, shapes } from '../../../test/support/layouts.ts';
import { type GpuMode } from '../src/index.ts';
import { anyValuesIn, backendOf, expectSame, isGpu, modes, runs } from './modes.ts';

// Drivers in software compile slowly.
vi.setConfig({ testTimeout: 60_000 });

const all: readonly DType[] = ['float32', 'int32', 'bool'];

const ulp: Record<GpuMode, number> = { cpu: 2, webasm: 3, webgpu: 3, webgl2: 3, headlessgl: 3 };
/** Operations that GPUs may compute with an error of 2.5 ulp. */
const inexact = ['div', 'reciprocal', 'sqrt'];

function toleranceOf(mode: GpuMode, name: string, operation: Operation): Tolerance {
  const limit = isApproximate(operation) ? ulp[mode] : isGpu(mode) && inexact.includes(name) ? 2.5 : 0;
  return (actual, expected) => {
    if (Object.is(actual, expected)) return true;
    // GPUs may flush denormal results to 0.
    if (isGpu(mode) && Math.abs(expected) < 2 ** -126 && Math.abs(actual) <= 2 ** -126) return true;
    return limit > 0 && ulps(actual, expected) <= limit + 0.5;
  };
}

describe.each(modes)('%s', (mode) => {
  test.each(operations)('%s', async (name, operation) => {
    const { dtypes, domain } = operation.primitive;
    const arity = domain.length;
    const make = anyValuesIn(mode);
    await fc.assert(
      fc.asyncProperty(
        shapes().chain((shape) =>
          fc.record({
            layout: fc.array(layouts(shape), { minLength: arity, maxLength: arity }),
            drop: fc.nat(2),
            seed: fc.integer(),
          }),
        ),
        async ({ layout, drop, seed }) => {
          await expectSame(
            mode,
            () =>
              dtypesOf(dtypes, all).flatMap((dtype) => {
                const operand = (lead: number, i: number): Tensor => {
                  const type = dtypes === 'select' && i === 0 ? 'bool' : dtype;
                  return makeView(dropLeadingAxes(layout[i]!, lead), make(type, seed + i));
                };
                const inputs = domain.map((_, i) => operand(i === 0 ? 0 : drop, i));
                const many = domain.map((_, i) =>
                  make(dtypes === 'select' && i === 0 ? 'bool' : dtype, seed + 9 + i)([500]),
                );
                return [operation(...inputs), operation(...many)];
              }),
            toleranceOf(mode, name, operation),
          );
        },
      ),
      { numRuns: runs(mode, 3) },
    );
  });

  test('casts', () =>
    expectSame(mode, () => {
      const make = anyValuesIn(mode);
      return all.flatMap((from) => all.map((to) => make(from, 5)([300]).astype(to)));
    }));

  test('operations are fused into one kernel of few operands', () =>
    expectSame(mode, () => {
      const many = Array.from({ length: 24 }, (_, i) => tensor([i, 2 * i, -i]));
      return [many.reduce((sum, x, i) => sum.mul(i % 2).add(x)).relu()];
    }));

  test('float64 is an error that names the backends that compute it', async () => {
    await expect(valuesOn(await backendOf(mode), () => [tensor([1], { dtype: 'float64' }).add(1)])).rejects.toThrow(
      'select a CPU backend, wasm() or portable()',
    );
  });

  test('an operation of constants alone, infinite and overflowing', async () => {
    const limit = defineUnary({
      name: 'limit',
      dtypes: 'float',
      value: (x) => x - Infinity,
      lower: (x) =>
        constant('i32', 2 ** 31 - 1)
          .add(constant('i32', 1))
          .lt(0)
          .select(x.sub(constant('f32', 1).div(constant('f32', 0))), x),
      derivatives: 'zero',
      domain: [{ from: 0, to: 1 }],
    });
    expect(await valuesOn(await backendOf(mode), () => [limit(tensor([1, 2]))])).toEqual([
      Float32Array.of(-Infinity, -Infinity),
    ]);
  });

  test('an operation of scalar expressions of its own, with bits', async () => {
    const next = defineUnary({
      name: 'nextAfter',
      dtypes: 'float',
      value: (x) => x,
      lower: (x) => x.bitcastI32().add(1).bitcastF32(),
      derivatives: 'zero',
      domain: [{ from: 0, to: 1 }],
    });
    const values = Float32Array.of(1, 1.5, 2 ** -20, 1e30, 3.25, -7, 65_535.5, 2 ** -126);
    const [actual] = await valuesOn(await backendOf(mode), () => [next(tensor(values, { shape: [values.length] }))]);
    const bits = new Int32Array(values.buffer).map((x) => x + 1);
    expect(actual).toEqual(new Float32Array(bits.buffer));
  });
});
