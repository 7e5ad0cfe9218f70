/** Histograms of the angles of genuine and impostor pairs. */

import { equalErrorRate } from '@thetagrad/a-softmax';
import { median, range } from 'd3-array';
import { scaleLinear } from 'd3-scale';
import { formatDegrees, formatPercent, toDegrees } from './format.ts';
import { type Markup, markup } from './markup.ts';
import { methodColor } from './palette.ts';
import { renderBottomAxis, renderFigure, renderPicture, type Panel, type Scale, type Tick } from './plot.ts';
import type { MethodResult } from './contents.ts';

/** Width of a bin of the histograms, in degrees. */
const binWidth = 2;
/** Rows, one below the other, so that they share one axis of angles; more than this many take two columns. */
const maxRows = 3;
const rowHeight = 84;
const barHeight = 54;
const ridgePanel: Panel = { width: 420, height: 0, left: 12, right: 408, top: 6, bottom: 0 };

export function renderAngles(methods: readonly MethodResult[]): Markup {
  const maxAngle = Math.max(
    ...methods.flatMap(({ verification: v }) => [maxOf(v.genuineAngles), maxOf(v.impostorAngles)]),
  );
  const limit = Math.min(180, Math.max(30, Math.ceil(toDegrees(maxAngle) / 30) * 30));
  const histograms = methods.map(({ verification: v }) => ({
    genuine: computeDensities(v.genuineAngles, limit),
    impostor: computeDensities(v.impostorAngles, limit),
  }));
  const maxDensity = Math.max(...histograms.flatMap(({ genuine, impostor }) => [...genuine, ...impostor]));
  const x = scaleLinear().domain([0, limit]).range([ridgePanel.left, ridgePanel.right]);
  const y = scaleLinear().domain([0, maxDensity]).range([0, -barHeight]);
  const columns = methods.length > maxRows ? 2 : 1;
  const perColumn = Math.ceil(methods.length / columns);

  return renderFigure({
    panels: Array.from({ length: columns }, (_, column) => {
      const indices = range(column * perColumn, Math.min(methods.length, (column + 1) * perColumn));
      const bottom = ridgePanel.top + rowHeight * indices.length;
      const rows = indices.map((i, row) => {
        const base = ridgePanel.top + rowHeight * (row + 1);
        return renderRow(methods[i]!, { color: methodColor(i), base, ...histograms[i]! }, x, y);
      });
      return {
        content: renderPicture(
          { ...ridgePanel, height: bottom + 44 },
          `Histograms of angles. ${indices.map((i) => describeRow(methods[i]!)).join(' ')}`,
          markup`${renderBottomAxis({ ...ridgePanel, bottom }, { title: 'Angle', ticks: createAngleTicks(x) })}${rows}`,
        ),
      };
    }),
    size: columns === 1 ? 'single' : 'pair',
    caption: markup`Angles between the features of two images of the same unseen class (genuine pairs, in color) and of different unseen classes (impostor pairs, gray), each histogram of the same area. Less overlap is better. The dashed line is the threshold at the equal error rate: genuine pairs to its right are rejected, impostor pairs to its left accepted.`,
  });
}

function describeRow({ name, verification: v }: MethodResult): string {
  const { rate, threshold } = equalErrorRate(v.roc);
  return `${name}: genuine pairs have a median of ${formatDegrees(median(v.genuineAngles)!)}, impostor pairs of ${formatDegrees(median(v.impostorAngles)!)}; EER ${formatPercent(rate, 1)} at ${formatDegrees(toAngle(threshold))}.`;
}

interface RidgeRow {
  readonly color: string;
  /** Position of the axis of the row. */
  readonly base: number;
  readonly genuine: readonly number[];
  readonly impostor: readonly number[];
}

/** Renders the row of a method: its name on the left, where angles are rare, and its error rate on the right. */
function renderRow({ name, verification }: MethodResult, row: RidgeRow, x: Scale, y: Scale): Markup {
  const { color, base, genuine, impostor } = row;
  const { rate, threshold } = equalErrorRate(verification.roc);
  const angle = toAngle(threshold);
  const at = x(toDegrees(angle));
  const { left, right } = ridgePanel;
  return markup`<g class="ridge" transform="translate(0,${base})"><path class="area neutral" d="${tracePath(impostor, x, y)}" /><path class="area ${color}" d="${tracePath(genuine, x, y)}" /><path class="rule" d="M${left},0H${right}" /><path class="threshold" d="M${at},${-barHeight}V0" /><text class="label" x="${left}" y="${-barHeight - 10}">${name}</text><text class="label" x="${right}" y="${-barHeight - 10}" text-anchor="end">EER ${formatPercent(rate, 1)} at ${formatDegrees(angle)}</text></g>`;
}

function toAngle(cosine: number): number {
  return Math.acos(Math.min(1, Math.max(-1, cosine)));
}

function createAngleTicks(x: Scale): Tick[] {
  const limit = x.domain()[1]!;
  return range(0, limit + 1, limit > 60 ? 30 : 10).map((angle) => ({ at: x(angle), label: `${angle}°` }));
}

/** Share of angles in each bin, per degree. Counts in a loop, because there may be millions of pairs. */
function computeDensities(angles: Float32Array, limit: number): number[] {
  const counts = new Array<number>(limit / binWidth).fill(0);
  for (const angle of angles) counts[Math.min(counts.length - 1, Math.floor(toDegrees(angle) / binWidth))]!++;
  return counts.map((n) => n / (binWidth * angles.length));
}

function tracePath(bins: readonly number[], x: Scale, y: Scale): string {
  const tops = bins.map((density, i) => `V${y(density).toFixed(1)}H${x((i + 1) * binWidth).toFixed(1)}`);
  return `M${x(0)},${y(0)}${tops.join('')}V${y(0)}Z`;
}

/** Maximum of millions of values, which would overflow the stack as arguments of Math.max. */
function maxOf(angles: Float32Array): number {
  let max = 0;
  for (const angle of angles) if (angle > max) max = angle;
  return max;
}
