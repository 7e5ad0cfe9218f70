import { isPlainObject, resolveLimits, show } from '@thetagrad/core/backend';
import { checkText, checkTexts } from '../checks.ts';
import { DataFileError, messageOf } from '../formats/error.ts';
import { FileBudget } from '../formats/fileBudget.ts';
import { defaultLimits, type DecodeOptions } from '../limits.ts';
import { mergeSymbols } from './merge.ts';
import { lookUpTokens, type Tokenizer } from './tokenizer.ts';

/** Options of `parseBytePair`. */
export interface BytePairOptions extends DecodeOptions {
  /** Tokens of the vocabulary that are found in a text as a whole, such as '<|endoftext|>'. Default: none; their letters are text. */
  readonly specialTokens?: readonly string[];
}

/**
 * GPT-2's byte-level byte-pair encoding (Radford et al. 2019, section 2.2), from the contents of its published files `vocab.json`, an object of
 * tokens and their numbers, and `merges.txt`, one pair a line in order of rank. Every text has an encoding; bytes that are not
 * UTF-8 decode to U+FFFD. GPT-3's, RoBERTa's, and BART's files have the same format.
 *
 * @throws {DataFileError} if a file is damaged or exceeds a limit, or they do not belong together.
 * @throws {TypeError | RangeError} if an option is unknown or wrong, or a special token is not in the vocabulary.
 */
export function parseBytePair(vocabulary: string, merges: string, options: BytePairOptions = {}): Tokenizer {
  const limits = resolveLimits('parseBytePair', options, defaultLimits, ['name', 'specialTokens']);
  checkText('parseBytePair', vocabulary, 'vocabulary');
  checkText('parseBytePair', merges, 'merges');
  const { name = 'byte-pair vocabulary', specialTokens = [] } = options;
  checkText('parseBytePair', name, 'name');
  checkTexts('parseBytePair', specialTokens, 'specialTokens');
  new FileBudget(name, limits, vocabulary.length + merges.length);
  const numbers = parseVocabulary(vocabulary, name);
  const texts: string[] = [];
  for (const [text, number] of numbers) texts[number] = text;
  const ranks = parseMerges(merges, numbers, name);
  const special = new Map(
    specialTokens.map((token) => {
      const number = numbers.get(token);
      if (number === undefined || token === '') {
        throw new RangeError(`parseBytePair: special token ${show(token)} is not in the vocabulary`);
      }
      return [token, number];
    }),
  );
  // A longer one first, where one begins with another.
  const ordered = [...special.keys()].toSorted((a, b) => b.length - a.length);
  const splitter = ordered.length > 0 ? new RegExp(`(${ordered.map(escapePattern).join('|')})`) : undefined;
  const cache = new Map<string, readonly number[]>();

  const encodeWord = (word: string): readonly number[] => {
    const known = cache.get(word);
    if (known) return known;
    const symbols = Array.from(new TextEncoder().encode(word), (byte) => numbers.get(byteLetters[byte]!)!);
    const encoded = mergeSymbols(symbols, (left, right) => ranks.get(left)?.get(right));
    if (cache.size >= maxCachedWords) cache.clear();
    if (word.length <= maxCachedLetters) cache.set(word, encoded);
    return encoded;
  };

  return {
    vocabulary: texts,
    encode: (text) => {
      checkText('encode', text);
      const tokens: number[] = [];
      for (const part of splitter ? text.split(splitter) : [text]) {
        const number = special.get(part);
        if (number !== undefined) tokens.push(number);
        else for (const [word] of part.matchAll(words)) for (const token of encodeWord(word)) tokens.push(token);
      }
      return Int32Array.from(tokens);
    },
    decode: (tokens) => {
      const bytes = lookUpTokens('decode', tokens, texts).flatMap(bytesOf);
      return new TextDecoder('utf-8', { ignoreBOM: true }).decode(Uint8Array.from(bytes));
    },
  };
}

const maxCachedWords = 2 ** 16;
const maxCachedLetters = 64;

/** GPT-2's words: contractions, letters, digits or signs, each with a space before, and white space. */
const words =
  /'(?:s|t|re|ve|m|ll|d)| ?\p{L}+| ?\p{N}+| ?[^\p{White_Space}\p{L}\p{N}]+|\p{White_Space}+(?!\P{White_Space})|\p{White_Space}+/gu;

/** A visible letter for each byte: itself where it is one in Latin-1, else the next of those from U+0100. */
const byteLetters: readonly string[] = ((): string[] => {
  let next = 0x100;
  return Array.from({ length: 256 }, (_, byte) => {
    const isVisible = (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte !== 0xad);
    return String.fromCodePoint(isVisible ? byte : next++);
  });
})();

const letterBytes: ReadonlyMap<string, number> = new Map(byteLetters.map((letter, byte) => [letter, byte]));

/** The bytes of a token; those of a special one may be letters that stand for no byte, and are its text. */
function bytesOf(text: string): number[] {
  const bytes = Array.from(text, (letter) => letterBytes.get(letter));
  return bytes.every((byte) => byte !== undefined) ? bytes : [...new TextEncoder().encode(text)];
}

const escapePattern = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|]/g, String.raw`\$&`);

function parseVocabulary(json: string, name: string): Map<string, number> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(json);
  } catch (cause) {
    throw new DataFileError(name, `the vocabulary is not JSON: ${messageOf(cause)}`, { cause });
  }
  if (!isPlainObject(parsed))
    throw new DataFileError(name, 'the vocabulary must be an object of tokens and their numbers');
  const entries = Object.entries(parsed);
  const seen = new Uint8Array(entries.length);
  const numbers = new Map<string, number>();
  for (const [text, number] of entries) {
    if (
      !Number.isInteger(number) ||
      (number as number) < 0 ||
      (number as number) >= entries.length ||
      seen[number as number]
    ) {
      const problem = `token ${show(text)} has number ${show(number)}, expected each of 0 … ${entries.length - 1} once`;
      throw new DataFileError(name, problem);
    }
    seen[number as number] = 1;
    numbers.set(text, number as number);
  }
  const missing = byteLetters.findIndex((letter) => !numbers.has(letter));
  if (missing >= 0)
    throw new DataFileError(name, `the vocabulary has no token for byte ${missing}, ${show(byteLetters[missing])}`);
  return numbers;
}

/** For each left symbol, the right ones that it merges with. */
type Ranks = ReadonlyMap<number, ReadonlyMap<number, { readonly rank: number; readonly result: number }>>;

function parseMerges(text: string, numbers: ReadonlyMap<string, number>, name: string): Ranks {
  const ranks = new Map<number, Map<number, { readonly rank: number; readonly result: number }>>();
  text.split(/\r?\n/).forEach((line, index) => {
    if (line === '' || (index === 0 && line.startsWith('#version'))) return;
    const pair = line.split(' ');
    const [left, right, result] = [pair[0], pair[1], pair.join('')].map((each) => numbers.get(each ?? ''));
    if (pair.length !== 2 || left === undefined || right === undefined || result === undefined) {
      const problem = `line ${index + 1} of the merges, ${show(line)}, is not a pair of tokens whose union is a token`;
      throw new DataFileError(name, problem);
    }
    const known = ranks.get(left) ?? new Map<number, { readonly rank: number; readonly result: number }>();
    if (!known.has(right)) known.set(right, { rank: index, result });
    ranks.set(left, known);
  });
  return ranks;
}
