import type { Sampler } from './contender.ts';

/**
 * Times each call of `f`, for calls that are long compared to the resolution of the clock. Runs in Node and in pages.
 */
export const sampleCalls: Sampler = async (f, seconds) => {
  const samples: number[] = [];
  const startTime = performance.now();
  let now = startTime;
  do {
    const start = now;
    await f();
    now = performance.now();
    samples.push((now - start) / 1000);
  } while (now - startTime < 1000 * seconds);
  return samples;
};
