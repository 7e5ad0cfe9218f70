// The backends whose results are compared with the reference backend's.
import { wasm, type WasmBackend } from '@thetagrad/wasm';

/** Two threads, the second of which starts while tests run: results do not depend on it. */
export const tested: WasmBackend = await wasm({ threads: 2 });
/** As {@link tested}, without Winograd's algorithm. */
export const direct: WasmBackend = await wasm({ threads: 2, winograd: false });
