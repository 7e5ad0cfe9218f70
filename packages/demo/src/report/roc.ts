/** ROC curves of all methods. */

import { scaleLinear, scaleLog } from 'd3-scale';
import { line } from 'd3-shape';
import { formatPercent, formatRate } from './format.ts';
import { type Markup, markup } from './markup.ts';
import { renderLegend, methodColor } from './palette.ts';
import {
  renderBottomAxis,
  decadeTicks,
  renderFigure,
  renderLeftAxis,
  linearTicks,
  largePanel,
  renderPicture,
  type Scale,
} from './plot.ts';
import type { MethodResult } from './contents.ts';
import { dropNearbyPoints, type Point } from './downsample.ts';

/** Minimum distance of two points of a curve, in pixels; smaller ones are invisible. */
const minDistance = 0.5;
/** Minimum of the logarithmic axis, however many pairs there are. */
const minRate = 1e-6;

export function renderRoc(methods: readonly MethodResult[]): Markup {
  return renderFigure({
    panels: [
      { heading: 'False accept rate, logarithmic', content: renderLogarithmic(methods) },
      { heading: 'False accept rate, linear', content: renderLinear(methods) },
    ],
    legend: renderLegend(methods.map(({ name }, i) => ({ label: name, color: methodColor(i), mark: 'line' }))),
    size: 'pair',
    caption: markup`Share of genuine pairs accepted against the share of impostor pairs accepted, over all thresholds; higher and further left is better. The logarithmic axis shows strict thresholds, which matter if false accepts are costly: it starts at about one false accept among all pairs. The linear axis shows the whole curve; the rising dotted diagonal is chance. Circles mark the equal error rates, on the falling diagonal.`,
  });
}

function renderLogarithmic(methods: readonly MethodResult[]): Markup {
  const impostors = Math.max(...methods.map(({ verification }) => verification.roc.impostorCount));
  const start = Math.max(minRate, 10 ** Math.min(-1, Math.floor(Math.log10(1 / impostors))));
  const x = scaleLog().domain([start, 1]).range([largePanel.left, largePanel.right]).clamp(true);
  const words = methods.map(({ name, verification }) => {
    const rates = Object.entries(verification.tarAtFar).map(
      ([far, tar]) => `${formatPercent(tar)} at ${formatRate(Number(far))}`,
    );
    return `${name} ${rates.join(', ')}`;
  });
  return renderPanel(methods, x, {
    alternative: `ROC curves with a logarithmic false accept rate. True accept rates: ${words.join('; ')}.`,
    ticks: decadeTicks(x, formatRate),
  });
}

function renderLinear(methods: readonly MethodResult[]): Markup {
  const x = scaleLinear().domain([0, 1]).range([largePanel.left, largePanel.right]);
  const words = methods.map(({ name, verification }) => `${name} ${formatPercent(verification.eer)}`);
  const { left, right, top, bottom } = largePanel;
  return renderPanel(methods, x, {
    alternative: `ROC curves with a linear false accept rate. Equal error rates: ${words.join(', ')}.`,
    ticks: linearTicks(x, 5, (rate) => formatPercent(rate, 0)),
    below: markup`<path class="rule dotted" d="M${left},${bottom}L${right},${top}" /><path class="rule dotted" d="M${left},${top}L${right},${bottom}" />`,
  });
}

interface RocPanel {
  readonly alternative: string;
  readonly ticks: ReturnType<typeof linearTicks>;
  readonly below?: Markup;
}

function renderPanel(methods: readonly MethodResult[], x: Scale, { alternative, ticks, below }: RocPanel): Markup {
  const y = scaleLinear().domain([0, 1]).range([largePanel.bottom, largePanel.top]);
  const path = line<Point>(
    (p) => p.x,
    (p) => p.y,
  ).digits(1);
  return renderPicture(
    largePanel,
    alternative,
    markup`${renderBottomAxis(largePanel, { title: 'False accept rate', ticks })}${renderLeftAxis(largePanel, { title: 'True accept rate', ticks: linearTicks(y, 5, (rate) => formatPercent(rate, 0)) })}${below ?? ''}${methods.map(
      ({ verification }, i) =>
        markup`<path class="line ${methodColor(i)}" d="${path(traceCurve(verification.roc, x, y)) ?? ''}" />`,
    )}${methods.map(
      ({ verification: { eer } }, i) =>
        markup`<circle class="point ${methodColor(i)}" cx="${x(eer)}" cy="${y(1 - eer)}" r="4" />`,
    )}`,
  );
}

/** Curve in pixels, from its last corner at or left of the axis. */
function traceCurve(
  { falseAcceptRate: far, trueAcceptRate: tar }: MethodResult['verification']['roc'],
  x: Scale,
  y: Scale,
): Point[] {
  const start = x.domain()[0]!;
  const first = start > 0 ? far.findLastIndex((rate) => rate <= start) : 0;
  const points: Point[] = [];
  for (let i = first; i < far.length; i++) points.push({ x: x(Math.max(start, far[i]!)), y: y(tar[i]!) });
  return dropNearbyPoints(points, minDistance);
}
