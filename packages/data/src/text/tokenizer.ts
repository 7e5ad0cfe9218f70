import { show } from '@thetagrad/core/backend';
import { checkList } from '../checks.ts';

/** Turns text into the numbers of tokens and back. */
export interface Tokenizer {
  /** Text of each token, by its number. */
  readonly vocabulary: readonly string[];
  /**
   * The tokens of a text.
   * @throws {TypeError} if `text` is not a string.
   * @throws {RangeError} if a part of it has no token.
   */
  encode(text: string): Int32Array;
  /**
   * The text of tokens.
   * @throws {TypeError} if the tokens are not an array; those of a tensor are `await tensor.data()`.
   * @throws {RangeError} if a token is not an integer from 0 to the size of the vocabulary − 1.
   */
  decode(tokens: ArrayLike<number>): string;
}

/** Looks up what each of a list of tokens stands for. */
export function lookUpTokens<T>(operation: string, tokens: ArrayLike<number>, vocabulary: readonly T[]): T[] {
  checkList(operation, tokens, 'tokens');
  return Array.from(tokens, (token, i) => {
    const found = Number.isInteger(token) ? vocabulary[token] : undefined;
    if (found === undefined) {
      throw new RangeError(
        `${operation}: token ${show(token)} at position ${i} is outside 0 … ${vocabulary.length - 1}, the vocabulary`,
      );
    }
    return found;
  });
}
