import { DOMParser } from '@xmldom/xmldom';
import { describe, expect, test } from 'vitest';
import type { MethodResult, Scores } from '../src/report/contents.ts';
import { renderResults } from '../src/report/results.ts';
import { makeMethod } from './reportData.ts';

const base = makeMethod('softmax', 0.3);

function method(
  name: string,
  verification: Partial<MethodResult['verification']>,
  others: Partial<MethodResult> = {},
): MethodResult {
  return { ...base, name, seconds: 1, ...others, verification: { ...base.verification, ...verification } };
}

/** Ten parts whose scores scatter around those of the whole by the given standard error. */
function scatter(scores: Partial<Scores>, error: number): Partial<Scores>[] {
  // Values ±e with five of each sign have a deviation of e·√(10/9), and a jackknife error of 9/√10 times that.
  const offset = (error / 9) * Math.sqrt(9);
  return Array.from({ length: 10 }, (_, i) =>
    Object.fromEntries(
      Object.entries(scores).map(([key, value]) => [key, (value as number) + (i % 2 ? offset : -offset)]),
    ),
  );
}

/** Text of each cell by row and column title. */
function parseTable(methods: readonly MethodResult[]): Record<string, Record<string, string>> {
  const root = new DOMParser().parseFromString(`<x>${renderResults(methods).text}</x>`, 'text/xml').documentElement!;
  const [head, ...rows] = [...root.getElementsByTagName('tr')].map((row) =>
    [...row.childNodes].filter(({ nodeName }) => /^t[hd]$/.test(nodeName)).map((cell) => cell.textContent!),
  );
  return Object.fromEntries(
    rows.map(([title, ...cells]) => [title, Object.fromEntries(cells.map((cell, i) => [head![i + 1], cell]))]),
  );
}

describe('renderResults', () => {
  test('formats rates in percent and angles in degrees, with the standard error over the unseen classes', () => {
    const { parts, verification } = base;
    const scores = { eer: 0.1, rank1: 0.5 };
    const rows = parseTable([
      method(
        'a',
        {
          ...scores,
          accuracy: 0.91234,
          auc: 0.95,
          tarAtFar: { 0.1: 0.8, 0.01: 0.25 },
          unresolvedFar: [0.01],
          angularFisherScore: 0.4,
          largestIntraClassAngle: Math.PI / 2,
          smallestInterClassAngle: Math.PI / 6,
        },
        { seconds: 75, parts: scatter(scores, 0.02) },
      ),
    ]);
    expect(parts).toHaveLength(10);
    expect(verification.unresolvedFar).toEqual([]);
    expect(rows).toEqual({
      'Equal error rate (EER)\u00A0↓': { a: '10.0% ± 2.0' },
      'Accuracy\u00A0↑': { a: '91.2%' },
      'TAR at 10%\u00A0FAR\u00A0↑': { a: '80.0%' },
      'TAR at 1%\u00A0FAR\u00A0↑': { a: '25.0% †' },
      'Area under ROC (AUC)\u00A0↑': { a: '0.950' },
      'Rank-1\u00A0↑': { a: '50.0% ± 2.0' },
      'Fisher score\u00A0↓': { a: '0.400' },
      'Largest intra-class angle\u00A0↓': { a: '90.0°' },
      'Smallest inter-class angle\u00A0↑': { a: '30.0°' },
      'Training time': { a: '1 min 15 s' },
    });
  });

  const at = (name: string, eer: number, error: number) => method(name, { eer }, { parts: scatter({ eer }, error) });

  test('marks the best and what is within noise of it, and nothing where all are', () => {
    // Parts that scatter in opposite directions: the error of the difference is the sum of both.
    const opposed = (name: string, eer: number, error: number) => at(name, eer, -error);
    const marks = (...methods: MethodResult[]) =>
      Object.values(parseTable(methods)['Equal error rate (EER)\u00A0↓']!).map((text) => text.includes('(best)'));
    expect(marks(at('a', 0.05, 0.004), opposed('b', 0.06, 0.004), opposed('c', 0.09, 0.004))).toEqual([
      true,
      true,
      false,
    ]);
    expect(marks(at('a', 0.05, 0.004), opposed('b', 0.06, 0.004))).toEqual([false, false]);
    // The same parts are as hard for both: their difference has no error.
    expect(marks(at('a', 0.05, 0.004), at('b', 0.06, 0.004))).toEqual([true, false]);
    expect(marks(method('a', { eer: 0.05 }, { parts: [] }), method('b', { eer: 0.06 }, { parts: [] }))).toEqual([
      false,
      false,
    ]);
  });

  test('shows the mean and the deviation over several seeds, and compares seed by seed', () => {
    const repeated = (name: string, ...rates: number[]) => {
      const [eer, ...others] = rates;
      const repeats = others.map((rate) => ({ scores: { ...base.verification, eer: rate }, seconds: 1 }));
      return method(name, { eer: eer! }, { repeats });
    };
    const rows = parseTable([
      repeated('a', 0.06, 0.08, 0.1),
      repeated('b', 0.07, 0.091, 0.11),
      repeated('c', 0.061, 0.0795, 0.1005),
    ]);
    expect(rows['Equal error rate (EER)\u00A0↓']).toEqual({
      a: '8.0% ± 2.0 (best)',
      b: '9.0% ± 2.0',
      c: '8.0% ± 2.0 (best)',
    });
    expect(rows['Accuracy\u00A0↑']!['a']).toMatch(/% ± 0\.0$/);
  });

  test('shows missing rates, distractors, and an unbounded Fisher score', () => {
    const rows = parseTable([
      method('a', { tarAtFar: { 0.001: 0.5 }, angularFisherScore: Infinity }),
      method('b', { tarAtFar: { 0.1: 0.9 }, rank1WithDistractors: 0.7 }),
    ]);
    expect(rows['TAR at 10%\u00A0FAR\u00A0↑']!['a']).toBe('–');
    expect(rows['Fisher score\u00A0↓']!['a']).toMatch(/^∞/);
    expect(rows['TAR at 0.1%\u00A0FAR\u00A0↑']!['b']).toBe('–');
    expect(rows['Rank-1 with distractors\u00A0↑']).toEqual({ a: '–', b: '70.0%' });
  });

  test('explains every row', () => {
    const { text } = renderResults([base]);
    const titles = [...text.matchAll(/<th scope="row">([^<]*?)(?:\u00A0[↑↓])?<\/th>/g)].map((match) => match[1]);
    expect(titles.length).toBeGreaterThan(9);
    expect([...text.matchAll(/<dt>([^<]*)<\/dt><dd>[^<]{20,}<\/dd>/g)].map((match) => match[1])).toEqual(titles);
  });
});
