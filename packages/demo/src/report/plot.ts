/** Parts of all charts: panels with axes, and figures with captions. */

import type { ScaleContinuousNumeric } from 'd3-scale';
import { type Markup, markup } from './markup.ts';

export type Scale = ScaleContinuousNumeric<number, number>;

/** Size of an SVG and the plot area within it, in pixels from the top left. */
export interface Panel {
  readonly width: number;
  readonly height: number;
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

/** Panel for two in a row, small enough to stay readable when a phone scales it down. */
export const largePanel: Panel = { width: 460, height: 310, left: 52, right: 446, top: 12, bottom: 262 };
/** {@link largePanel} with room for an axis on the right. */
export const twoAxisPanel: Panel = { ...largePanel, right: 404 };

export interface Tick {
  readonly at: number;
  readonly label: string;
}

export interface AxisOptions {
  readonly title: string;
  readonly ticks: readonly Tick[];
}

/** About `target` ticks at round values. */
export function linearTicks(scale: Scale, target: number, format: (value: number) => string): Tick[] {
  return scale.ticks(target).map((value) => ({ at: scale(value), label: useMinus(format(value)) }));
}

/** One tick per power of ten, for a logarithmic scale whose domain ends at powers of ten. */
export function decadeTicks(scale: Scale, format: (value: number) => string): Tick[] {
  const [low, high] = scale.domain().map((value) => Math.round(Math.log10(value)));
  const ticks: Tick[] = [];
  for (let e = low!; e <= high!; e++) ticks.push({ at: scale(10 ** e), label: useMinus(format(10 ** e)) });
  return ticks;
}

/** Replaces hyphens of numbers by minus signs. */
function useMinus(text: string): string {
  return text.replaceAll('-', '−');
}

export function renderBottomAxis({ left, right, top, bottom }: Panel, { title, ticks }: AxisOptions): Markup {
  return markup`<g class="axis">${ticks.map(
    ({ at, label }) =>
      markup`<path class="grid" d="M${at},${top}V${bottom}" /><text x="${at}" y="${bottom + 18}" text-anchor="middle">${label}</text>`,
  )}<path class="rule" d="M${left},${bottom}H${right}" /><text class="name" x="${(left + right) / 2}" y="${bottom + 38}" text-anchor="middle">${title}</text></g>`;
}

export function renderLeftAxis({ left, right, top, bottom }: Panel, { title, ticks }: AxisOptions): Markup {
  return markup`<g class="axis">${ticks.map(
    ({ at, label }) =>
      markup`<path class="grid" d="M${left},${at}H${right}" /><text x="${left - 6}" y="${at + 4}" text-anchor="end">${label}</text>`,
  )}<text class="name" transform="translate(13,${(top + bottom) / 2})rotate(-90)" text-anchor="middle">${title}</text></g>`;
}

/** Renders a right axis, without grid lines, which would mix with those of the left axis. */
export function renderRightAxis({ width, right, top, bottom }: Panel, { title, ticks }: AxisOptions): Markup {
  return markup`<g class="axis">${ticks.map(
    ({ at, label }) =>
      markup`<path class="rule" d="M${right},${at}h4" /><text x="${right + 7}" y="${at + 4}">${label}</text>`,
  )}<path class="rule" d="M${right},${top}V${bottom}" /><text class="name" transform="translate(${width - 6},${(top + bottom) / 2})rotate(-90)" text-anchor="middle">${title}</text></g>`;
}

/**
 * Renders an SVG.
 *
 * @param alternative Description for readers who cannot see it.
 */
export function renderPicture(
  { width, height }: Pick<Panel, 'width' | 'height'>,
  alternative: string,
  content: Markup,
): Markup {
  return markup`<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${alternative}">${content}</svg>`;
}

export interface FigureOptions {
  /** Panels, side by side if there is room, with optional headings. */
  readonly panels: readonly { readonly heading?: string; readonly content: Markup }[];
  /** Explanation of the pictures. */
  readonly caption: Markup;
  readonly legend?: Markup;
  /** Class of the style sheet: two panels in a row, or one with the caption next to it. Default: three in a row. */
  readonly size?: 'pair' | 'single';
}

export function renderFigure({ panels, caption, legend, size }: FigureOptions): Markup {
  return markup`<figure class="${size ?? ''}">${legend ?? ''}<div class="panels ${chooseColumns(panels.length)}">${panels.map(
    ({ heading, content }) =>
      markup`<div class="panel">${heading === undefined ? '' : markup`<h3>${heading}</h3>`}${content}</div>`,
  )}</div><figcaption>${caption}</figcaption></figure>
`;
}

/** Class for at most three columns on a wide screen, with no panel alone in the last row where that can be had. */
function chooseColumns(count: number): string {
  return count === 4 ? 'of2' : `of${Math.min(3, count)}`;
}

/** Path of dots, as subpaths of length 0 with round caps: a tenth of the text of circle elements. */
export function traceDots(points: Iterable<{ readonly x: number; readonly y: number }>): string {
  let path = '';
  for (const { x, y } of points) path += `M${x.toFixed(1)},${y.toFixed(1)}h0`;
  return path;
}
