import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { zeros } from '@thetagrad/core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bytePair } from '../src/node.ts';
import { parseBytePair } from '../src/text/bytePair.ts';
import { characterTokenizer } from '../src/text/characters.ts';
import { mergeSymbols } from '../src/text/merge.ts';

/** GPT-2's letters of bytes, from its published `bytes_to_unicode`. */
const letters = ((): string[] => {
  const range = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, i) => from + i);
  const visible = [...range(33, 126), ...range(161, 172), ...range(174, 255)];
  let next = 256;
  return range(0, 255).map((byte) => String.fromCharCode(visible.includes(byte) ? byte : next++));
})();

/** Files of a vocabulary with the merges given, which become tokens 256, 257, … */
const files = (merges: readonly string[], more: readonly string[] = []): [string, string] => {
  const tokens = [...letters, ...merges.map((pair) => pair.replace(' ', '')), ...more];
  return [
    JSON.stringify(Object.fromEntries(tokens.map((text, i) => [text, i]))),
    ['#version: 0.2', ...merges, ''].join('\n'),
  ];
};
const merges = ['Ġ t', 'h e', 'Ġt he', 'i n', 'Ġ a', 'l o', 'lo w', 'e r', "' s", 'Ġ Ġ', 'Ã ©'];
const [vocabulary, mergesText] = files(merges, ['<|endoftext|>', '<|end|>']);
const tokenizer = parseBytePair(vocabulary, mergesText, { specialTokens: ['<|end|>', '<|endoftext|>'] });
const pieces = (text: string): string[] => Array.from(tokenizer.encode(text), (token) => tokenizer.vocabulary[token]!);

/** Merging as the paper's algorithm states it: the pair of lowest rank, everywhere, until there is none. */
const mergeNaively = (symbols: number[], rank: (left: number, right: number) => number | undefined): number[] => {
  for (;;) {
    const ranks = symbols.slice(1).map((right, i) => rank(symbols[i]!, right) ?? Infinity);
    const lowest = Math.min(...ranks);
    if (lowest === Infinity) return symbols;
    const [left, right] = [symbols[ranks.indexOf(lowest)], symbols[ranks.indexOf(lowest) + 1]];
    const merged: number[] = [];
    for (let i = 0; i < symbols.length; i++) {
      const isPair = symbols[i] === left && symbols[i + 1] === right;
      merged.push(isPair ? 100 + lowest : symbols[i]!);
      if (isPair) i++;
    }
    symbols = merged;
  }
};

describe('byte-pair encoding', () => {
  test.for<[string, string[]]>([
    ['the lower inn', ['t', 'he', 'Ġ', 'low', 'er', 'Ġ', 'in', 'n']],
    [' the', ['Ġthe']],
    ["it's", ['i', 't', "'s"]],
    ['a  b', ['a', 'Ġ', 'Ġ', 'b']],
    ['a   b\n', ['a', 'ĠĠ', 'Ġ', 'b', 'Ċ']],
    ['é', ['Ã©']],
    ['x1', ['x', '1']],
    ['a<|endoftext|>the', ['a', '<|endoftext|>', 't', 'he']],
    ['', []],
  ])('%j', ([text, expected]) => {
    expect(pieces(text)).toEqual(expected);
  });

  test('decodes what it encodes', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.string(), (a, b) => {
        const text = (a + ' the lower' + b).replaceAll(/<\|end.*?\|>/g, '');
        expect(tokenizer.decode(tokenizer.encode(text))).toBe(text);
      }),
    );
    expect(tokenizer.decode(tokenizer.encode('\u{feff}a'))).toBe('\u{feff}a');
    expect(tokenizer.decode([255])).toBe('\u{fffd}');
  });

  test('without special tokens, their letters are text', () => {
    const plain = parseBytePair(vocabulary, mergesText);
    expect(plain.encode('<|end|>')).not.toContain(tokenizer.encode('<|end|>')[0]);
    expect(plain.decode(plain.encode('<|end|>'))).toBe('<|end|>');
  });

  test('merges as the algorithm of the paper', () => {
    const symbol = fc.nat(3);
    fc.assert(
      fc.property(
        fc.array(symbol, { maxLength: 12 }),
        fc.uniqueArray(fc.tuple(symbol, symbol), { maxLength: 8, selector: String }),
        (symbols, pairs) => {
          const rank = (left: number, right: number): number | undefined => {
            const found = pairs.findIndex(([a, b]) => a === left && b === right);
            return found < 0 ? undefined : found;
          };
          const find = (left: number, right: number): { rank: number; result: number } | undefined => {
            const found = rank(left, right);
            return found === undefined ? undefined : { rank: found, result: 100 + found };
          };
          expect(mergeSymbols([...symbols], find)).toEqual(mergeNaively(symbols, rank));
        },
      ),
    );
  });

  test('a word of 200,000 letters', () => {
    const text = 'lower'.repeat(40_000);
    expect(tokenizer.encode(text)).toHaveLength(80_000);
  });

  test.for<[string, () => unknown, string]>([
    ['JSON', () => parseBytePair('{', ''), 'byte-pair vocabulary: the vocabulary is not JSON'],
    ['a list', () => parseBytePair('[]', ''), 'must be an object of tokens and their numbers'],
    ['a number twice', () => parseBytePair('{"a":0,"b":0}', ''), "token 'b' has number 0, expected each of 0 … 1 once"],
    ['a missing byte', () => parseBytePair('{"a":0}', ''), 'has no token for byte 0'],
    ['a merge', () => parseBytePair(vocabulary, 'h e\nq q'), "line 2 of the merges, 'q q', is not a pair of tokens"],
    [
      'a special token',
      () => parseBytePair(vocabulary, '', { specialTokens: ['no'] }),
      "special token 'no' is not in the vocabulary",
    ],
    ['a limit', () => parseBytePair(vocabulary, '', { limits: { fileBytes: 10 } }), 'above the limit of 10'],
    ['a token', () => tokenizer.decode([1, 1e6]), 'decode: token 1000000 at position 1 is outside 0 … 268'],
    ['no number', () => tokenizer.decode(['length'] as never), "decode: token 'length' at position 0 is outside"],
    [
      'a tensor',
      () => tokenizer.decode(zeros([1], { dtype: 'int32' }) as never),
      'decode: tokens must be an array or a typed array, got Tensor',
    ],
    [
      'one special token',
      () => parseBytePair(vocabulary, '', { specialTokens: '<|end|>' as never }),
      "specialTokens must be an array of strings, got '<|end|>'",
    ],
    ['a name', () => parseBytePair(vocabulary, '', { name: 1 as never }), 'parseBytePair: name must be a string'],
    ['no text', () => tokenizer.encode(3 as never), 'encode: text must be a string, got 3'],
  ])('refuses %s', ([, call, message]) => {
    expect(call).toThrow(message);
  });

  test('is read from a folder', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'bpe-'));
    await writeFile(join(folder, 'vocab.json'), vocabulary);
    await writeFile(join(folder, 'merges.txt'), mergesText);
    expect((await bytePair(folder)).encode(' the')).toEqual(Int32Array.of(258));
    await writeFile(join(folder, 'merges.txt'), Uint8Array.of(0xff));
    await expect(bytePair(folder)).rejects.toThrow('merges.txt: is not UTF-8 text');
    await rm(folder, { recursive: true });
  });
});

test('characters', () => {
  const characters = characterTokenizer('banana 😀');
  expect(characters.vocabulary).toEqual([' ', 'a', 'b', 'n', '😀']);
  expect(characters.encode('nab😀')).toEqual(Int32Array.of(3, 1, 2, 4));
  expect(characters.decode([2, 1, 3])).toBe('ban');
  expect(() => characters.encode('nax')).toThrow("encode: character 'x' at position 2 is not in the vocabulary of 5");
  expect(() => characters.decode([5])).toThrow('decode: token 5 at position 0 is outside 0 … 4, the vocabulary');
  expect(() => characterTokenizer('')).toThrow('characterTokenizer: text must have at least one character');
});
