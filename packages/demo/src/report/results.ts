/** Table of results. */

import type { VerificationReport } from '@thetagrad/a-softmax';
import { formatCount, formatDegrees, formatDuration, formatPercent, formatRate, formatScore } from './format.ts';
import { type Markup, markup } from './markup.ts';
import { methodColor } from './palette.ts';
import type { MethodResult } from './contents.ts';

interface Column {
  readonly title: string;
  readonly explanation: string;
  /** Direction that is better; without it the column has no best value. */
  readonly better?: 'higher' | 'lower';
  readonly value: (result: MethodResult) => number | undefined;
  readonly format: (value: number) => string;
  /** Text to append to the value. */
  readonly note?: (result: MethodResult) => string;
}

/** Renders the table, marks the best value of each column, and explains each column. */
export function renderResults(methods: readonly MethodResult[]): Markup {
  const columns = createColumns(methods);
  const best = columns.map((column) => findBestText(column, methods));
  const { genuineCount, impostorCount } = methods[0]!.verification.roc;
  return markup`<div class="scroll" tabindex="0" role="region" aria-label="Table of results"><table>
<thead><tr><th scope="col">Method</th>${columns.map(
    ({ title, better }) =>
      markup`<th scope="col">${title}${better === undefined ? '' : better === 'higher' ? ' ↑' : ' ↓'}</th>`,
  )}</tr></thead>
<tbody>${methods.map(
    (method, i) =>
      markup`<tr><th scope="row"><span class="key ${methodColor(i)}"></span>${method.name}</th>${columns.map(
        (column, j) => renderCell(column, method, best[j]),
      )}</tr>
`,
  )}</tbody></table></div>
<p class="note">Unseen classes: ${formatCount(genuineCount)} pairs of images of the same class and ${formatCount(impostorCount)} of different classes. The best value of each column is bold on a tint.</p>
<dl class="columns">${columns.map(
    ({ title, explanation, better }) =>
      markup`<div><dt>${title}</dt><dd>${explanation}${better === undefined ? '' : ` ${better === 'higher' ? 'Higher' : 'Lower'} is better.`}</dd></div>`,
  )}</dl>
`;
}

function renderCell(column: Column, method: MethodResult, best: string | undefined): Markup {
  const value = column.value(method);
  if (value === undefined) return markup`<td>–</td>`;
  const text = column.format(value);
  const note = column.note?.(method) ?? '';
  if (text !== best) return markup`<td>${text}${note}</td>`;
  return markup`<td class="best">${text}${note}<span class="unseen"> (best)</span></td>`;
}

/** Best value as displayed, so that values that read the same share the mark. */
function findBestText({ better, value, format }: Column, methods: readonly MethodResult[]): string | undefined {
  const values = methods.map(value).filter((v) => v !== undefined);
  if (better === undefined || values.length === 0) return undefined;
  return format(better === 'higher' ? Math.max(...values) : Math.min(...values));
}

type Measure = {
  [K in keyof VerificationReport]-?: VerificationReport[K] extends number ? K : never;
}[keyof VerificationReport];

function readMeasure(key: Measure): Column['value'] {
  return ({ verification }) => verification[key];
}

function createColumns(methods: readonly MethodResult[]): Column[] {
  const rates = new Set(methods.flatMap(({ verification }) => Object.keys(verification.tarAtFar).map(Number)));
  const columns: Column[] = [
    {
      title: 'Accuracy',
      explanation:
        'Share of balanced pairs classified correctly (same class or not), with the threshold chosen on the other folds; ± its standard error.',
      better: 'higher',
      value: readMeasure('accuracy'),
      format: formatPercent,
      note: ({ verification }) => ` ± ${(100 * verification.accuracyStandardError).toFixed(2)}`,
    },
    {
      title: 'EER',
      explanation:
        'Equal error rate: at the threshold where the shares of impostor pairs accepted and genuine pairs rejected are equal.',
      better: 'lower',
      value: readMeasure('eer'),
      format: formatPercent,
    },
    {
      title: 'AUC',
      explanation: 'Area under the ROC curve: the probability that a genuine pair is closer than an impostor pair.',
      better: 'higher',
      value: readMeasure('auc'),
      format: (value) => value.toFixed(4),
    },
    ...[...rates].sort((a, b) => b - a).map(createTarColumn),
    {
      title: 'Rank-1',
      explanation: 'Share of images whose nearest image in a gallery of every class is of the same class.',
      better: 'higher',
      value: readMeasure('rank1'),
      format: formatPercent,
    },
  ];
  if (methods.some(({ verification }) => verification.rank1WithDistractors !== undefined)) {
    columns.push({
      title: 'Rank-1 with distractors',
      explanation:
        'Share of trials in which the image of the same class is nearer than every image of other identities.',
      better: 'higher',
      value: ({ verification }) => verification.rank1WithDistractors,
      format: formatPercent,
    });
  }
  columns.push(
    {
      title: 'Fisher score',
      explanation: 'Angular Fisher score: scatter within classes divided by scatter between classes.',
      better: 'lower',
      value: readMeasure('angularFisherScore'),
      format: formatScore,
    },
    {
      title: 'Largest intra-class angle',
      explanation: 'Maximum angle between two images of the same class: the worst case of compactness.',
      better: 'lower',
      value: readMeasure('largestIntraClassAngle'),
      format: formatDegrees,
    },
    {
      title: 'Smallest inter-class angle',
      explanation: 'Minimum angle between images of different classes: the worst case of separation.',
      better: 'higher',
      value: readMeasure('smallestInterClassAngle'),
      format: formatDegrees,
    },
    {
      title: 'Training time',
      explanation: 'Wall-clock time of training, which depends on the load of the machine.',
      value: ({ seconds }) => seconds,
      format: formatDuration,
    },
  );
  return columns;
}

function createTarColumn(rate: number): Column {
  const far = formatRate(rate);
  return {
    title: `TAR at ${far} FAR`,
    explanation: `Share of genuine pairs accepted at the threshold that accepts at most ${far} of impostor pairs (†: too few pairs to resolve this rate).`,
    better: 'higher',
    value: ({ verification }) => verification.tarAtFar[rate],
    format: formatPercent,
    note: ({ verification }) => (verification.unresolvedFar.includes(rate) ? ' †' : ''),
  };
}
