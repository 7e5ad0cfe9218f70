/** Table of results. */

import type { MethodResult, Scores } from './contents.ts';
import {
  formatCount,
  formatDegrees,
  formatDuration,
  formatPercent,
  formatRate,
  formatScore,
  keepFormulas,
  toDegrees,
} from './format.ts';
import { keepWords, type Markup, markup } from './markup.ts';
import { findLeaders, meanScore, type ReadScore, scoreSpread } from './noise.ts';
import { methodColor } from './palette.ts';

/** Row of the table: one score of all methods. */
interface Row {
  readonly title: string;
  readonly explanation: string;
  /** Direction that is better. */
  readonly better: 'higher' | 'lower';
  readonly read: ReadScore;
  readonly format: (value: number) => string;
  readonly formatSpread: (value: number) => string;
  /** Mark after the value. */
  readonly note?: (result: MethodResult) => string;
}

/** Renders the table with a row per score and a column per method, and explains each score. */
export function renderResults(methods: readonly MethodResult[]): Markup {
  const rows = createRows(methods);
  return markup`<div class="scroll" tabindex="0" role="region" aria-label="Table of results"><table>
<thead><tr><td></td>${methods.map(
    ({ name }, i) =>
      markup`<th scope="col"><span class="key ${methodColor(i)}"></span>${keepWords(keepFormulas(name))}</th>`,
  )}</tr></thead>
<tbody>${rows.map((row) => renderRow(row, methods))}
<tr><th scope="row">Training time</th>${methods.map(({ seconds }) => markup`<td>${formatDuration(seconds)}</td>`)}</tr>
</tbody></table></div>
<p class="note">${describeNoise(methods)}</p>
<details><summary>What the rows mean</summary><dl class="definitions">${rows.map(
    ({ title, explanation, better }) =>
      markup`<div><dt>${title}</dt><dd>${explanation} ${better === 'higher' ? 'Higher' : 'Lower'} is better.</dd></div>`,
  )}<div><dt>Training time</dt><dd>Wall-clock time, which depends on the load of the machine.</dd></div></dl></details>
`;
}

function describeNoise(methods: readonly MethodResult[]): string {
  const { roc } = methods[0]!.verification;
  const seeds = 1 + methods[0]!.repeats.length;
  const pairs = `${formatCount(roc.genuineCount)} pairs of images of the same unseen class and ${formatCount(roc.impostorCount)} of different ones. `;
  const tint =
    'Bold on a tint: best, or within noise of the best; a row without tint shows no difference beyond noise. Noise is the 95% interval of the difference of two methods, from the spread, pooled over all methods, ';
  return seeds > 1
    ? `Means over ${seeds} seeds ± their standard deviation. For each seed about ${pairs}${tint}of their differences between the seeds.`
    : `${pairs}± is the standard error over the unseen classes, from leaving out a tenth of them at a time (accuracy: of its folds). ${tint}of their differences between the same parts; the two extreme angles depend on single pairs, and have none.`;
}

function renderRow(row: Row, methods: readonly MethodResult[]): Markup {
  const leaders = findLeaders(methods, row.read, row.better);
  // A no-break space keeps the arrow with the last word.
  return markup`<tr><th scope="row">${row.title}\u00A0${row.better === 'higher' ? '↑' : '↓'}</th>${methods.map(
    (method) => renderCell(row, method, leaders.has(method)),
  )}</tr>
`;
}

function renderCell({ read, format, formatSpread, note }: Row, method: MethodResult, leads: boolean): Markup {
  const value = meanScore(method, read);
  if (value === undefined) return markup`<td>–</td>`;
  const spread = scoreSpread(method, read);
  const content = markup`${format(value)}${note?.(method) ?? ''}${
    spread === undefined ? '' : markup` <small>± ${formatSpread(spread)}</small>`
  }`;
  return leads
    ? markup`<td class="best">${content}<span class="unseen"> (best)</span></td>`
    : markup`<td>${content}</td>`;
}

type Measure = {
  [K in keyof Scores]-?: Scores[K] extends number ? K : never;
}[keyof Scores];

/** Row whose values are shares, in percent. */
function createRateRow(title: string, read: ReadScore, explanation: string, better: Row['better'] = 'higher'): Row {
  return {
    title,
    explanation,
    better,
    read,
    format: (value) => formatPercent(value, 1),
    formatSpread: (value) => (100 * value).toFixed(1),
  };
}

function readMeasure(key: Measure): ReadScore {
  return (scores) => scores[key];
}

function createRows(methods: readonly MethodResult[]): Row[] {
  const rates = new Set(methods.flatMap(({ verification }) => Object.keys(verification.tarAtFar).map(Number)));
  const rows: Row[] = [
    createRateRow(
      'Equal error rate (EER)',
      readMeasure('eer'),
      'Share of errors at the threshold where as large a share of impostor pairs (of different classes) is accepted as of genuine pairs (of the same class) is rejected.',
      'lower',
    ),
    createRateRow(
      'Accuracy',
      readMeasure('accuracy'),
      'Share of balanced pairs classified correctly (same class or not), with the threshold chosen on other pairs.',
    ),
    ...[...rates].sort((a, b) => b - a).map(createTarRow),
    {
      title: 'Area under ROC (AUC)',
      explanation: 'Probability that a genuine pair is closer than an impostor pair.',
      better: 'higher',
      read: readMeasure('auc'),
      format: formatScore,
      formatSpread: formatScore,
    },
    createRateRow(
      'Rank-1',
      readMeasure('rank1'),
      'Share of images whose nearest image in a gallery of every class is of the same class.',
    ),
  ];
  if (methods.some(({ verification }) => verification.rank1WithDistractors !== undefined)) {
    rows.push(
      createRateRow(
        'Rank-1 with distractors',
        (scores) => scores.rank1WithDistractors,
        'Share of trials in which the image of the same class is nearer than every image of other identities.',
      ),
    );
  }
  const angles = { format: formatDegrees, formatSpread: (value: number) => toDegrees(value).toFixed(1) };
  rows.push(
    {
      title: 'Fisher score',
      explanation: 'Angular Fisher score: scatter within classes divided by scatter between classes.',
      better: 'lower',
      read: readMeasure('angularFisherScore'),
      format: formatScore,
      formatSpread: formatScore,
    },
    {
      title: 'Largest intra-class angle',
      explanation: 'Maximum angle between two images of the same class: the worst case of compactness.',
      better: 'lower',
      read: readMeasure('largestIntraClassAngle'),
      ...angles,
    },
    {
      title: 'Smallest inter-class angle',
      explanation: 'Minimum angle between images of different classes: the worst case of separation.',
      better: 'higher',
      read: readMeasure('smallestInterClassAngle'),
      ...angles,
    },
  );
  return rows;
}

function createTarRow(rate: number): Row {
  const far = formatRate(rate);
  return {
    ...createRateRow(
      `TAR at ${far}\u00A0FAR`,
      (scores) => scores.tarAtFar?.[rate],
      `True accept rate: share of genuine pairs accepted at the threshold that accepts at most ${far} of impostor pairs (†: too few pairs to resolve this rate).`,
    ),
    note: ({ verification }) => (verification.unresolvedFar.includes(rate) ? ' †' : ''),
  };
}
