export { WasmBackend } from './backend.ts';
export { wasm, type WasmOptions } from './wasm.ts';
