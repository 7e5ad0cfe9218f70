// Each example in a short form: the loss falls, or the law that it shows holds.
import { setBackend } from '@thetagrad/core';
import { beforeAll, expect, test, vi } from 'vitest';
import { parseCommand, type Name } from '../../examples/command.ts';
import { examples } from '../../examples/examples.ts';
import { sharedWasm } from '../support/sharedWasm.ts';

type Examples = typeof examples;
type Results<Of extends Name> = Awaited<ReturnType<Awaited<ReturnType<Examples[Of]['load']>>['main']>>;

interface Short<R> {
  readonly steps: number;
  readonly check: (results: R) => void;
}

/** Expects the mean of the last quarter of losses to be below a part of the mean of the first. */
function expectFall(losses: readonly number[], part: number): void {
  const quarter = Math.ceil(losses.length / 4);
  const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
  expect(sum(losses.slice(-quarter))).toBeLessThan(part * sum(losses.slice(0, quarter)));
}

const shorts: { readonly [Of in Name]: Short<Results<Of>> } = {
  mnist: { steps: 16, check: ({ losses }) => expectFall(losses, 0.8) },
  dpSgd: {
    steps: 12,
    check: ({ losses, difference, epsilon }) => {
      expectFall(losses, 0.95);
      expect(difference).toBeLessThan(1e-6);
      expect(epsilon).toBeGreaterThan(0.5);
    },
  },
  maml: { steps: 200, check: ({ losses }) => expectFall(losses, 1) },
  neuralOde: { steps: 60, check: ({ losses }) => expectFall(losses, 0.8) },
  deepEquilibrium: {
    steps: 80,
    check: ({ losses, difference }) => {
      expectFall(losses, 0.95);
      expect(difference).toBeLessThan(1e-3);
    },
  },
  burgers: { steps: 20, check: ({ losses }) => expectFall(losses, 0.8) },
  vae: { steps: 20, check: ({ losses }) => expectFall(losses, 0.8) },
  cartPole: { steps: 20, check: ({ lengths }) => expectFall(lengths.toReversed(), 0.9) },
  resnet: { steps: 8, check: ({ residual }) => expectFall(residual.losses, 0.98) },
  transformer: { steps: 8, check: ({ losses }) => expectFall(losses, 0.95) },
  lstm: { steps: 40, check: ({ losses }) => expectFall(losses, 0.9) },
  lora: {
    steps: 40,
    check: ({ losses, difference }) => {
      expectFall(losses, 0.95);
      expect(difference).toBeLessThan(1e-4);
    },
  },
  faces: { steps: 24, check: ({ losses }) => expectFall(losses, 0.9) },
  dcgan: { steps: 16, check: ({ before, after }) => expect(after).toBeLessThan(before) },
};

beforeAll(() => setBackend(sharedWasm));

test.for(Object.keys(shorts) as Name[])('%s', { timeout: 120_000 }, async (name) => {
  vi.spyOn(console, 'log').mockImplementation(() => {});
  const { steps, check } = shorts[name] as Short<unknown>;
  const { main } = await examples[name].load();
  check(await main({ steps }));
});

test.each([
  [['mnist', 'maml'], 'give the name of one example, got 2'],
  [['toString'], "there is no example 'toString'"],
  [['mnist', '--steps', '1.5'], "--steps must be an integer ≥ 1, got '1.5'"],
  [['maml', '--data', 'folder'], "maml reads no data, got --data 'folder'"],
  [['mnist', '--step', '1'], "Unknown option '--step'"],
])('the command line %j is an error', (args, message) => {
  expect(() => parseCommand(args)).toThrow(message);
});

test('the command line has a name and options', () => {
  expect(parseCommand(['mnist', '--steps', '20', '--data', 'folder'])).toEqual({
    name: 'mnist',
    options: { steps: 20, data: 'folder' },
  });
  expect(parseCommand([])).toBeUndefined();
  expect(parseCommand(['--help'])).toBeUndefined();
});
