/** Differences of the equal error rates from that of the first method, with their intervals. */

import { scaleLinear } from 'd3-scale';
import { type Markup, markup } from './markup.ts';
import type { MethodResult } from './contents.ts';
import { compareScores, scoresBySeed } from './noise.ts';
import { methodColor } from './palette.ts';
import { linearTicks, type Panel, renderBottomAxis, renderFigure, renderPicture } from './plot.ts';

const rowHeight = 34;
const readRate = ({ eer }: { readonly eer: number }): number => 100 * eer;

/** Renders one row per further method; nothing if there is only one method, or no interval is known. */
export function renderGains(methods: readonly MethodResult[]): Markup {
  const [baseline, ...others] = methods;
  const rows = others.flatMap((method, i) => {
    const difference = compareScores(method, baseline!, readRate, methods);
    if (difference === undefined) return [];
    const bySeed = scoresBySeed(method).map((scores, j) => readRate(scores) - readRate(scoresBySeed(baseline!)[j]!));
    return [{ name: method.name, color: methodColor(i + 1), ...difference, bySeed }];
  });
  if (rows.length === 0) return markup``;
  const severalSeeds = baseline!.repeats.length > 0;
  const panel: Panel = { width: 420, height: 56 + rowHeight * rows.length, left: 130, right: 408, top: 6, bottom: 0 };
  const bottom = panel.height - 46;
  const values = rows.flatMap(({ value, margin, bySeed }) => [value - margin, value + margin, ...bySeed, 0]);
  const x = scaleLinear()
    .domain([Math.min(...values), Math.max(...values)])
    .nice()
    .range([panel.left, panel.right]);
  const format = (points: number): string => `${points > 0 ? '+' : ''}${points.toFixed(2).replace('-', '−')}`;
  const words = rows.map(({ name, value, margin }) => `${name} ${format(value)} ± ${margin.toFixed(2)}`);
  return renderFigure({
    panels: [
      {
        content: renderPicture(
          panel,
          `Difference of the equal error rate from that of ${baseline!.name}, in percentage points: ${words.join(', ')}.`,
          markup`${renderBottomAxis({ ...panel, bottom }, { title: `EER minus that of ${baseline!.name}, in points`, ticks: linearTicks(x, 6, String) })}<path class="threshold" d="M${x(0)},${panel.top}V${bottom}" />${rows.map(
            ({ name, color, value, margin, bySeed }, i) => {
              const y = panel.top + rowHeight * (i + 0.5);
              const dots = severalSeeds
                ? bySeed.map((points) => markup`<circle class="seed ${color}" cx="${x(points)}" cy="${y}" r="4" />`)
                : [];
              return markup`<text class="row" x="${panel.left - 14}" y="${y + 4}" text-anchor="end">${name}</text><path class="interval ${color}" d="M${x(value - margin)},${y}H${x(value + margin)}" />${dots}<path class="diamond ${color}" transform="translate(${x(value)},${y})" d="M0,-7L7,0L0,7L-7,0Z" />`;
            },
          )}`,
        ),
      },
    ],
    size: 'single',
    caption: markup`Diamonds left of the dashed line make fewer errors than ${baseline!.name}. Bars are 95% intervals of the difference, from the spread, pooled over all losses, ${severalSeeds ? 'between the seeds, whose differences are the circles' : 'of the results without a tenth of the unseen classes'}; one that crosses the line is noise.`,
  });
}
