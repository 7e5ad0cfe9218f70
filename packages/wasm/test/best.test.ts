import { portable, tensor, setBackend, getBackend } from '@thetagrad/core';
import { afterEach, expect, test, vi } from 'vitest';
import { best, wasm } from '../src/index.ts';

const before = getBackend();
afterEach(() => {
  vi.restoreAllMocks();
  setBackend(before);
});

test('WebAssembly where it can be had, and what it uses', async () => {
  const { backend, reason } = await best({ threads: 1 });
  expect(backend.name).toBe('wasm');
  expect(reason).toMatch(/^wasm: 1 thread; /);
  setBackend(backend);
  expect(tensor([1, 2, 3]).square().sum().itemSync()).toBe(14);
});

test('the portable backend where the engine has no SIMD, and why', async () => {
  vi.spyOn(WebAssembly, 'validate').mockReturnValue(false);
  const { backend, reason } = await best();
  expect(backend).toBe(portable());
  expect(reason).toBe(
    'portable: plain TypeScript on one thread; wasm: this engine lacks WebAssembly SIMD; use the portable backend: ' +
      'setBackend(portable())',
  );
});

test('options that are wrong are wrong everywhere', async () => {
  await expect(best({ threads: 0 })).rejects.toThrow('wasm: threads must be an integer from 1 to');
  await expect(best({ thread: 1 } as never)).rejects.toThrow("wasm: unknown option 'thread'");
  await expect(wasm({ threads: 1.5 })).rejects.toThrow('wasm: threads must be an integer');
});
