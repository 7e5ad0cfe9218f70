import { show } from '@thetagrad/core/backend';
import { checkText } from '../checks.ts';
import { lookUpTokens, type Tokenizer } from './tokenizer.ts';

/**
 * A tokenizer with one token for each character (Unicode code point) of a text, in the order of their code points.
 *
 *     const tokenizer = characterTokenizer('banana');
 *     tokenizer.vocabulary; // ['a', 'b', 'n']
 *     tokenizer.encode('nab'); // Int32Array [2, 0, 1]
 *
 * @throws {TypeError} if `text` is not a string.
 * @throws {RangeError} if it is empty.
 */
export function characterTokenizer(text: string): Tokenizer {
  checkText('characterTokenizer', text);
  const vocabulary = [...new Set(text)].toSorted((a, b) => a.codePointAt(0)! - b.codePointAt(0)!);
  if (vocabulary.length === 0) throw new RangeError('characterTokenizer: text must have at least one character');
  const tokens = new Map(vocabulary.map((character, token) => [character, token]));
  return {
    vocabulary,
    encode: (text) => {
      checkText('encode', text);
      return Int32Array.from(Array.from(text), (character, i) => {
        const token = tokens.get(character);
        if (token === undefined) {
          throw new RangeError(
            `encode: character ${show(character)} at position ${i} is not in the vocabulary of ${vocabulary.length}`,
          );
        }
        return token;
      });
    },
    decode: (tokens) => lookUpTokens('decode', tokens, vocabulary).join(''),
  };
}
