// Features of pages and workers, and what backends make of them.
import { expect, inject, test } from 'vitest';
import { chooseFeatures } from '../../packages/wasm/src/wide/choose.ts';
import { availableThreads, detectFeatures } from '../../packages/wasm/src/features.ts';
import type { Findings } from './probe.ts';
import { openFrame } from './frames.ts';

const isolated = inject('isolated');
const values = [1.5, 6, 15.5, 1.5, 6, 15.5];
const threaded = /^wasm: 2 threads; shared memory/;
const singleThreaded = /^wasm: 1 thread; unshared memory; .*one thread because memory cannot be shared here$/;

test('this browser supports the features that backends need', async () => {
  expect(crossOriginIsolated).toBe(isolated);
  expect(detectFeatures()).toEqual({ simd: true, relaxedSimd: true, threads: isolated });
  expect(availableThreads()).toBe(navigator.hardwareConcurrency);
  expect(document.createElement('canvas').getContext('webgl2')).toBeInstanceOf(WebGL2RenderingContext);
  const { gpu } = navigator as { gpu?: { requestAdapter(): Promise<object | null> } };
  expect(await gpu?.requestAdapter()).toBeInstanceOf(Object);
});

test('kernels use 256-bit vectors where the engine does', () => {
  expect(chooseFeatures(true, 'auto').features.wide).toBe(inject('wide'));
});

test('a worker computes the same values as the page, with its own threads', async () => {
  const worker = new Worker(new URL('worker.ts', import.meta.url), { type: 'module' });
  const findings = await new Promise<unknown>((resolve, reject) => {
    worker.addEventListener('message', ({ data }) => resolve(data));
    worker.addEventListener('error', ({ message }) => reject(new Error(message)));
  });
  worker.terminate();
  expect(findings).toEqual({
    isolated,
    description: expect.stringMatching(isolated ? threaded : singleThreaded),
    values,
  });
});

/** Runs the probe in a page with a content security policy. */
async function probeUnder(policy: string): Promise<Findings> {
  const frame = openFrame(
    `<meta http-equiv="Content-Security-Policy" content="${policy}">` +
      `<script type="module" src="${new URL('frame.ts', import.meta.url).href}"></script>`,
  );
  try {
    return (await frame.message) as Findings;
  } finally {
    frame.close();
  }
}

test.each<[string, string, RegExp]>([
  ['allows threads', `script-src ${location.origin} 'wasm-unsafe-eval'; worker-src blob:`, threaded],
  [
    'forbids workers from blobs',
    `script-src ${location.origin} 'wasm-unsafe-eval'; worker-src ${location.origin}`,
    /^wasm: 1 thread; shared memory; .*worker thread 1 ended unexpectedly/,
  ],
  ['forbids WebAssembly', `script-src ${location.origin}; worker-src blob:`, /^portable: .*WebAssembly/],
])('a page that %s', async (_, policy, description) => {
  const expected = isolated || description.source.startsWith('^portable') ? description : singleThreaded;
  expect(await probeUnder(policy)).toEqual({ isolated, description: expect.stringMatching(expected), values });
});
