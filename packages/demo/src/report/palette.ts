/** Colours as classes of the style sheet, so that the dark theme and print can differ. */

import { type Markup, markup } from './markup.ts';

const methodColourCount = 7;
const classColourCount = 10;

/** Colour of a method by its index in the report, the same in every picture. */
export function methodColour(index: number): string {
  return `m${index % methodColourCount}`;
}

/** Colour of a class of images. Repeats after ten classes; pictures also label the directions. */
export function classColour(label: number): string {
  return `c${label % classColourCount}`;
}

export interface LegendEntry {
  readonly label: string;
  /** Class of the style sheet. */
  readonly colour: string;
  readonly mark: 'line' | 'dashed' | 'area' | 'dot';
}

export function renderLegend(entries: readonly LegendEntry[]): Markup {
  return markup`<ul class="legend">${entries.map(
    ({ label, colour, mark }) =>
      markup`<li><svg class="swatch ${colour}" width="22" height="12" viewBox="0 0 22 12" aria-hidden="true">${renderSwatch(mark)}</svg>${label}</li>`,
  )}</ul>`;
}

function renderSwatch(mark: LegendEntry['mark']): Markup {
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
