import { expect, test } from 'vitest';
import { formatResults } from '../src/table.ts';
import { makeMethod } from './reportData.ts';

test('the table is aligned text, in percent and degrees', () => {
  const base = makeMethod('softmax', 0.3);
  const verification = {
    ...base.verification,
    accuracy: 0.9125,
    eer: 0.0876,
    tarAtFar: { 0.1: 0.99, 0.01: 0.5, 0.001: 0.1 },
    rank1: 1,
    angularFisherScore: 0.25,
    largestIntraClassAngle: Math.PI / 2,
    smallestInterClassAngle: Math.PI / 18,
  };
  // Two parts whose accuracies have a jackknife error of half their difference.
  const parts = [{ accuracy: 0.9 }, { accuracy: 0.90898 }];
  const methods = [
    { ...base, seconds: 9.4, verification, parts },
    { ...base, parts, name: 'A-Softmax, m = 4', seconds: 100.6, verification: { ...verification, rank1: 0.0512 } },
  ];
  expect(formatResults(methods)).toBe(
    [
      'on unseen classes  accuracy %  EER %  TAR % at 1% FAR  rank-1 %  Fisher  intra °  inter °  train s',
      'softmax            91.3 ± 0.4    8.8             50.0     100.0   0.250     90.0     10.0        9',
      'A-Softmax, m = 4   91.3 ± 0.4    8.8             50.0       5.1   0.250     90.0     10.0      101',
    ].join('\n'),
  );
  const repeats = [0.0924, 0.0972].map((eer) => ({ scores: { ...verification, eer }, seconds: 1 }));
  expect(formatResults([{ ...methods[0]!, repeats }])).toMatch(/\n.*  91\.3 ± 0\.0  9\.2 ± 0\.5 +50\.0 ± 0\.0 /);
});
