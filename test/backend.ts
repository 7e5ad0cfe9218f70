// Sets the backend that the vitest project of a test file names: see vitest.config.ts.
import { setBackend } from '@thetagrad/core';
import { wasm } from '@thetagrad/wasm';
import { inject } from 'vitest';

declare module 'vitest' {
  interface ProvidedContext {
    readonly backend: 'portable' | 'wasm';
  }
}

if (inject('backend') === 'wasm') setBackend(await wasm({ threads: 2 }));
