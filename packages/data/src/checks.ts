import { argumentError, typedArrayType } from '@thetagrad/core/backend';

/** @throws {TypeError} if an argument is not a string. */
export function checkText(operation: string, text: unknown, name = 'text'): asserts text is string {
  if (typeof text !== 'string') throw argumentError(operation, name, 'a string', text, false);
}

/** Whether a value is an array of strings. */
export function areTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((each) => typeof each === 'string');
}

/** @throws {TypeError} if an argument is not an array of strings. */
export function checkTexts(operation: string, texts: unknown, name: string): asserts texts is readonly string[] {
  if (!areTexts(texts)) throw argumentError(operation, name, 'an array of strings', texts, false);
}

/** @throws {TypeError} if an argument is neither an array nor a typed array, such as a tensor. */
export function checkList(operation: string, list: unknown, name: string): void {
  if (Array.isArray(list) || typedArrayType(list) !== undefined) return;
  throw argumentError(operation, name, 'an array or a typed array', list, false);
}
