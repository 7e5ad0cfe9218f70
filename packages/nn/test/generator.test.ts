import { ones, random, tensor } from '@thetagrad/core';
import { defaultGenerator, Dropout, Generator, Linear, manualSeed } from '@thetagrad/nn';
import { describe, expect, test } from 'vitest';

const words = (generator: Generator, count: number): string[] =>
  Array.from({ length: count }, () => generator.next().words.join());

describe('Generator', () => {
  test('returns keys that depend on the seed and the count alone', () => {
    const keys = words(new Generator(5), 4);
    expect(words(new Generator(5), 4)).toEqual(keys);
    expect(words(new Generator(random.key(5)), 4)).toEqual(keys);
    expect(new Set([...keys, ...words(new Generator(6), 4)]).size).toBe(8);
    const generator = new Generator(6);
    generator.next();
    generator.manualSeed(5);
    expect(words(generator, 4)).toEqual(keys);
  });

  test('continues from its state', () => {
    const generator = new Generator(5);
    words(generator, 3);
    const state = generator.stateDict();
    const next = words(generator, 2);
    const other = new Generator(99);
    other.loadStateDict(state);
    expect(words(other, 2)).toEqual(next);
  });

  test.for([
    [{ count: tensor(1, { dtype: 'float64' }) }, 'missing: key'],
    [{ ...new Generator().stateDict(), count: tensor(1) }, 'mismatched: count'],
    [
      { ...new Generator().stateDict(), count: tensor(-1, { dtype: 'float64' }) },
      'count must be an integer from 0 to 9007199254740991, got -1',
    ],
    [{ ...new Generator().stateDict(), count: tensor(0.5, { dtype: 'float64' }) }, 'got 0.5'],
  ] as const)('rejects a state that does not fit: %#', ([state, message]) => {
    const generator = new Generator(5);
    expect(() => generator.loadStateDict(state)).toThrow(message);
    expect(words(generator, 1)).toEqual(words(new Generator(5), 1));
  });
});

test('manualSeed makes the default generator repeat itself', () => {
  const build = (): unknown => new Linear(3, 3).weight.value.toArraySync();
  manualSeed(1);
  const first = build();
  expect(build()).not.toEqual(first);
  manualSeed(1);
  expect(build()).toEqual(first);
  manualSeed(2);
  expect(build()).not.toEqual(first);
  expect(new Dropout().generator).toBe(defaultGenerator);
});

test('a layer takes a key or a generator, not both', () => {
  const key = random.key(3);
  const before = defaultGenerator.stateDict().count.itemSync();
  const [first, second] = [new Linear(2, 2, { key }), new Linear(2, 2, { generator: new Generator(3) })];
  expect(first.weight.value.toArraySync()).toEqual(second.weight.value.toArraySync());
  const drop = (): unknown => new Dropout(0.5, { key }).forward(ones([50])).toArraySync();
  expect(drop()).toEqual(drop());
  expect(defaultGenerator.stateDict().count.itemSync()).toBe(before);
  expect(() => new Dropout(0.5, { key, generator: new Generator() })).toThrow(
    'Dropout: give a key or a generator, not both',
  );
});
