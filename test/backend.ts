// Sets the backend that the vitest project of a test file names: see vitest.config.ts. Runs before each file, and files may share
// a process.
import { portable, setBackend } from '@thetagrad/core';
import { inject } from 'vitest';

declare module 'vitest' {
  interface ProvidedContext {
    readonly backend: 'portable' | 'wasm';
  }
}

// Loads wasm only where it is needed: most files are tested on the portable backend.
setBackend(inject('backend') === 'wasm' ? (await import('./support/sharedWasm.ts')).sharedWasm : portable());
