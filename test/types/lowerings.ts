// Checked by `npm run typecheck`: a backend without a lowering for one of core's routines does not compile, nor one with a
// lowering for a name that is not a routine.
import type { CoreRoutineName, RoutineName } from '@thetagrad/core/backend';
import { expectTypeOf } from 'vitest';
import type { Lowerings as GpuLowerings } from '../../packages/gpu/src/lower/index.ts';
import type { Lowerings as WasmLowerings } from '../../packages/wasm/src/lower/index.ts';

/** The names that may be omitted. */
type OptionalNames<Lowerings> = {
  [Name in keyof Lowerings]-?: Omit<Lowerings, Name> extends Lowerings ? Name : never;
}[keyof Lowerings];

expectTypeOf<keyof WasmLowerings>().toEqualTypeOf<RoutineName>();
expectTypeOf<Omit<WasmLowerings, 'matmul'>>().not.toExtend<WasmLowerings>();
expectTypeOf<OptionalNames<WasmLowerings>>().toEqualTypeOf<Exclude<RoutineName, CoreRoutineName>>();

expectTypeOf<keyof GpuLowerings>().toEqualTypeOf<RoutineName>();
expectTypeOf<Omit<GpuLowerings, 'matmul'>>().not.toExtend<GpuLowerings>();
expectTypeOf<OptionalNames<GpuLowerings>>().toEqualTypeOf<Exclude<RoutineName, CoreRoutineName>>();
