export type { WasmBackend } from './backend.ts';
export { best, type Choice } from './best.ts';
export { wasm, type WasmOptions } from './wasm.ts';
