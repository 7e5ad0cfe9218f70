// One backend for all test files of a process.
import { wasm, type WasmBackend } from '@thetagrad/wasm';

export const sharedWasm: WasmBackend = await wasm({ threads: 2 });
