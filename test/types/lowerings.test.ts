// Checked by `npm run typecheck`: a backend without a lowering for one of core's routines does not compile, nor one with a
// lowering for a name that is not a routine.
import type { RoutineName } from '@thetagrad/core/backend';
import { describe, expectTypeOf, test } from 'vitest';
import type { Lowerings as GpuLowerings } from '../../packages/gpu/src/lower/index.ts';
import type { Lowerings as WasmLowerings } from '../../packages/wasm/src/lower/index.ts';

/** The names that may be omitted. */
type OptionalNames<Lowerings> = {
  [Name in keyof Lowerings]-?: Omit<Lowerings, Name> extends Lowerings ? Name : never;
}[keyof Lowerings];

describe('wasm', () => {
  test('has a lowering for each routine, and no other', () => {
    expectTypeOf<keyof WasmLowerings>().toEqualTypeOf<RoutineName>();
    // @ts-expect-error: not the name of a routine
    ((_: Partial<WasmLowerings>) => undefined)({ unknown: undefined });
  });

  test('a deleted lowering is a compile error', () => {
    expectTypeOf<Omit<WasmLowerings, 'matmul'>>().not.toExtend<WasmLowerings>();
    expectTypeOf<OptionalNames<WasmLowerings>>().toBeNever();
  });
});

describe('gpu', () => {
  test('has a lowering for each routine, and no other', () => {
    expectTypeOf<keyof GpuLowerings>().toEqualTypeOf<RoutineName>();
    // @ts-expect-error: not the name of a routine
    ((_: Partial<GpuLowerings>) => undefined)({ unknown: undefined });
  });

  test('a deleted lowering is a compile error', () => {
    expectTypeOf<Omit<GpuLowerings, 'matmul'>>().not.toExtend<GpuLowerings>();
    expectTypeOf<OptionalNames<GpuLowerings>>().toBeNever();
  });
});
