/** ROC curves of all methods. */

import { scaleLinear, scaleLog } from 'd3-scale';
import { line } from 'd3-shape';
import { percent } from './format.ts';
import { type Markup, markup } from './markup.ts';
import { legend, methodColour } from './palette.ts';
import { bottomAxis, decadeTicks, figure, leftAxis, linearTicks, PANEL, picture, type Scale } from './plot.ts';
import type { MethodResult } from './report.ts';
import { apart, type Point } from './thin.ts';

/** Points of a curve nearer than this, in pixels, are left out: no one sees them. */
const RESOLUTION = 0.5;
/** The logarithmic axis starts here at the lowest, however many pairs there are. */
const LOWEST_RATE = 1e-6;

export function rocFigure(methods: readonly MethodResult[]): Markup {
  return figure({
    panels: [
      { heading: 'False accept rate, logarithmic', content: logarithmic(methods) },
      { heading: 'False accept rate, linear', content: linear(methods) },
    ],
    legend: legend(methods.map(({ name }, i) => ({ label: name, colour: methodColour(i), mark: 'line' }))),
    size: 'pair',
    caption: markup`Share of genuine pairs accepted against the share of impostor pairs accepted, as the threshold moves; higher and further left is better. The logarithmic axis shows the strict end, which matters where a false accept is costly: it starts where there is about one false accept among all pairs. The linear axis shows the whole curve; the rising dotted diagonal is chance. Circles mark the equal error rates, which lie on the falling diagonal.`,
  });
}

function logarithmic(methods: readonly MethodResult[]): Markup {
  const impostors = Math.max(...methods.map(({ verification }) => verification.roc.impostorCount));
  const lowest = Math.max(LOWEST_RATE, 10 ** Math.min(-1, Math.floor(Math.log10(1 / impostors))));
  const x = scaleLog().domain([lowest, 1]).range([PANEL.left, PANEL.right]).clamp(true);
  const words = methods.map(({ name, verification }) => {
    const rates = Object.entries(verification.tarAtFar).map(
      ([far, tar]) => `${percent(tar)} at ${ratePercent(Number(far))}`,
    );
    return `${name} ${rates.join(', ')}`;
  });
  return panel(methods, x, {
    alternative: `ROC curves with a logarithmic false accept rate. True accept rates: ${words.join('; ')}.`,
    ticks: decadeTicks(x, ratePercent),
  });
}

function linear(methods: readonly MethodResult[]): Markup {
  const x = scaleLinear().domain([0, 1]).range([PANEL.left, PANEL.right]);
  const words = methods.map(({ name, verification }) => `${name} ${percent(verification.eer)}`);
  const { left, right, top, bottom } = PANEL;
  return panel(methods, x, {
    alternative: `ROC curves with a linear false accept rate. Equal error rates: ${words.join(', ')}.`,
    ticks: linearTicks(x, 5, (rate) => percent(rate, 0)),
    below: markup`<path class="rule dotted" d="M${left},${bottom}L${right},${top}" /><path class="rule dotted" d="M${left},${top}L${right},${bottom}" />`,
  });
}

interface RocPanel {
  readonly alternative: string;
  readonly ticks: ReturnType<typeof linearTicks>;
  readonly below?: Markup;
}

function panel(methods: readonly MethodResult[], x: Scale, { alternative, ticks, below }: RocPanel): Markup {
  const y = scaleLinear().domain([0, 1]).range([PANEL.bottom, PANEL.top]);
  const path = line<Point>(
    (p) => p.x,
    (p) => p.y,
  ).digits(1);
  return picture(
    PANEL,
    alternative,
    markup`${bottomAxis(PANEL, { title: 'False accept rate', ticks })}${leftAxis(PANEL, { title: 'True accept rate', ticks: linearTicks(y, 5, (rate) => percent(rate, 0)) })}${below ?? ''}${methods.map(
      ({ verification }, i) =>
        markup`<path class="line ${methodColour(i)}" d="${path(curve(verification.roc, x, y)) ?? ''}" />`,
    )}${methods.map(
      ({ verification: { eer } }, i) =>
        markup`<circle class="point ${methodColour(i)}" cx="${x(eer)}" cy="${y(1 - eer)}" r="4" />`,
    )}`,
  );
}

/** The curve in pixels, from the last corner at or left of the axis. */
function curve(
  { falseAcceptRate: far, trueAcceptRate: tar }: MethodResult['verification']['roc'],
  x: Scale,
  y: Scale,
): Point[] {
  const lowest = x.domain()[0]!;
  const first = lowest > 0 ? far.findLastIndex((rate) => rate <= lowest) : 0;
  const points: Point[] = [];
  for (let i = first; i < far.length; i++) points.push({ x: x(Math.max(lowest, far[i]!)), y: y(tar[i]!) });
  return apart(points, RESOLUTION);
}

/** 0.001 → "0.1%". */
function ratePercent(rate: number): string {
  return `${Number((100 * rate).toPrecision(6))}%`;
}
