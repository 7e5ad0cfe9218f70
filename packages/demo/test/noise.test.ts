import { angularFisherScore, verify } from '@thetagrad/a-softmax';
import { random } from '@thetagrad/core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { computeRates, leavePartsOut } from '../src/jackknife.ts';
import type { MethodResult, Scores } from '../src/report/contents.ts';
import { compareScores, findLeaders, isBeyondNoise, meanScore, scoreSpread } from '../src/report/noise.ts';
import { describeVerdict } from '../src/report/verdict.ts';
import { createClusters, makeMethod } from './reportData.ts';

const far = [0.1, 0.01];
const readRate = ({ eer }: Scores): number => eer;
const base = makeMethod('softmax', 0.3, { far });

/** Method with the given equal error rates of the whole and without each part. */
function method(name: string, eer: number, parts: readonly number[], repeats: readonly number[] = []): MethodResult {
  return {
    ...base,
    name,
    verification: { ...base.verification, eer },
    parts: parts.map((rate) => ({ eer: rate })),
    repeats: repeats.map((rate) => ({ scores: { ...base.verification, eer: rate }, seconds: 1 })),
  };
}

describe('leavePartsOut', () => {
  const { features, labels } = createClusters({ classes: 23, perClass: 8, dimension: 6, spread: 0.35 });
  const parts = leavePartsOut({ values: features, dimension: 6, labels }, far, 0);

  test('gives the scores of the classes that remain, to a thousandth', () => {
    expect(parts).toHaveLength(10);
    for (const [part, scores] of parts.entries()) {
      const kept = [...labels.keys()].filter((i) => labels[i]! % 10 !== part);
      const values = Float32Array.from(kept.flatMap((i) => [...features.subarray(6 * i, 6 * i + 6)]));
      const keptLabels = Int32Array.from(kept, (i) => labels[i]!);
      const expected = verify(values, 6, keptLabels, { far });
      expect(Math.abs(scores.eer! - expected.eer)).toBeLessThan(2e-3);
      expect(Math.abs(scores.auc! - expected.auc)).toBeLessThan(1e-3);
      for (const rate of far) expect(Math.abs(scores.tarAtFar![rate]! - expected.tarAtFar[rate]!)).toBeLessThan(0.02);
      expect(scores.angularFisherScore).toBe(angularFisherScore(values, 6, keptLabels));
    }
  });

  test('leaves out each fold and each probe once', () => {
    const { accuracy, accuracyStandardError, rank1 } = verify(features, 6, labels, { far });
    const accuracies = parts.map((scores) => scores.accuracy!);
    expect(accuracies.reduce((sum, value) => sum + value, 0) / 10).toBeCloseTo(accuracy, 12);
    const verification = { ...base.verification, accuracy };
    const spread = scoreSpread({ ...base, verification, parts }, (scores) => scores.accuracy);
    expect(spread).toBeCloseTo(accuracyStandardError, 12);
    // Classes of 8 images have 7 probes each, and parts have 3 or 2 of the 23 classes.
    const classes = parts.map((_, part) => (part < 3 ? 3 : 2));
    const hits = parts.map((scores, part) => rank1 * 23 * 7 - scores.rank1! * (23 - classes[part]!) * 7);
    for (const count of hits) expect(count).toBeCloseTo(Math.round(count), 9);
    expect(hits.reduce((sum, count) => sum + count, 0)).toBeCloseTo(rank1 * 23 * 7, 9);
  });

  test('gives only accuracies for fewer than four classes', () => {
    const few = createClusters({ classes: 3, perClass: 8, dimension: 6, spread: 0.35 });
    const scores = leavePartsOut({ values: few.features, dimension: 6, labels: few.labels }, far, 0);
    expect(new Set(scores.flatMap(Object.keys))).toEqual(new Set(['accuracy']));
  });
});

test('computeRates interpolates within a bin', () => {
  const { eer, auc, tarAtFar } = computeRates(Float64Array.of(0, 10, 30), Float64Array.of(30, 10, 0), [0.1]);
  expect(tarAtFar[0.1]).toBeCloseTo(0.75 + 0.25 * 0.4);
  expect(eer).toBeCloseTo(0.125);
  expect(auc).toBeCloseTo(1 - 0.25 * 0.25 * 0.5);
});

describe('noise', () => {
  test('of a mean is its usual standard error', () => {
    const stream = random.key(4).stream();
    const values = Array.from({ length: 10 }, () => stream.uniform());
    const total = values.reduce((sum, value) => sum + value, 0);
    const variance = values.reduce((sum, value) => sum + (value - total / 10) ** 2, 0) / 9;
    const parts = values.map((value) => (total - value) / 9);
    expect(scoreSpread(method('a', total / 10, parts), readRate)).toBeCloseTo(Math.sqrt(variance / 10), 12);
  });

  test('of a difference is that of the pairs, with Student’s t', () => {
    const parts = [0.1, 0.12, 0.11, 0.13];
    const difference = compareScores(
      method('a', 0.1, parts),
      method(
        'b',
        0.13,
        parts.map((rate, i) => rate + 0.03 + (i % 2) / 1000),
      ),
      readRate,
    )!;
    expect(difference.value).toBeCloseTo(-0.03, 12);
    // Differences of ±0.0005 around their mean: error √(3/4 · 4 · 0.0005²).
    expect(difference.standardError).toBeCloseTo(0.0005 * Math.sqrt(3), 12);
    expect(difference.margin / difference.standardError).toBeCloseTo(3.182);
    expect(isBeyondNoise(difference)).toBe(true);
  });

  test('of several seeds is the spread between them', () => {
    const [a, b] = [method('a', 0.05, [], [0.06, 0.07]), method('b', 0.06, [], [0.08, 0.1])];
    expect(meanScore(a, readRate)).toBeCloseTo(0.06, 12);
    expect(scoreSpread(a, readRate)).toBeCloseTo(0.01, 12);
    expect(compareScores(b, a, readRate)!.margin).toBeCloseTo((4.303 * 0.01) / Math.sqrt(3), 10);
  });

  test('pools the spread of all methods, so that it does not vanish where two differ equally by coincidence', () => {
    const methods = [method('a', 0.08, [], [0.09]), method('b', 0.06, [], [0.07]), method('c', 0.07, [], [0.09])];
    expect(compareScores(methods[0]!, methods[1]!, readRate)!.standardError).toBeCloseTo(0, 12);
    const margins = [1, 2].map((i) => compareScores(methods[0]!, methods[i]!, readRate, methods)!.margin);
    // Variances of the three differences: 0, and twice 0.01²/2; with two degrees of freedom.
    expect(margins[0]).toBeCloseTo(4.303 * 0.01 * Math.sqrt(1 / 6), 10);
    expect(margins[1]).toBe(margins[0]);
  });

  test('never puts a method before a better one', () => {
    const rates = fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 3, maxLength: 3 });
    const runs = fc.array(rates, { minLength: 2, maxLength: 5 });
    fc.assert(
      fc.property(runs, fc.boolean(), fc.constantFrom('lower' as const, 'higher' as const), (all, bySeed, better) => {
        const methods = all.map((values, i) => {
          const [first, ...others] = values.map((rate) => rate / 100);
          return bySeed ? method(`${i}`, first!, [], others) : method(`${i}`, first!, others);
        });
        const leaders = findLeaders(methods, readRate, better);
        const sign = better === 'lower' ? 1 : -1;
        const worst = Math.max(...[...leaders].map((leader) => sign * meanScore(leader, readRate)!));
        const rest = methods.filter((other) => leaders.size > 0 && !leaders.has(other));
        for (const other of rest) expect(sign * meanScore(other, readRate)!).toBeGreaterThan(worst);
      }),
    );
  });

  test('is unknown without parts and seeds, and then nobody leads', () => {
    const methods = [method('a', 0.05, []), method('b', 0.5, [])];
    expect(compareScores(methods[0]!, methods[1]!, readRate)).toBeUndefined();
    expect(findLeaders(methods, readRate, 'lower').size).toBe(0);
  });
});

describe('the verdict', () => {
  const parts = (eer: number): number[] => [eer - 0.001, eer, eer + 0.001];
  const opposed = (eer: number): number[] => parts(eer).reverse();

  test('names the best, its lead over the first method with the interval, and what is within noise of it', () => {
    const methods = [
      method('softmax', 0.08, opposed(0.08)),
      method('A2', 0.0605, opposed(0.0605)),
      method('A4', 0.06, parts(0.06)),
    ];
    const { outcome, caution } = describeVerdict(methods, [7]);
    // Differences of ±0.002 between three parts, but none of two of the methods: error √(2/3 · 2/3 · 2 · 0.002²), and t
    // of four degrees of freedom.
    const margin = 100 * 2.776 * 0.002 * Math.sqrt(8 / 9);
    const interval = `${(2 - margin).toFixed(1)} to ${(2 + margin).toFixed(1)}`;
    expect(outcome).toBe(
      `A4 has the lowest equal error rate on unseen classes: 6.0%, against 8.0% with softmax, 2.0 points less (95% interval ${interval}). A2 is within noise of it.`,
    );
    expect(caution).toMatch(/^One seed says little: .* Repeat with --seed 7,8,9 for the spread over seeds\.$/);
  });

  test('says how consistent several seeds are', () => {
    const methods = [method('softmax', 0.08, [], [0.09, 0.1]), method('A4', 0.06, [], [0.07, 0.081])];
    const { outcome, caution } = describeVerdict(methods, [0, 1, 2]);
    expect(outcome).toBe(
      'A4 has the lowest equal error rate on unseen classes: 7.0%, against 9.0% with softmax, 2.0 points less (95% interval 1.8 to 2.1), with each of the seeds. No other loss is within noise of it.',
    );
    expect(caution).toMatch(/^Means over 3 seeds/);
  });

  test('claims nothing within noise', () => {
    const methods = [method('softmax', 0.06, parts(0.06)), method('A4', 0.0601, opposed(0.0601))];
    expect(describeVerdict(methods, [0]).outcome).toBe(
      'No loss is better than the others beyond noise: the equal error rates on unseen classes are 6.0% (softmax) to 6.0% (A4).',
    );
    expect(describeVerdict([methods[0]!], [0]).outcome).toMatch(/^Softmax decides .* of 6\.0%\.$/);
  });
});
