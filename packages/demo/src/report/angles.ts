/** Histograms of the angles of genuine and impostor pairs. */

import { equalErrorRate } from '@thetagrad/a-softmax';
import { median, range } from 'd3-array';
import { scaleLinear } from 'd3-scale';
import { degrees, percent, toDegrees } from './format.ts';
import { type Markup, markup } from './markup.ts';
import { methodColour } from './palette.ts';
import { bottomAxis, figure, leftAxis, linearTicks, SMALL_PANEL, picture, type Scale, type Tick } from './plot.ts';
import type { MethodResult } from './report.ts';

/** Degrees. */
const BIN = 2;

export function angleHistograms(methods: readonly MethodResult[]): Markup {
  const widest = Math.max(
    ...methods.flatMap(({ verification: v }) => [largest(v.genuineAngles), largest(v.impostorAngles)]),
  );
  const reach = Math.min(180, Math.max(30, Math.ceil(toDegrees(widest) / 30) * 30));
  const histograms = methods.map(({ verification: v }) => ({
    genuine: densities(v.genuineAngles, reach),
    impostor: densities(v.impostorAngles, reach),
  }));
  const tallest = Math.max(...histograms.flatMap(({ genuine, impostor }) => [...genuine, ...impostor]));
  const x = scaleLinear().domain([0, reach]).range([SMALL_PANEL.left, SMALL_PANEL.right]);
  const y = scaleLinear()
    .domain([0, tallest * 1.05])
    .range([SMALL_PANEL.bottom, SMALL_PANEL.top]);

  return figure({
    panels: methods.map((method, i) => ({
      heading: method.name,
      content: panel(method, methodColour(i), histograms[i]!, x, y),
    })),
    size: 'small',
    caption: markup`Angles between the features of two images of one unseen class (genuine pairs, in colour) and of two (impostor pairs, grey), each histogram of area 1. The less the two overlap, the better. The vertical line is the threshold at the equal error rate: genuine pairs to its right are rejected, impostor pairs to its left accepted. All panels have the same axes.`,
  });
}

function panel(
  { name, verification }: MethodResult,
  colour: string,
  { genuine, impostor }: { readonly genuine: readonly number[]; readonly impostor: readonly number[] },
  x: Scale,
  y: Scale,
): Markup {
  const { rate, threshold } = equalErrorRate(verification.roc);
  const angle = Math.acos(Math.min(1, Math.max(-1, threshold)));
  const at = x(toDegrees(angle));
  const text = `EER ${percent(rate)} at ${degrees(angle)}`;
  const alternative = `Histogram of angles of ${name}: genuine pairs have a median of ${degrees(median(verification.genuineAngles)!)}, impostor pairs of ${degrees(median(verification.impostorAngles)!)}. ${text}.`;
  // The label goes to the side with more room.
  const side = at > (SMALL_PANEL.left + SMALL_PANEL.right) / 2 ? -1 : 1;
  return picture(
    SMALL_PANEL,
    alternative,
    markup`${bottomAxis(SMALL_PANEL, { title: 'Angle', ticks: angleTicks(x) })}${leftAxis(SMALL_PANEL, { title: 'Density per degree', ticks: linearTicks(y, 4, String) })}<path class="area neutral" d="${outline(impostor, x, y)}" /><path class="area ${colour}" d="${outline(genuine, x, y)}" /><path class="threshold" d="M${at},${SMALL_PANEL.top}V${SMALL_PANEL.bottom}" /><text class="label" x="${at + 6 * side}" y="${SMALL_PANEL.top + 14}" text-anchor="${side < 0 ? 'end' : 'start'}">${text}</text>`,
  );
}

function angleTicks(x: Scale): Tick[] {
  const reach = x.domain()[1]!;
  return range(0, reach + 1, reach > 60 ? 30 : 10).map((angle) => ({ at: x(angle), label: `${angle}°` }));
}

/** The share of angles in each bin, per degree. A loop with counts, because there may be millions of pairs. */
function densities(angles: Float32Array, reach: number): number[] {
  const counts = new Array<number>(reach / BIN).fill(0);
  for (const angle of angles) counts[Math.min(counts.length - 1, Math.floor(toDegrees(angle) / BIN))]!++;
  return counts.map((n) => n / (BIN * angles.length));
}

function outline(bins: readonly number[], x: Scale, y: Scale): string {
  const tops = bins.map((density, i) => `V${y(density).toFixed(1)}H${x((i + 1) * BIN).toFixed(1)}`);
  return `M${x(0)},${y(0)}${tops.join('')}V${y(0)}Z`;
}

function largest(angles: Float32Array): number {
  // A loop, because spreading millions of values overflows the stack.
  let most = 0;
  for (const angle of angles) if (angle > most) most = angle;
  return most;
}
