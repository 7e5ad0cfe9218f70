/** Histograms of the angles of genuine and impostor pairs. */

import { equalErrorRate } from '@thetagrad/a-softmax';
import { median, range } from 'd3-array';
import { scaleLinear } from 'd3-scale';
import { formatDegrees, formatPercent, toDegrees } from './format.ts';
import { type Markup, markup } from './markup.ts';
import { methodColor } from './palette.ts';
import {
  renderBottomAxis,
  renderFigure,
  renderLeftAxis,
  linearTicks,
  smallPanel,
  renderPicture,
  type Scale,
  type Tick,
} from './plot.ts';
import type { MethodResult } from './contents.ts';

/** Width of a bin of the histograms, in degrees. */
const binWidth = 2;

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
  const x = scaleLinear().domain([0, limit]).range([smallPanel.left, smallPanel.right]);
  const y = scaleLinear()
    .domain([0, maxDensity * 1.05])
    .range([smallPanel.bottom, smallPanel.top]);

  return renderFigure({
    panels: methods.map((method, i) => ({
      heading: method.name,
      content: renderPanel(method, methodColor(i), histograms[i]!, x, y),
    })),
    size: 'small',
    caption: markup`Angles between the features of two images of the same unseen class (genuine pairs, in color) and of different unseen classes (impostor pairs, gray), each histogram of area 1. Less overlap is better. The vertical line is the threshold at the equal error rate: genuine pairs to its right are rejected, impostor pairs to its left accepted. All panels have the same axes.`,
  });
}

function renderPanel(
  { name, verification }: MethodResult,
  color: string,
  { genuine, impostor }: { readonly genuine: readonly number[]; readonly impostor: readonly number[] },
  x: Scale,
  y: Scale,
): Markup {
  const { rate, threshold } = equalErrorRate(verification.roc);
  const angle = Math.acos(Math.min(1, Math.max(-1, threshold)));
  const at = x(toDegrees(angle));
  const text = `EER ${formatPercent(rate)} at ${formatDegrees(angle)}`;
  const alternative = `Histogram of angles of ${name}: genuine pairs have a median of ${formatDegrees(median(verification.genuineAngles)!)}, impostor pairs of ${formatDegrees(median(verification.impostorAngles)!)}. ${text}.`;
  // Places the label on the side with more room.
  const side = at > (smallPanel.left + smallPanel.right) / 2 ? -1 : 1;
  return renderPicture(
    smallPanel,
    alternative,
    markup`${renderBottomAxis(smallPanel, { title: 'Angle', ticks: createAngleTicks(x) })}${renderLeftAxis(smallPanel, { title: 'Density per degree', ticks: linearTicks(y, 4, String) })}<path class="area neutral" d="${tracePath(impostor, x, y)}" /><path class="area ${color}" d="${tracePath(genuine, x, y)}" /><path class="threshold" d="M${at},${smallPanel.top}V${smallPanel.bottom}" /><text class="label" x="${at + 6 * side}" y="${smallPanel.top + 14}" text-anchor="${side < 0 ? 'end' : 'start'}">${text}</text>`,
  );
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
