// The backends whose results are compared with the portable backend's.
import { wasm, type WasmBackend } from '@thetagrad/wasm';

/** Two threads. The second starts while tests run, which must not change results. */
export const tested: WasmBackend = await wasm({ threads: 2 });
/** As {@link tested}, without Winograd's algorithm. */
export const direct: WasmBackend = await wasm({ threads: 2, winograd: false });
