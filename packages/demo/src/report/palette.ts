/** Names of the style sheet's colours. They are classes, not values, so that the dark theme and print can differ. */

import { type Markup, markup } from './markup.ts';

const METHOD_COLOURS = 7;
const CLASS_COLOURS = 10;

/** The colour of the method at this place in the report: the same in every picture. */
export function methodColour(index: number): string {
  return `m${index % METHOD_COLOURS}`;
}

/** The colour of a class of images. With more than ten classes they repeat; the pictures label directions as well. */
export function classColour(label: number): string {
  return `c${label % CLASS_COLOURS}`;
}

export interface LegendEntry {
  readonly label: string;
  /** Class of the colour. */
  readonly colour: string;
  readonly mark: 'line' | 'dashed' | 'area' | 'dot';
}

export function legend(entries: readonly LegendEntry[]): Markup {
  return markup`<ul class="legend">${entries.map(
    ({ label, colour, mark }) =>
      markup`<li><svg class="swatch ${colour}" width="22" height="12" viewBox="0 0 22 12" aria-hidden="true">${swatch(mark)}</svg>${label}</li>`,
  )}</ul>`;
}

function swatch(mark: LegendEntry['mark']): Markup {
  switch (mark) {
    case 'line':
      return markup`<path class="line" d="M1,6H21" />`;
    case 'dashed':
      return markup`<path class="line dashed" d="M1,6H21" />`;
    case 'area':
      return markup`<path class="area" d="M2,1H20V11H2Z" />`;
    case 'dot':
      return markup`<path class="dots" d="M11,6h0" />`;
  }
}
