/** HTML and SVG by template strings in which every value is escaped. */

/** Text that is markup already. Only {@link markup} and {@link trusted} make it, so that nothing gets in unescaped. */
export class Markup {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

export type MarkupValue = Markup | string | number | readonly MarkupValue[];

/**
 * A template tag: strings are escaped (for elements and for attributes in double quotes), numbers are lengths in pixels
 * and rounded to hundredths, lists are joined, markup is taken as it is.
 *
 * @throws RangeError if a number is not finite, because a browser would drop the whole shape without a word
 */
export function markup(strings: TemplateStringsArray, ...values: readonly MarkupValue[]): Markup {
  return new Markup(strings.map((text, i) => (i === 0 ? text : toText(values[i - 1]!) + text)).join(''));
}

/** Takes text as markup without escaping; for the style sheet and the script that are part of this package. */
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

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Control characters are not allowed in a document even if escaped, and become the replacement character. */
function escapeText(text: string): string {
  return text
    .replace(/[&<>"']/g, (character) => ENTITIES[character]!)
    .replace(/[^\t\n\r\u0020-\u007E\u00A0-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu, '\uFFFD');
}
