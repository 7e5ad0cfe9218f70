/** The table of results. */

import type { VerificationReport } from '@thetagrad/a-softmax';
import { count, degrees, duration, percent, score } from './format.ts';
import { type Markup, markup } from './markup.ts';
import { methodColour } from './palette.ts';
import type { MethodResult } from './report.ts';

interface Column {
  readonly title: string;
  readonly explanation: string;
  /** Which direction is better; a column without it has no best value. */
  readonly better?: 'higher' | 'lower';
  readonly value: (result: MethodResult) => number | undefined;
  readonly format: (value: number) => string;
  /** Text after the value. */
  readonly note?: (result: MethodResult) => string;
}

/** The table, the best value of each column marked, and an explanation of each column. */
export function resultsTable(methods: readonly MethodResult[]): Markup {
  const columns = columnsOf(methods);
  const best = columns.map((column) => bestText(column, methods));
  const { genuineCount, impostorCount } = methods[0]!.verification.roc;
  return markup`<div class="scroll" tabindex="0" role="region" aria-label="Table of results"><table>
<thead><tr><th scope="col">Method</th>${columns.map(
    ({ title, better }) =>
      markup`<th scope="col">${title}${better === undefined ? '' : better === 'higher' ? ' ↑' : ' ↓'}</th>`,
  )}</tr></thead>
<tbody>${methods.map(
    (method, i) =>
      markup`<tr><th scope="row"><span class="key ${methodColour(i)}"></span>${method.name}</th>${columns.map(
        (column, j) => cell(column, method, best[j]),
      )}</tr>
`,
  )}</tbody></table></div>
<p class="note">Classes never seen in training: ${count(genuineCount)} pairs of images of one class and ${count(impostorCount)} of two. The best value of each column is bold on a tint.</p>
<dl class="columns">${columns.map(
    ({ title, explanation, better }) =>
      markup`<div><dt>${title}</dt><dd>${explanation}${better === undefined ? '' : ` ${better === 'higher' ? 'Higher' : 'Lower'} is better.`}</dd></div>`,
  )}</dl>
`;
}

function cell(column: Column, method: MethodResult, best: string | undefined): Markup {
  const value = column.value(method);
  if (value === undefined) return markup`<td>–</td>`;
  const text = column.format(value);
  const note = column.note?.(method) ?? '';
  if (text !== best) return markup`<td>${text}${note}</td>`;
  return markup`<td class="best">${text}${note}<span class="unseen"> (best)</span></td>`;
}

/** The best value as it is shown: values that read the same share the mark. */
function bestText({ better, value, format }: Column, methods: readonly MethodResult[]): string | undefined {
  const values = methods.map(value).filter((v) => v !== undefined);
  if (better === undefined || values.length === 0) return undefined;
  return format(better === 'higher' ? Math.max(...values) : Math.min(...values));
}

type Measure = {
  [K in keyof VerificationReport]-?: VerificationReport[K] extends number ? K : never;
}[keyof VerificationReport];

function measure(key: Measure): Column['value'] {
  return ({ verification }) => verification[key];
}

function columnsOf(methods: readonly MethodResult[]): Column[] {
  const rates = new Set(methods.flatMap(({ verification }) => Object.keys(verification.tarAtFar).map(Number)));
  const columns: Column[] = [
    {
      title: 'Accuracy',
      explanation:
        'Share of balanced pairs judged rightly (same class or not), the threshold chosen on the other folds; ± its standard error.',
      better: 'higher',
      value: measure('accuracy'),
      format: percent,
      note: ({ verification }) => ` ± ${(100 * verification.accuracyStandardError).toFixed(2)}`,
    },
    {
      title: 'EER',
      explanation: 'Equal error rate: at the threshold where as many impostors are accepted as genuine pairs rejected.',
      better: 'lower',
      value: measure('eer'),
      format: percent,
    },
    {
      title: 'AUC',
      explanation: 'Area under the ROC curve: how often a genuine pair is closer than an impostor pair.',
      better: 'higher',
      value: measure('auc'),
      format: (value) => value.toFixed(4),
    },
    ...[...rates].sort((a, b) => b - a).map(tarColumn),
    {
      title: 'Rank-1',
      explanation: 'Share of images whose nearest image in a gallery of every class is of their own class.',
      better: 'higher',
      value: measure('rank1'),
      format: percent,
    },
  ];
  if (methods.some(({ verification }) => verification.rank1WithDistractors !== undefined)) {
    columns.push({
      title: 'Rank-1 with distractors',
      explanation:
        'Share of trials in which the image of the same class is nearer than every image of other identities.',
      better: 'higher',
      value: ({ verification }) => verification.rank1WithDistractors,
      format: percent,
    });
  }
  columns.push(
    {
      title: 'Fisher score',
      explanation: 'Angular Fisher score: scatter within classes over scatter between them.',
      better: 'lower',
      value: measure('angularFisherScore'),
      format: score,
    },
    {
      title: 'Largest intra-class angle',
      explanation: 'The widest angle between two images of one class: the worst case of compactness.',
      better: 'lower',
      value: measure('largestIntraClassAngle'),
      format: degrees,
    },
    {
      title: 'Smallest inter-class angle',
      explanation: 'The narrowest angle between images of two classes: the worst case of separation.',
      better: 'higher',
      value: measure('smallestInterClassAngle'),
      format: degrees,
    },
    {
      title: 'Training time',
      explanation: 'Wall-clock time of training; it says nothing of quality and depends on what else the machine did.',
      value: ({ seconds }) => seconds,
      format: duration,
    },
  );
  return columns;
}

function tarColumn(rate: number): Column {
  const far = `${Number((100 * rate).toPrecision(6))}%`;
  return {
    title: `TAR at ${far} FAR`,
    explanation: `Share of genuine pairs accepted when at most ${far} of impostor pairs are (†: too few pairs to resolve this rate).`,
    better: 'higher',
    value: ({ verification }) => verification.tarAtFar[rate],
    format: percent,
    note: ({ verification }) => (verification.unresolvedFar.includes(rate) ? ' †' : ''),
  };
}
