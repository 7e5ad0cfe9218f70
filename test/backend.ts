// Sets the backend that the vitest project of a test file names: see vitest.config.ts.
import { setBackend } from '@thetagrad/core';
import { inject } from 'vitest';

declare module 'vitest' {
  interface ProvidedContext {
    readonly backend: 'portable' | 'wasm';
  }
}

if (inject('backend') === 'wasm') {
  // Loaded only where it is needed: most files are tested on the portable backend.
  const { wasm } = await import('@thetagrad/wasm');
  setBackend(await wasm({ threads: 2 }));
}
