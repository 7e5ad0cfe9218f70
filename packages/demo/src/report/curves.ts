/** Training curves: loss with λ, and accuracy. */

import { scaleLinear, scaleLog } from 'd3-scale';
import { line } from 'd3-shape';
import { formatCount, formatPercent } from './format.ts';
import { type Markup, markup } from './markup.ts';
import { renderLegend, type LegendEntry, methodColor } from './palette.ts';
import {
  renderBottomAxis,
  decadeTicks,
  renderFigure,
  renderLeftAxis,
  linearTicks,
  renderPicture,
  renderRightAxis,
  type Scale,
  twoAxisPanel,
} from './plot.ts';
import type { MethodResult } from './contents.ts';
import { computeMovingMean, downsample, downsampleRange, type Point } from './downsample.ts';

/** Window of the moving mean, as a share of training. */
const smoothing = 1 / 25;
const maxSmoothPoints = 300;
const maxRawPoints = 500;

interface Series {
  readonly name: string;
  readonly color: string;
  readonly raw: readonly Point[];
  readonly smooth: readonly Point[];
}

export function renderCurves(methods: readonly MethodResult[]): Markup {
  const steps = scaleLinear()
    .domain([0, Math.max(1, ...methods.map(({ curve }) => curve[curve.length - 1]?.step ?? 0))])
    .range([twoAxisPanel.left, twoAxisPanel.right]);
  const loss = extractSeries(methods, (entry) => entry.loss);
  const accuracy = extractSeries(methods, (entry) => entry.accuracy);
  const lambdas = extractLambdas(methods);

  const panels = [{ heading: 'Loss', content: renderLoss(steps, loss, lambdas) }];
  if (accuracy.length > 0) panels.push({ heading: 'Accuracy on the batch', content: renderAccuracy(steps, accuracy) });
  const entries: LegendEntry[] = methods.map(({ name }, i) => ({ label: name, color: methodColor(i), mark: 'line' }));
  for (const { label, color } of lambdas) entries.push({ label, color, mark: 'dashed' });
  return renderFigure({
    panels,
    legend: renderLegend(entries),
    size: 'pair',
    caption: markup`Bold lines are moving means over ${formatPercent(smoothing, 0)} of training, faint lines the values of single batches. ${
      lambdas.length > 0
        ? 'Dashed, on the right axis (logarithmic): λ, the weight of modified softmax in A-Softmax. Training starts near modified softmax, and the margin takes effect as λ falls; a loss that rises then shows a harder task, not a worse network. '
        : ''
    }Losses of different methods are not comparable: compare a curve with itself over time, and methods by the table.`,
  });
}

function renderLoss(steps: Scale, series: readonly Series[], lambdas: readonly LambdaSeries[]): Markup {
  const maxLoss = Math.max(0, ...series.flatMap(({ smooth }) => smooth.map(({ y }) => y)));
  // Clips the spikes of single batches, which would compress the means.
  const y = scaleLinear()
    .domain([0, (maxLoss || 1) * 1.08])
    .range([twoAxisPanel.bottom, twoAxisPanel.top])
    .clamp(true);
  const words = series.map(({ name, smooth }) => {
    return `${name} from ${smooth[0]!.y.toFixed(2)} to ${smooth[smooth.length - 1]!.y.toFixed(2)}`;
  });
  const alternative = `Loss during training: ${words.join(', ')}.${lambdas.map(({ label, points }) => ` ${label} falls from ${points[0]!.y} to ${Number(points[points.length - 1]!.y.toPrecision(3))}.`).join('')}`;
  return renderPicture(
    twoAxisPanel,
    alternative,
    markup`${renderBottomAxis(twoAxisPanel, { title: 'Step', ticks: linearTicks(steps, 6, formatCount) })}${renderLeftAxis(twoAxisPanel, { title: 'Loss', ticks: linearTicks(y, 6, String) })}${renderLambdas(steps, lambdas)}${renderLines(steps, y, series)}`,
  );
}

function renderAccuracy(steps: Scale, series: readonly Series[]): Markup {
  const y = scaleLinear().domain([0, 1]).range([twoAxisPanel.bottom, twoAxisPanel.top]);
  const words = series.map(({ name, smooth }) => `${name} ${formatPercent(smooth[smooth.length - 1]!.y, 0)}`);
  return renderPicture(
    twoAxisPanel,
    `Accuracy on the training batches. At the end: ${words.join(', ')}.`,
    markup`${renderBottomAxis(twoAxisPanel, { title: 'Step', ticks: linearTicks(steps, 6, formatCount) })}${renderLeftAxis(twoAxisPanel, { title: 'Accuracy', ticks: linearTicks(y, 5, (v) => formatPercent(v, 0)) })}${renderLines(steps, y, series)}`,
  );
}

function renderLines(x: Scale, y: Scale, series: readonly Series[]): Markup {
  const path = createPath(x, y);
  return markup`${series.map(({ color, raw }) => markup`<path class="line faint ${color}" d="${path(raw)}" />`)}${series.map(
    ({ color, smooth }) => markup`<path class="line ${color}" d="${path(smooth)}" />`,
  )}`;
}

interface LambdaSeries {
  readonly label: string;
  readonly color: string;
  readonly points: readonly Point[];
}

function renderLambdas(steps: Scale, lambdas: readonly LambdaSeries[]): Markup {
  if (lambdas.length === 0) return markup``;
  const values = lambdas.flatMap(({ points }) => points.map((p) => p.y));
  const low = 10 ** Math.floor(Math.log10(Math.min(...values)));
  const high = 10 ** Math.max(Math.ceil(Math.log10(Math.max(...values))), Math.log10(low) + 1);
  const y = scaleLog().domain([low, high]).range([twoAxisPanel.bottom, twoAxisPanel.top]);
  const path = createPath(steps, y);
  return markup`${renderRightAxis(twoAxisPanel, { title: 'λ', ticks: decadeTicks(y, (v) => String(Number(v.toPrecision(1)))) })}${lambdas.map(
    ({ color, points }) => markup`<path class="line dashed ${color}" d="${path(points)}" />`,
  )}`;
}

/** λ of each method that has one, as one series if all share a schedule. Omits λ = 0, which has no logarithm. */
function extractLambdas(methods: readonly MethodResult[]): LambdaSeries[] {
  const all = methods.flatMap(({ name, curve }, i) => {
    const points = curve.filter(({ lambda }) => lambda !== undefined && lambda > 0 && lambda < Infinity);
    if (points.length === 0) return [];
    const series = points.map(({ step, lambda }) => ({ x: step, y: lambda! }));
    return [{ label: `λ of ${name}`, color: methodColor(i), points: downsample(series, maxSmoothPoints) }];
  });
  const schedules = new Set(all.map(({ points }) => JSON.stringify(points)));
  return schedules.size === 1 ? [{ label: 'λ of A-Softmax', color: 'neutral', points: all[0]!.points }] : all;
}

type CurveEntry = MethodResult['curve'][number];

/** Raw and smoothed values of each method. Omits values that are missing or not finite, and methods without any. */
function extractSeries(methods: readonly MethodResult[], value: (entry: CurveEntry) => number | undefined): Series[] {
  return methods.flatMap(({ name, curve }, i) => {
    const points = curve
      .map((entry) => ({ x: entry.step, y: value(entry) ?? NaN }))
      .filter(({ y }) => Number.isFinite(y));
    if (points.length === 0) return [];
    const means = computeMovingMean(
      points.map(({ y }) => y),
      Math.round(points.length * smoothing),
    );
    const smooth = points.map(({ x }, j) => ({ x, y: means[j]! }));
    return [
      {
        name,
        color: methodColor(i),
        raw: downsampleRange(points, maxRawPoints),
        smooth: downsample(smooth, maxSmoothPoints),
      },
    ];
  });
}

function createPath(x: Scale, y: Scale): (points: readonly Point[]) => string {
  const path = line<Point>(
    (p) => x(p.x),
    (p) => y(p.y),
  ).digits(1);
  return (points) => path(points) ?? '';
}
