/** Colors as classes of the style sheet, so that the dark theme and print can differ. */

import { type Markup, markup } from './markup.ts';

const methodColorCount = 7;
const classColorCount = 10;

/** Color of a method by its index in the report, the same in every picture. */
export function methodColor(index: number): string {
  return `m${index % methodColorCount}`;
}

/** Color of a class of images. Repeats after ten classes; pictures also label the directions. */
export function classColor(label: number): string {
  return `c${label % classColorCount}`;
}

export interface LegendEntry {
  readonly label: string;
  /** Class of the style sheet. */
  readonly color: string;
  readonly mark: 'line' | 'dashed' | 'area' | 'dot';
}

export function renderLegend(entries: readonly LegendEntry[]): Markup {
  return markup`<ul class="legend">${entries.map(
    ({ label, color, mark }) =>
      markup`<li><svg class="swatch ${color}" width="22" height="12" viewBox="0 0 22 12" aria-hidden="true">${renderSwatch(mark)}</svg>${label}</li>`,
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
