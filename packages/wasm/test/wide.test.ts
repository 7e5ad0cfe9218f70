import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { wasm } from '../src/index.ts';
import type { Features } from '../src/command.ts';
import { tileShape } from '../src/kernels/panels/tileShape.ts';
import { chooseFeatures } from '../src/wide/choose.ts';
import { isWideSwitchedOn, switchWide, whyNotSwitchable } from '../src/wide/flag.ts';
import { probe } from '../src/wide/probe.ts';
import { chainLength, tileDepth, type ProbeKernel, type ProbeKernels, type Stores } from '../src/wide/probeKernels.ts';

/** How an engine runs the kernels of the probe. */
interface Engine {
  /** The time of a narrow tile of four rows, of one of six, and of wide ones, paired or not. */
  readonly four?: number;
  readonly six?: number;
  readonly paired?: number;
  readonly single?: number;
  /** What it does to the results of kernels whose vectors it pairs, of the product of exact numbers, of others, of chains. */
  readonly spoil?: 'exact' | 'rounded' | 'chain';
}

/** The clock of an engine, in milliseconds. */
let now = 0;

function tileOf(engine: Engine, features: Features, stores: Stores): ProbeKernel {
  const { rows, columns } = tileShape(features);
  const { four = 4, six = 6, paired = 1, single = 3 } = engine;
  const time = features.wide ? { paired, single }[stores] : features.tileRows === 4 ? four : six;
  const inputs = new Float32Array((rows + columns) * tileDepth);
  const results = new Float32Array(rows * columns);
  let calls = 0;
  const run = (): void => {
    // Unoptimized at first.
    now += (calls++ < 60 ? 5 : 1) * time * 1e-3;
    const [a, b] = [inputs.subarray(0, rows * tileDepth), inputs.subarray(rows * tileDepth)];
    for (let at = 0; at < results.length; at++) {
      let sum = 0;
      for (let k = 0; k < tileDepth; k++) {
        sum += a[k * rows + Math.floor(at / columns)]! * b[k * columns + (at % columns)]!;
      }
      results[at] = sum;
    }
    if (!features.wide || stores === 'single') return;
    const isExact = inputs.every((value) => Number.isInteger(64 * value));
    if (engine.spoil === (isExact ? 'exact' : 'rounded')) results[17]! += 1e-3;
  };
  return { inputs, results, run };
}

function chainOf(engine: Engine, stores: Stores): ProbeKernel {
  const inputs = new Float32Array(chainLength);
  const results = new Float32Array(chainLength);
  let calls = 0;
  const run = (): void => {
    now += calls++ < 60 ? 5e-3 : 1e-3;
    results.set(inputs);
    if (stores === 'paired' && engine.spoil === 'chain') results[3] = 0.25;
  };
  return { inputs, results, run };
}

function simulate(engine: Engine): ProbeKernels {
  vi.spyOn(performance, 'now').mockImplementation(() => (now += 1e-4));
  return {
    tile: (features, stores) => tileOf(engine, features, stores),
    chain: (stores) => chainOf(engine, stores),
  };
}

afterEach(() => {
  vi.restoreAllMocks();
  switchWide(false);
});

describe('a simulated engine', () => {
  test.each<[string, Engine, Features, RegExp]>([
    ['pairs', {}, { relaxed: true, wide: true, tileRows: 6 }, /^undefined$/],
    ['does not pair', { paired: 3 }, { relaxed: true, wide: false, tileRows: 6 }, /does not pair/],
    ['has too few registers', { paired: 3, six: 12 }, { relaxed: true, wide: false, tileRows: 4 }, /does not pair/],
    ['multiplies wrongly', { spoil: 'exact' }, { relaxed: true, wide: false, tileRows: 6 }, /known product wrong/],
    ['rounds otherwise', { spoil: 'rounded' }, { relaxed: true, wide: false, tileRows: 6 }, /rounds a product/],
    ['gets chains wrong', { spoil: 'chain' }, { relaxed: true, wide: false, tileRows: 6 }, /chain of operations/],
  ])('that %s', (_, engine, features, reason) => {
    const found = probe(true, true, simulate(engine));
    expect(found.features).toEqual(features);
    expect(String(found.reason)).toMatch(reason);
  });

  test('is not asked whether it pairs, nor for rows without a fused multiply-add, if that is not wanted', () => {
    const none = (): never => {
      throw new Error('no kernel is needed');
    };
    const features = { relaxed: false, wide: false, tileRows: 4 };
    expect(probe(false, false, { tile: none, chain: none })).toEqual({ features, reason: undefined });
  });
});

describe('the flag of V8', () => {
  const v8 = globalThis.process?.getBuiltinModule?.('node:v8');
  const setFlags = vi.fn<(flags: string) => void>();

  beforeEach(() => {
    setFlags.mockReset();
    if (v8) vi.spyOn(v8, 'setFlagsFromString').mockImplementation(setFlags);
  });

  test('is switched on if that is asked for, and off again if the answers are wrong', () => {
    const kernels = simulate({ spoil: 'chain' });
    const { features, reason } = chooseFeatures(true, true, (relaxed, mayWiden) => probe(relaxed, mayWiden, kernels));
    expect(features.wide).toBe(false);
    expect(reason).toMatch(
      whyNotSwitchable() ? /wrong; (Node 24 and later can|only Node)/ : /chain of operations wrong$/,
    );
    expect(isWideSwitchedOn()).toBe(false);
    const flags = setFlags.mock.calls.map(([given]) => given);
    const expected = [expect.stringMatching(/^--(experimental-)?wasm-rev/), expect.stringMatching(/^--no-/)];
    expect(flags).toEqual(whyNotSwitchable() ? [] : expected);
  });

  test('is left alone otherwise', () => {
    const kernels = simulate({ paired: 3 });
    for (const wide of ['auto', false] as const) {
      const { reason } = chooseFeatures(true, wide, (relaxed, mayWiden) => probe(relaxed, mayWiden, kernels));
      expect(reason).toMatch(wide === 'auto' ? /does not pair them; (wide: true|Node 24|only Node)/ : /^wide: false$/);
    }
    expect(setFlags).not.toHaveBeenCalled();
  });
});

test('the backend says what it uses', async () => {
  for (const wide of ['auto', true, false] as const) {
    const backend = await wasm({ threads: 1, wide });
    const expected = wide ? /; (256-bit vectors|128-bit vectors \(.+\))$/ : /; 128-bit vectors \(wide: false\)$/;
    expect(backend.describe()).toMatch(expected);
    backend.close();
  }
});
