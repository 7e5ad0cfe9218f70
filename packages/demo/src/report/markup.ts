/** HTML and SVG from template strings that escape every value. */

/** Escaped markup. Only {@link markup} and {@link trusted} create it. */
export class Markup {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

export type MarkupValue = Markup | string | number | readonly MarkupValue[];

/**
 * Template tag for markup: escapes strings (for elements and for attributes in double quotes), rounds numbers to
 * hundredths, joins lists, and inserts markup as it is.
 *
 * @throws {RangeError} if a number is not finite, because a browser would silently drop the whole shape.
 */
export function markup(strings: TemplateStringsArray, ...values: readonly MarkupValue[]): Markup {
  return new Markup(strings.map((text, i) => (i === 0 ? text : toText(values[i - 1]!) + text)).join(''));
}

/** Keeps words with hyphens on one line. */
export function keepWords(text: string): Markup {
  const words = text.split(' ');
  return markup`${words.map((word, i) => markup`${i > 0 ? ' ' : ''}${word.includes('-') ? markup`<span class="word">${word}</span>` : word}`)}`;
}

/** Wraps text as markup without escaping, for the style sheet and the script of this package. */
export function trusted(text: string): Markup {
  return new Markup(text);
}

function toText(value: MarkupValue): string {
  if (value instanceof Markup) return value.text;
  if (typeof value === 'string') return escapeText(value);
  if (typeof value !== 'number') return value.map(toText).join('');
  if (!Number.isFinite(value)) throw new RangeError(`markup: a number must be finite, got ${value}`);
  return String(Math.round(value * 100) / 100);
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Replaces control characters, which a document may not contain even escaped, by U+FFFD. */
function escapeText(text: string): string {
  return text
    .replace(/[&<>"']/g, (character) => entities[character]!)
    .replace(/[^\t\n\r\u0020-\u007E\u00A0-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu, '\uFFFD');
}
