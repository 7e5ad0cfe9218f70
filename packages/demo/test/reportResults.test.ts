import { DOMParser, type Element } from '@xmldom/xmldom';
import { describe, expect, test } from 'vitest';
import type { MethodResult } from '../src/report/contents.ts';
import { renderResults } from '../src/report/results.ts';
import { makeMethod } from './reportData.ts';

const base = makeMethod('softmax', 0.3);

function method(name: string, verification: Partial<MethodResult['verification']>, seconds = 1): MethodResult {
  return { ...base, name, seconds, verification: { ...base.verification, ...verification } };
}

/** Text of each cell by row and column title. */
function parseTable(methods: readonly MethodResult[]): Record<string, Record<string, string>> {
  const root = new DOMParser().parseFromString(`<x>${renderResults(methods).text}</x>`, 'text/xml').documentElement!;
  const texts = (row: Element) =>
    [...row.getElementsByTagName('*')].filter((e) => e.nodeName !== 'span').map((e) => e.textContent!);
  const [head, ...rows] = [...root.getElementsByTagName('tr')];
  const [, ...titles] = texts(head!);
  return Object.fromEntries(
    rows.map((row) => {
      const [name, ...cells] = texts(row);
      return [name, Object.fromEntries(titles.map((title, i) => [title, cells[i]!]))];
    }),
  );
}

describe('renderResults', () => {
  test('formats rates in percent and angles in degrees, and marks the best of each column', () => {
    const methods = [
      method('a', {
        accuracy: 0.91234,
        accuracyStandardError: 0.0123,
        eer: 0.1,
        auc: 0.95,
        tarAtFar: { 0.1: 0.8, 0.01: 0.25 },
        unresolvedFar: [0.01],
        rank1: 0.5,
        angularFisherScore: 0.4,
        largestIntraClassAngle: Math.PI / 2,
        smallestInterClassAngle: Math.PI / 6,
      }),
      method(
        'b',
        {
          accuracy: 0.95,
          accuracyStandardError: 0.01,
          eer: 0.05,
          auc: 0.9,
          tarAtFar: { 0.1: 0.7, 0.01: 0.5 },
          unresolvedFar: [],
          rank1: 0.6,
          angularFisherScore: 0.5,
          largestIntraClassAngle: Math.PI / 3,
          smallestInterClassAngle: Math.PI / 9,
        },
        75,
      ),
    ];
    expect(parseTable(methods)).toEqual({
      a: {
        'Accuracy ↑': '91.23% ± 1.23',
        'EER ↓': '10.00%',
        'AUC ↑': '0.9500 (best)',
        'TAR at 10% FAR ↑': '80.00% (best)',
        'TAR at 1% FAR ↑': '25.00% †',
        'Rank-1 ↑': '50.00%',
        'Fisher score ↓': '0.400 (best)',
        'Largest intra-class angle ↓': '90.0°',
        'Smallest inter-class angle ↑': '30.0° (best)',
        'Training time': '1.0 s',
      },
      b: {
        'Accuracy ↑': '95.00% ± 1.00 (best)',
        'EER ↓': '5.00% (best)',
        'AUC ↑': '0.9000',
        'TAR at 10% FAR ↑': '70.00%',
        'TAR at 1% FAR ↑': '50.00% (best)',
        'Rank-1 ↑': '60.00% (best)',
        'Fisher score ↓': '0.500',
        'Largest intra-class angle ↓': '60.0° (best)',
        'Smallest inter-class angle ↑': '20.0°',
        'Training time': '1 min 15 s',
      },
    });
  });

  test('marks all values that are displayed like the best', () => {
    const rows = parseTable([method('a', { eer: 0.050001 }), method('b', { eer: 0.05 }), method('c', { eer: 0.06 })]);
    expect(Object.values(rows).map((row) => row['EER ↓'])).toEqual(['5.00% (best)', '5.00% (best)', '6.00%']);
  });

  test('shows missing rates, distractors, and an unbounded Fisher score', () => {
    const rows = parseTable([
      method('a', { tarAtFar: { 0.001: 0.5 }, angularFisherScore: Infinity }),
      method('b', { tarAtFar: { 0.1: 0.9 }, rank1WithDistractors: 0.7 }),
    ]);
    expect(rows['a']).toMatchObject({
      'TAR at 10% FAR ↑': '–',
      'TAR at 0.1% FAR ↑': '50.00% (best)',
      'Fisher score ↓': '∞',
    });
    expect(rows['b']).toMatchObject({ 'TAR at 0.1% FAR ↑': '–', 'Rank-1 with distractors ↑': '70.00% (best)' });
    expect(rows['a']!['Rank-1 with distractors ↑']).toBe('–');
  });

  test('explains every column', () => {
    const { text } = renderResults([base]);
    const titles = [...text.matchAll(/<th scope="col">([^<]*?)(?: [↑↓])?<\/th>/g)].map((match) => match[1]);
    expect([...text.matchAll(/<dt>([^<]*)<\/dt><dd>[^<]{20,}<\/dd>/g)].map((match) => match[1])).toEqual(
      titles.slice(1),
    );
  });
});
