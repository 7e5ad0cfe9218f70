/**
 * An assembler for the WebAssembly binary format. Expressions are typed values (`i32.add(a, b)`), a {@link Code} takes
 * statements in order, and a {@link ModuleBuilder} takes functions and returns the bytes of a module.
 */
export { atomic, memory } from './atomic.ts';
export type { MemoryAccess } from './instructions.ts';
export { call, Code, type Branch } from './code.ts';
export { ModuleBuilder, type ModuleOptions } from './module.ts';
export { f32, f64, i32, i64, select } from './scalar.ts';
export { f32x4, f64x2, i16x8, i32x4, i64x2, i8x16, v128 } from './simd.ts';
export type { Call, FunctionRef, Local, Locals, Results, Statement, Value, Values, ValueType } from './value.ts';
