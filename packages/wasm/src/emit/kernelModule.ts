// Modules of kernel functions, and how these call each other.
import { call, ModuleBuilder, type Call, type FunctionRef, type Value } from '../assembler/index.ts';

const invoke = { index: 0, params: ['i32', 'i32', 'i32', 'i32'], results: [] } as const satisfies FunctionRef;

/**
 * Begins a module of kernel functions. It does not import the table of functions: engines keep an instance that does for
 * as long as the table, so that no code would ever be freed.
 */
export function kernelModule(shared: boolean): ModuleBuilder {
  const module = new ModuleBuilder({ memory: { minimum: 1, maximum: 65_536, shared } });
  // First, so that its number is 0 in each module.
  module.importFunction('env', 'invoke', invoke.params, invoke.results);
  return module;
}

/** Calls a kernel function of any module by its index in the table of functions: (args, chunk, workspace). */
export function callKernel(
  index: Value<'i32'>,
  args: Value<'i32'>,
  chunk: Value<'i32'>,
  workspace: Value<'i32'>,
): Call<readonly []> {
  return call(invoke, index, args, chunk, workspace);
}
