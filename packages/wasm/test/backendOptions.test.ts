import { full, type Tensor } from '@thetagrad/core';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { valuesOn } from '../../../test/support/backends.ts';
import { detectFeatures } from '../src/features.ts';
import { wasm, type WasmOptions } from '../src/index.ts';

describe('wasm', () => {
  afterEach(() => {
    vi.unstubAllGlobals();
    vi.restoreAllMocks();
  });

  test('describes what it uses', async () => {
    const alone = await wasm({ threads: 1 });
    expect(alone.describe()).toMatch(
      /^wasm: 1 thread; unshared memory; relaxed SIMD (on|off \(the engine lacks it\)); (256|128)-bit vectors/,
    );
    const two = await wasm({ threads: 2, deterministic: true });
    expect(two.describe()).toMatch(/^wasm: 2 threads; shared memory; relaxed SIMD off/);
    expect([two.name, two.threads, two.dtypes]).toEqual(['wasm', 2, ['float32', 'float64', 'int32', 'bool']]);
    two.close();
    expect(two.threads).toBe(1);
  });

  test('uses all cores by default', async () => {
    const backend = await wasm();
    const os = globalThis.process?.getBuiltinModule('node:os');
    expect(backend.threads).toBe(os ? os.availableParallelism() : navigator.hardwareConcurrency);
    backend.close();
  });

  test('uses one thread where memory cannot be shared', async () => {
    vi.stubGlobal('crossOriginIsolated', false);
    const backend = await wasm({ threads: 4 });
    expect(backend.threads).toBe(1);
    expect(backend.describe()).toMatch(/unshared memory; .*one thread because memory cannot be shared here/);
  });

  test('uses relaxed SIMD only where it is available and not forbidden', async () => {
    vi.spyOn(WebAssembly, 'validate').mockReturnValue(true);
    expect(detectFeatures()).toEqual({ simd: true, relaxedSimd: true, threads: true });
    vi.restoreAllMocks();
    const expected = detectFeatures().relaxedSimd ? 'relaxed SIMD on' : 'relaxed SIMD off (the engine lacks it)';
    expect((await wasm({ threads: 1 })).describe()).toContain(expected);
    expect((await wasm({ threads: 1, deterministic: true })).describe()).toContain('relaxed SIMD off (deterministic)');
  });

  test('says which result is larger than its memory', async () => {
    const backend = await wasm({ threads: 1, memoryLimit: 2 ** 22 });
    const build = (): Tensor => full([2000, 1000], 1).mul(0.5);
    await expect(valuesOn(backend, build)).rejects.toThrow(
      "mul of shape [2000, 1000] gives 2000000 elements, 8000000 bytes; the backend 'wasm' allows 4194304 bytes in an array",
    );
    expect(await valuesOn(backend, () => build().sum())).toEqual([Float32Array.of(1e6)]);
  });

  test('names the other backend where SIMD is missing', async () => {
    vi.spyOn(WebAssembly, 'validate').mockReturnValue(false);
    await expect(wasm()).rejects.toThrow(/lacks WebAssembly SIMD; use the portable backend/);
  });

  test.each<[Record<string, unknown>, RegExp]>([
    [{ threads: 0 }, /threads must be an integer from 1 to 256, got 0/],
    [{ threads: 1.5 }, /got 1.5/],
    [{ threads: 1000 }, /got 1000/],
    [{ memoryLimit: 1000 }, /memoryLimit must be from 1048576 to 4294967296 bytes, got 1000/],
    [{ memoryLimit: Number.NaN }, /got NaN/],
    [{ memoryLimit: 2 ** 33 }, /got 8589934592/],
  ])('rejects %o', async (options, message) => {
    await expect(wasm(options as WasmOptions)).rejects.toThrow(RangeError);
    await expect(wasm(options as WasmOptions)).rejects.toThrow(message);
  });

  test.each<[Record<string, unknown>, RegExp]>([
    [{ threads: '2' }, /threads must be a number, got '2'/],
    [{ deterministic: 1 }, /deterministic must be a boolean, got 1/],
    [{ wide: 'always' }, /wide must be 'auto', true or false, got 'always'/],
    [{ wide: 1 }, /wide must be 'auto', true or false, got 1/],
    [{ winograd: null }, /winograd must be a boolean, got null/],
    [{ thread: 2 }, /unknown option 'thread'; did you mean threads\?/],
  ])('rejects %o', async (options, message) => {
    await expect(wasm(options as WasmOptions)).rejects.toThrow(TypeError);
    await expect(wasm(options as WasmOptions)).rejects.toThrow(message);
  });
});
