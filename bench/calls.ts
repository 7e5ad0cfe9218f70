import type { Sampler } from './contender.ts';

/** Seconds of each call of `f`, one after another, where a call is long for the clock. Runs in Node and in pages. */
export const sampleCalls: Sampler = async (f, seconds) => {
  const samples: number[] = [];
  const began = performance.now();
  let now = began;
  do {
    const start = now;
    await f();
    now = performance.now();
    samples.push((now - start) / 1000);
  } while (now - began < 1000 * seconds);
  return samples;
};
