/** ROC curves of all methods where they differ: at strict thresholds. */

import { bisectRight } from 'd3-array';
import { scaleLinear, scaleLog } from 'd3-scale';
import { line } from 'd3-shape';
import { formatPercent, formatRate } from './format.ts';
import { type Markup, markup } from './markup.ts';
import { renderLegend, methodColor } from './palette.ts';
import {
  renderBottomAxis,
  renderFigure,
  renderLeftAxis,
  linearTicks,
  largePanel,
  renderPicture,
  type Scale,
  type Tick,
} from './plot.ts';
import type { MethodResult } from './contents.ts';
import { dropNearbyPoints, type Point } from './downsample.ts';

type Roc = MethodResult['verification']['roc'];

/** False accept rates of the axis. */
const maxRate = 0.1;
const minRate = 0.001;
const tickRates = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1];
/** Minimum distance of two points of a curve, in pixels; smaller ones are invisible. */
const minDistance = 0.5;
/** Number of points of a curve of differences. */
const differencePoints = 240;

export function renderRoc(methods: readonly MethodResult[]): Markup {
  const impostors = Math.max(...methods.map(({ verification }) => verification.roc.impostorCount));
  // Rates below one pair are omitted, unless hardly any would remain.
  const start = Math.min(maxRate / 10, Math.max(minRate, 1 / impostors));
  const x = scaleLog().domain([start, maxRate]).range([largePanel.left, largePanel.right]);
  const baseline = methods[0]!.name;
  const panels = [{ heading: 'True accept rate', content: renderCurves(methods, x) }];
  if (methods.length > 1) {
    panels.push({ heading: `Difference from ${baseline}`, content: renderDifferences(methods, x) });
  }
  return renderFigure({
    panels,
    legend: renderLegend(methods.map(({ name }, i) => ({ label: name, color: methodColor(i), mark: 'line' }))),
    size: 'pair',
    caption: markup`Share of genuine pairs accepted at thresholds that accept ${formatRate(start)} to ${formatRate(maxRate)} of impostor pairs, on a logarithmic axis: the strict thresholds of practice, where methods differ. Higher is better. Circles mark equal error rates.${methods.length > 1 ? ` The second picture shows the same curves less that of ${baseline}, in percentage points.` : ''}`,
  });
}

function renderCurves(methods: readonly MethodResult[], x: Scale): Markup {
  const lowest = Math.min(...methods.map(({ verification }) => acceptRate(verification.roc, x.domain()[0]!)));
  const y = scaleLinear()
    .domain([Math.min(0.9, Math.floor(lowest * 10) / 10), 1])
    .range([largePanel.bottom, largePanel.top]);
  const words = methods.map(({ name, verification }) => {
    const rates = Object.entries(verification.tarAtFar).map(
      ([far, tar]) => `${formatPercent(tar)} at ${formatRate(Number(far))}`,
    );
    return `${name} ${rates.join(', ')}`;
  });
  const ticks = linearTicks(y, 5, (rate) => formatPercent(rate, 0));
  return renderPanel(
    `ROC curves at false accept rates up to ${formatRate(maxRate)}. True accept rates: ${words.join('; ')}.`,
    { x, title: 'True accept rate', ticks },
    markup`${methods.map(({ verification: { roc } }, i) => renderLine(traceCurve(roc, x, y), methodColor(i)))}${methods.map(
      ({ verification: { eer } }, i) =>
        eer >= x.domain()[0]! && eer <= maxRate && 1 - eer >= y.domain()[0]!
          ? markup`<circle class="point ${methodColor(i)}" cx="${x(eer)}" cy="${y(1 - eer)}" r="4" />`
          : '',
    )}`,
  );
}

function renderDifferences(methods: readonly MethodResult[], x: Scale): Markup {
  const [low, high] = x.domain() as [number, number];
  const rates = Array.from({ length: differencePoints }, (_, i) => low * (high / low) ** (i / (differencePoints - 1)));
  const sample = ({ verification }: MethodResult) => rates.map((rate) => acceptRate(verification.roc, rate));
  const base = sample(methods[0]!);
  const curves = methods.map((method) => sample(method).map((tar, i) => 100 * (tar - base[i]!)));
  const extent = curves.flat();
  const [from, to] = [Math.min(-0.5, ...extent), Math.max(0.5, ...extent)];
  const y = scaleLinear().domain([from, to]).nice(5).range([largePanel.bottom, largePanel.top]);
  const format = (points: number): string => `${points > 0 ? '+' : ''}${points}`.replace('-', '−');
  const words = methods.slice(1).map(({ name }, i) => {
    const points = curves[i + 1]!;
    return `${name} ${format(Number(Math.min(...points).toFixed(1)))} to ${format(Number(Math.max(...points).toFixed(1)))}`;
  });
  return renderPanel(
    `Differences of the true accept rate from that of ${methods[0]!.name}, in points: ${words.join('; ')}.`,
    { x, title: 'Points', ticks: linearTicks(y, 6, format) },
    markup`${curves.map((points, i) =>
      renderLine(
        points.map((value, j) => ({ x: x(rates[j]!), y: y(value) })),
        methodColor(i),
      ),
    )}`,
  );
}

interface Axes {
  readonly x: Scale;
  /** Title of the left axis. */
  readonly title: string;
  readonly ticks: readonly Tick[];
}

function renderPanel(alternative: string, { x, title, ticks }: Axes, content: Markup): Markup {
  const [low, high] = x.domain() as [number, number];
  const rates = tickRates
    .filter((rate) => rate >= low * 0.999 && rate <= high * 1.001)
    .map((rate) => ({ at: x(rate), label: formatRate(rate) }));
  return renderPicture(
    largePanel,
    alternative,
    markup`${renderBottomAxis(largePanel, { title: 'False accept rate', ticks: rates })}${renderLeftAxis(largePanel, { title, ticks })}${content}`,
  );
}

function renderLine(points: readonly Point[], color: string): Markup {
  const path = line<Point>(
    (p) => p.x,
    (p) => p.y,
  ).digits(1);
  return markup`<path class="line ${color}" d="${path(dropNearbyPoints(points, minDistance)) ?? ''}" />`;
}

/** Curve in pixels, cut at both ends of the axis. */
function traceCurve(roc: Roc, x: Scale, y: Scale): Point[] {
  const [start, end] = x.domain() as [number, number];
  const points: Point[] = [{ x: x(start), y: y(acceptRate(roc, start)) }];
  for (const [i, rate] of roc.falseAcceptRate.entries()) {
    if (rate > start && rate < end) points.push({ x: x(rate), y: y(roc.trueAcceptRate[i]!) });
  }
  points.push({ x: x(end), y: y(acceptRate(roc, end)) });
  return points;
}

/** True accept rate at a false accept rate, interpolated linearly between corners. */
export function acceptRate({ falseAcceptRate: far, trueAcceptRate: tar }: Roc, rate: number): number {
  const after = bisectRight(far, rate);
  if (after === far.length) return tar[after - 1]!;
  const share = (rate - far[after - 1]!) / (far[after]! - far[after - 1]!);
  return tar[after - 1]! + share * (tar[after]! - tar[after - 1]!);
}
