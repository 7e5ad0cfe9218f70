import fc from 'fast-check';
import { DOMParser } from '@xmldom/xmldom';
import { describe, expect, test } from 'vitest';
import { shortenNames } from '../src/report/features.ts';
import { markup } from '../src/report/markup.ts';
import { drawSphere } from '../src/report/sphereView.js';
import {
  dropNearbyPoints,
  downsampleRange,
  downsample,
  computeMovingMean,
  samplePerClass,
} from '../src/report/downsample.ts';

const points = fc
  .array(
    fc.integer({ min: -100_000, max: 100_000 }).map((n) => n / 1000),
    { minLength: 1, maxLength: 300 },
  )
  .map((values) => values.map((y, x) => ({ x, y })));

describe('markup', () => {
  test('any text round-trips through an element and an attribute', () => {
    const text = fc.string({
      unit: fc.constantFrom('<', '>', '&', '"', "'", ';', ' ', '/', '#39', 'amp', 'é', '∞', '😀'),
    });
    fc.assert(
      fc.property(text, (value) => {
        const { text: xml } = markup`<a b="${value}">${value}</a>`;
        const element = new DOMParser().parseFromString(xml, 'text/xml').documentElement!;
        expect(element.textContent).toBe(value);
        expect(element.getAttribute('b')).toBe(value);
      }),
    );
  });

  test('replaces characters that a document may not contain', () => {
    expect(markup`${'a\u0000b\u001Bc\uD800d'}`.text).toBe('a\uFFFDb\uFFFDc\uFFFDd');
  });

  test('rounds numbers to hundredths and refuses those that are not finite', () => {
    expect(markup`${1 / 3} ${[2, markup`<b />`]}`.text).toBe('0.33 2<b />');
    expect(() => markup`${NaN}`).toThrow('markup: a number must be finite, got NaN');
  });
});

describe('shortenNames', () => {
  test('drops common leading words, never a whole name, and truncates long names', () => {
    expect(shortenNames(['glyph 3', 'glyph 14'])).toEqual(['3', '14']);
    expect(shortenNames(['Greek alpha', 'Greek beta', 'Latin a'])).toEqual(['Greek a…', 'Greek b…', 'Latin a']);
    expect(shortenNames(['glyph', 'glyph 2'])).toEqual(['glyph', 'glyph 2']);
    expect(shortenNames(['glyph 3'])).toEqual(['glyph 3']);
    expect(shortenNames([])).toEqual([]);
  });
});

describe('downsampling', () => {
  test('downsampleRange keeps the extremes and the order within the limit', () => {
    fc.assert(
      fc.property(points, fc.integer({ min: 2, max: 50 }), (all, max) => {
        const kept = downsampleRange(all, max);
        expect(kept.length).toBeLessThanOrEqual(max);
        const values = all.map(({ y }) => y);
        expect(kept.map(({ y }) => y)).toEqual(expect.arrayContaining([Math.min(...values), Math.max(...values)]));
        expect(kept).toEqual([...kept].sort((a, b) => a.x - b.x));
      }),
    );
  });

  test('dropNearbyPoints keeps the ends, and a point near each that it drops', () => {
    fc.assert(
      fc.property(points, fc.double({ min: 0.1, max: 30, noNaN: true }), (all, distance) => {
        const kept = dropNearbyPoints(all, distance);
        expect(kept[0]).toBe(all[0]);
        expect(kept[kept.length - 1]).toBe(all[all.length - 1]);
        for (const { x, y } of all) {
          expect(Math.min(...kept.map((k) => Math.abs(k.x - x) + Math.abs(k.y - y)))).toBeLessThan(distance);
        }
      }),
    );
  });

  test('downsample keeps both ends and about the given number', () => {
    fc.assert(
      fc.property(points, fc.integer({ min: 1, max: 50 }), (all, max) => {
        const kept = downsample(all, max);
        expect(kept.length).toBeLessThanOrEqual(max + 1);
        expect([kept[0], kept[kept.length - 1]]).toEqual([all[0], all[all.length - 1]]);
      }),
    );
  });

  test('computeMovingMean is a centered mean, over fewer values at the ends', () => {
    expect(computeMovingMean([1, 2, 6, 4], 3)).toEqual([1.5, 3, 4, 5]);
    expect(computeMovingMean([1, 2, 6, 4], 0)).toEqual([1, 2, 6, 4]);
  });

  test('samplePerClass samples a share of each class, in any order of labels', () => {
    const interleaved = Int32Array.from({ length: 6000 }, (_, i) => i % 10);
    const sorted = Int32Array.from(interleaved).sort();
    for (const labels of [interleaved, sorted]) {
      const samples = samplePerClass(labels, 10, 1500);
      expect(samples.map((indices) => indices.length)).toEqual(new Array(10).fill(150));
      samples.forEach((indices, label) => {
        expect(new Set(indices).size).toBe(150);
        expect(indices.every((i) => labels[i] === label)).toBe(true);
      });
    }
    expect(samplePerClass(Int32Array.of(0, 0, 2), 3, 100)).toEqual([[0, 1], [], [2]]);
  });
});

describe('drawSphere', () => {
  const scene = {
    points: [
      [1000, 0, 0],
      [-1000, 0, 0],
    ],
    directions: [0, 1000, 0, 0, 0, 1000],
  };

  test('projects the point toward the viewer to the center of the near side, and its opposite to the far side', () => {
    const { layers } = drawSphere(scene, { azimuth: 0, elevation: 0 });
    const [, farFirst, farSecond, , nearFirst, nearSecond] = layers;
    expect([nearFirst, farFirst]).toEqual(['M0.0,0.0h0', '']);
    expect([nearSecond, farSecond]).toEqual(['', 'M0.0,0.0h0']);
  });

  test('shows y to the right and z up', () => {
    const { labels } = drawSphere(scene, { azimuth: 0, elevation: 0 });
    expect(labels.map(({ x, y }) => [x, y])).toEqual([
      [100, 0],
      [0, -100],
    ]);
  });

  test('is a rotation and a projection onto the disc', () => {
    const angle = fc.integer({ min: -1000, max: 1000 }).map((n) => (n / 1000) * Math.PI);
    fc.assert(
      fc.property(angle, angle, (azimuth, elevation) => {
        // The projections of three axes at right angles have squares that sum to 2 R².
        const axes = drawSphere(
          { points: [], directions: [1000, 0, 0, 0, 1000, 0, 0, 0, 1000] },
          { azimuth, elevation },
        ).labels;
        expect(axes.reduce((sum, { x, y }) => sum + x * x + y * y, 0)).toBeCloseTo(20_000, 6);
        for (const { x, y } of axes) expect(Math.hypot(x, y)).toBeLessThan(100 + 1e-9);
      }),
    );
  });
});
