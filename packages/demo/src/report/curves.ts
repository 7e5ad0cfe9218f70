/** Training curves: loss with λ, and accuracy. */

import { scaleLinear, scaleLog } from 'd3-scale';
import { line } from 'd3-shape';
import { count, percent } from './format.ts';
import { type Markup, markup } from './markup.ts';
import { legend, type LegendEntry, methodColour } from './palette.ts';
import {
  bottomAxis,
  decadeTicks,
  figure,
  leftAxis,
  linearTicks,
  picture,
  rightAxis,
  type Scale,
  TWO_AXES,
} from './plot.ts';
import type { MethodResult } from './report.ts';
import { envelope, everyFew, movingMean, type Point } from './thin.ts';

/** A smoothed line shows the mean over this share of training. */
const SMOOTHING = 1 / 25;
const MOST_SMOOTH = 300;
const MOST_RAW = 500;

interface Series {
  readonly name: string;
  readonly colour: string;
  readonly raw: readonly Point[];
  readonly smooth: readonly Point[];
}

export function trainingCurves(methods: readonly MethodResult[]): Markup {
  const steps = scaleLinear()
    .domain([0, Math.max(1, ...methods.map(({ curve }) => curve[curve.length - 1]?.step ?? 0))])
    .range([TWO_AXES.left, TWO_AXES.right]);
  const loss = seriesOf(methods, (entry) => entry.loss);
  const accuracy = seriesOf(methods, (entry) => entry.accuracy);
  const lambdas = lambdasOf(methods);

  const panels = [{ heading: 'Loss', content: lossPanel(steps, loss, lambdas) }];
  if (accuracy.length > 0) panels.push({ heading: 'Accuracy on the batch', content: accuracyPanel(steps, accuracy) });
  const entries: LegendEntry[] = methods.map(({ name }, i) => ({ label: name, colour: methodColour(i), mark: 'line' }));
  for (const { label, colour } of lambdas) entries.push({ label, colour, mark: 'dashed' });
  return figure({
    panels,
    legend: legend(entries),
    size: 'pair',
    caption: markup`Bold lines are means over ${percent(SMOOTHING, 0)} of training, faint ones the values of single batches. ${
      lambdas.length > 0
        ? 'Dashed, on the right axis (logarithmic): λ, the weight of modified softmax in A-Softmax. Training starts near modified softmax and the margin comes in as λ falls; where the loss rises then, the task has become harder, not the network worse. '
        : ''
    }Losses of different methods measure different tasks: compare a curve with itself over time, and methods by the table.`,
  });
}

function lossPanel(steps: Scale, series: readonly Series[], lambdas: readonly LambdaSeries[]): Markup {
  const highest = Math.max(0, ...series.flatMap(({ smooth }) => smooth.map(({ y }) => y)));
  // Spikes of single batches are cut off at the top rather than pressing the means together.
  const y = scaleLinear()
    .domain([0, (highest || 1) * 1.08])
    .range([TWO_AXES.bottom, TWO_AXES.top])
    .clamp(true);
  const words = series.map(({ name, smooth }) => {
    return `${name} from ${smooth[0]!.y.toFixed(2)} to ${smooth[smooth.length - 1]!.y.toFixed(2)}`;
  });
  const alternative = `Loss during training: ${words.join(', ')}.${lambdas.map(({ label, points }) => ` ${label} falls from ${points[0]!.y} to ${Number(points[points.length - 1]!.y.toPrecision(3))}.`).join('')}`;
  return picture(
    TWO_AXES,
    alternative,
    markup`${bottomAxis(TWO_AXES, { title: 'Step', ticks: linearTicks(steps, 6, count) })}${leftAxis(TWO_AXES, { title: 'Loss', ticks: linearTicks(y, 6, String) })}${lambdaLines(steps, lambdas)}${lines(steps, y, series)}`,
  );
}

function accuracyPanel(steps: Scale, series: readonly Series[]): Markup {
  const y = scaleLinear().domain([0, 1]).range([TWO_AXES.bottom, TWO_AXES.top]);
  const words = series.map(({ name, smooth }) => `${name} ${percent(smooth[smooth.length - 1]!.y, 0)}`);
  return picture(
    TWO_AXES,
    `Accuracy on the training batches. At the end: ${words.join(', ')}.`,
    markup`${bottomAxis(TWO_AXES, { title: 'Step', ticks: linearTicks(steps, 6, count) })}${leftAxis(TWO_AXES, { title: 'Accuracy', ticks: linearTicks(y, 5, (v) => percent(v, 0)) })}${lines(steps, y, series)}`,
  );
}

function lines(x: Scale, y: Scale, series: readonly Series[]): Markup {
  const path = pathOf(x, y);
  return markup`${series.map(({ colour, raw }) => markup`<path class="line faint ${colour}" d="${path(raw)}" />`)}${series.map(
    ({ colour, smooth }) => markup`<path class="line ${colour}" d="${path(smooth)}" />`,
  )}`;
}

interface LambdaSeries {
  readonly label: string;
  readonly colour: string;
  readonly points: readonly Point[];
}

function lambdaLines(steps: Scale, lambdas: readonly LambdaSeries[]): Markup {
  if (lambdas.length === 0) return markup``;
  const values = lambdas.flatMap(({ points }) => points.map((p) => p.y));
  const low = 10 ** Math.floor(Math.log10(Math.min(...values)));
  const high = 10 ** Math.max(Math.ceil(Math.log10(Math.max(...values))), Math.log10(low) + 1);
  const y = scaleLog().domain([low, high]).range([TWO_AXES.bottom, TWO_AXES.top]);
  const path = pathOf(steps, y);
  return markup`${rightAxis(TWO_AXES, { title: 'λ', ticks: decadeTicks(y, (v) => String(Number(v.toPrecision(1)))) })}${lambdas.map(
    ({ colour, points }) => markup`<path class="line dashed ${colour}" d="${path(points)}" />`,
  )}`;
}

/** The λ of each method that has one; of one colour for all if they share a schedule. λ = 0 has no logarithm. */
function lambdasOf(methods: readonly MethodResult[]): LambdaSeries[] {
  const all = methods.flatMap(({ name, curve }, i) => {
    const points = curve.filter(({ lambda }) => lambda !== undefined && lambda > 0 && lambda < Infinity);
    if (points.length === 0) return [];
    const series = points.map(({ step, lambda }) => ({ x: step, y: lambda! }));
    return [{ label: `λ of ${name}`, colour: methodColour(i), points: everyFew(series, MOST_SMOOTH) }];
  });
  const schedules = new Set(all.map(({ points }) => JSON.stringify(points)));
  return schedules.size === 1 ? [{ label: 'λ of A-Softmax', colour: 'neutral', points: all[0]!.points }] : all;
}

type CurveEntry = MethodResult['curve'][number];

/** Values that are missing or not finite are left out, and so are methods without any. */
function seriesOf(methods: readonly MethodResult[], value: (entry: CurveEntry) => number | undefined): Series[] {
  return methods.flatMap(({ name, curve }, i) => {
    const points = curve
      .map((entry) => ({ x: entry.step, y: value(entry) ?? NaN }))
      .filter(({ y }) => Number.isFinite(y));
    if (points.length === 0) return [];
    const means = movingMean(
      points.map(({ y }) => y),
      Math.round(points.length * SMOOTHING),
    );
    const smooth = points.map(({ x }, j) => ({ x, y: means[j]! }));
    return [{ name, colour: methodColour(i), raw: envelope(points, MOST_RAW), smooth: everyFew(smooth, MOST_SMOOTH) }];
  });
}

function pathOf(x: Scale, y: Scale): (points: readonly Point[]) => string {
  const path = line<Point>(
    (p) => x(p.x),
    (p) => y(p.y),
  ).digits(1);
  return (points) => path(points) ?? '';
}
