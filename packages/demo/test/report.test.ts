import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DOMParser, type Element, onErrorStopParsing } from '@xmldom/xmldom';
import { decode } from 'fast-png';
import { describe, expect, test } from 'vitest';
import type { Report } from '../src/report/contents.ts';
import { renderReport, writeReport } from '../src/report/report.ts';
import { acceptRate } from '../src/report/roc.ts';
import { describeVerdict } from '../src/report/verdict.ts';
import { makeMethod, makePlane, makeReport, makeSheet } from './reportData.ts';

const report = makeReport();
const page = renderReport(report);

/** Parses the page, which is also XML except for the script. Throws on the first error. */
function parse(html: string): Element {
  const xml = html.replace(/<script type="module">.*<\/script>/s, '');
  return new DOMParser({ onError: onErrorStopParsing }).parseFromString(xml, 'text/xml').documentElement!;
}

const root = parse(page);

function byTag(tag: string, within: Element = root): Element[] {
  return Array.from(within.getElementsByTagName(tag));
}

function byClass(name: string, within: Element = root): Element[] {
  return Array.from(within.getElementsByClassName(name)) as Element[];
}

function findSection(heading: string): Element {
  return byTag('section').find((element) => byTag('h2', element)[0]!.textContent === heading)!;
}

describe('the page', () => {
  test('refers to no other file and forbids the browser to load one', () => {
    const references = [...page.matchAll(/\b(?:src|href|srcset|action|data|poster)="([^"]*)"/g)].map(
      (match) => match[1]!,
    );
    expect(references.filter((reference) => !reference.startsWith('#'))).toHaveLength(2);
    for (const reference of references) expect(reference).toMatch(/^(?:data:image\/png;base64,|#)/);
    expect(page).not.toMatch(/https?:|url\(|@import|<link|<iframe|<object|<base/);
    expect(byTag('meta').map((meta) => meta.getAttribute('content'))).toContainEqual(
      expect.stringContaining("default-src 'none'"),
    );
  });

  test('has no code in attributes, which a strict policy forbids', () => {
    expect(page).not.toMatch(/\son\w+="|javascript:|\sstyle="/);
  });

  test('links to every section', () => {
    const links = byTag('a', byTag('nav')[0]).map((link) => link.getAttribute('href'));
    expect(links).toEqual(byTag('section').map((section) => `#${section.getAttribute('id')}`));
    expect(links).toHaveLength(8);
  });

  test('begins with the verdict', () => {
    const { outcome, caution } = describeVerdict(report.methods, report.seeds);
    expect(byClass('verdict')[0]!.textContent!.replaceAll('\u00A0', ' ')).toBe(`${outcome}${caution}`);
    expect(byClass('undecided')).toHaveLength(0);
    const alone = parse(renderReport({ ...report, methods: report.methods.slice(0, 1) }));
    expect(byClass('undecided', alone)).toHaveLength(1);
  });

  test('closes every element and quotes every attribute', () => {
    expect(root.nodeName).toBe('html');
    expect(() => parse(page.replace('</figure>', ''))).toThrow(/figure/);
  });

  test('does not split A-Softmax in the head of the table', () => {
    const words = byClass('word', byTag('thead')[0]).map((word) => word.textContent);
    expect(words).toEqual(['A-Softmax', 'A-Softmax', 'A-Softmax']);
  });

  test('shows title, date, command and facts', () => {
    expect(byTag('title')[0]!.textContent).toBe(report.title);
    expect(byTag('h1')[0]!.textContent).toBe(report.title);
    expect(byClass('made')[0]!.textContent).toBe(`${report.summary} · 2025-01-02 03:04 UTC`);
    expect(byTag('code')[0]!.textContent).toBe(report.command);
    const facts = byClass('facts')[0]!;
    expect(byTag('dt', facts).map((e) => e.textContent)).toEqual(report.facts.map(({ name }) => name));
    expect(byTag('dd', facts).map((e) => e.textContent)).toEqual(report.facts.map(({ value }) => value));
  });

  test('is deterministic', () => {
    expect(renderReport(report)).toBe(page);
  });

  test('stays small for large inputs', () => {
    const method = makeMethod('m', 0.3, { steps: 30_000, margin: true });
    const methods = report.methods.map(({ name }) => ({ ...method, name }));
    const planes = ([2, 3] as const).flatMap((dimension) =>
      methods.map(({ name }) => makePlane(name, dimension, 0.2, 500)),
    );
    const sheet = makeSheet({ rows: 9, columns: 11, size: 112, channels: 3 });
    const large = renderReport({ ...report, methods, planes, samples: { seen: sheet, unseen: sheet } });
    expect(large.length).toBeLessThan(1_500_000);
  });

  test('escapes all text', () => {
    const hostile = `<img src=x onerror="alert('1')">&amp;</script>`;
    const named = makePlane(hostile, 2, 0.2, 3);
    const sheet = {
      ...makeSheet({ rows: 1, columns: 1 }),
      rows: [{ className: hostile, images: [new Uint8Array(784)] }],
    };
    const planes = [named, makePlane(hostile, 3, 0.2, 3)].map((plane) => ({
      ...plane,
      classNames: plane.classNames.map(() => hostile),
    }));
    const html = renderReport({
      ...report,
      title: hostile,
      command: hostile,
      facts: [{ name: hostile, value: hostile }],
      samples: { seen: sheet, unseen: sheet },
      methods: [makeMethod(hostile, 0.3, { margin: true })],
      planes,
    });
    const parsed = parse(html);
    expect(byTag('title', parsed)[0]!.textContent).toBe(hostile);
    expect(byTag('code', parsed)[0]!.textContent).toBe(hostile);
    expect(byClass('names', parsed)[0]!.textContent).toBe(hostile);
    expect(byTag('th', parsed).map((e) => e.textContent)).toContain(hostile);
    expect(byTag('img', parsed)).toHaveLength(2);
    expect(html.match(/<\/script>/g)).toHaveLength(1);
  });

  test('allows its own script alone', () => {
    const policyOf = (html: string): string => /script-src ([^"]*)"/.exec(html)![1]!;
    const script = /<script type="module">(.*)<\/script>/s.exec(page)![1]!;
    expect(policyOf(page)).toBe(`'sha256-${createHash('sha256').update(script).digest('base64')}'`);
    const planes = report.planes.filter(({ dimension }) => dimension === 2);
    expect(policyOf(renderReport({ ...report, planes }))).toBe("'none'");
  });

  test('needs at least one method', () => {
    expect(() => renderReport({ ...report, methods: [] })).toThrow('renderReport: a report needs at least one method');
  });
});

describe('pictures', () => {
  test('have a description and a caption', () => {
    const pictures = byTag('svg').filter((svg) => svg.getAttribute('aria-hidden') !== 'true');
    // Gains, loss, accuracy, two columns of angles, two ROC curves; per method a scatter plot, a circle and a sphere.
    expect(pictures).toHaveLength(7 + 5 * 3);
    for (const svg of pictures) {
      expect(svg.getAttribute('role')).toBe('img');
      expect(svg.getAttribute('aria-label')!.length).toBeGreaterThan(40);
    }
    for (const image of byTag('img')) expect(image.getAttribute('alt')).toContain('glyph 0');
    for (const figure of byTag('figure'))
      expect(byTag('figcaption', figure)[0]!.textContent!.length).toBeGreaterThan(40);
  });

  test('give each method one color everywhere', () => {
    report.methods.forEach(({ name }, i) => {
      const entries = byClass('legend')
        .flatMap((legend) => byTag('li', legend))
        .filter((li) => li.textContent === name);
      expect(entries).toHaveLength(2);
      for (const entry of entries) expect(byTag('svg', entry)[0]!.getAttribute('class')).toBe(`swatch m${i}`);
      const row = byClass('ridge')[i]!;
      expect(byClass('label', row)[0]!.textContent).toBe(name);
      expect(byClass(`m${i}`, row)).toHaveLength(1);
    });
  });

  test('show every method in every section', () => {
    for (const { name } of report.methods) {
      for (const heading of ['Features in the plane', 'Features on the sphere']) {
        expect(byTag('h3', findSection(heading)).map((e) => e.textContent)).toContain(name);
      }
    }
    for (const heading of ['ROC curves', 'Training'])
      expect(byClass('line', findSection(heading)).length).toBeGreaterThan(9);
  });

  test('mark the threshold at the equal error rate', () => {
    const { eer } = report.methods[0]!.verification;
    const row = byClass('ridge')[0]!;
    const text = byClass('label', row)[1]!.textContent!;
    expect(text).toMatch(new RegExp(`^EER ${(100 * eer).toFixed(1)}% at \\d+\\.\\d°$`));
    // The angle in the label equals that of the line on the axis from 0° to 180°.
    const x = Number(/^M([\d.]+),/.exec(byClass('threshold', row)[0]!.getAttribute('d')!)![1]);
    expect(((x - 12) / (408 - 12)) * 180).toBeCloseTo(Number(/at ([\d.]+)°/.exec(text)![1]), 0);
  });

  test('draw histograms of area 1', () => {
    const shapes = byClass('area', findSection('Angles between unseen images')).map((path) => path.getAttribute('d')!);
    const areas = shapes.map((d) => {
      const steps = [...d.matchAll(/V(-?[\d.]+)H([\d.]+)/g)].map((match) => ({
        y: Number(match[1]),
        x: Number(match[2]),
      }));
      return steps.reduce((sum, { x, y }, i) => sum - y * (x - (i === 0 ? 12 : steps[i - 1]!.x)), 0);
    });
    expect(areas).toHaveLength(10);
    for (const area of areas) expect(area / areas[0]!).toBeCloseTo(1, 1);
  });

  test('show ROC curves from 0.1% to 10% of false accepts, and their differences from the first method', () => {
    const [curves, differences] = byTag('svg', findSection('ROC curves')).filter((svg) => svg.getAttribute('role'));
    const ticks = byTag('text', curves).map((text) => text.textContent);
    expect(ticks.slice(0, 7)).toEqual(['0.1%', '0.2%', '0.5%', '1%', '2%', '5%', '10%']);
    const path = byClass('line', differences!)[0]!.getAttribute('d')!;
    expect(new Set([...path.matchAll(/,([\d.]+)/g)].map((match) => match[1])).size).toBe(1);
    const { roc, eer } = report.methods[0]!.verification;
    expect(acceptRate(roc, eer)).toBeCloseTo(1 - eer, 10);
    expect(acceptRate(roc, 1)).toBe(1);
  });

  test('place the names of classes next to the bars around the circle', () => {
    const circle = byTag('svg', findSection('Features in the plane')).filter((svg) => svg.getAttribute('role'))[1]!;
    const radii = byClass('label', circle).map((label) =>
      Math.hypot(Number(label.getAttribute('x')) - 150, Number(label.getAttribute('y')) - 4 - 150),
    );
    expect(Math.min(...radii)).toBeGreaterThan(99);
    expect(Math.max(...radii)).toBeLessThan(141);
  });

  test('place them at the bars, not at the weights, and apart from each other', () => {
    const angles = [0, 0.05, 0.1, 3];
    const planes = [
      {
        method: 'softmax',
        dimension: 2 as const,
        classNames: ['one', 'two', 'three', 'four'],
        features: Float32Array.from(angles.flatMap((angle) => [5 * Math.cos(angle), 5 * Math.sin(angle)])),
        labels: Int32Array.of(0, 1, 2, 3),
        weights: Float32Array.from(angles.flatMap((angle) => [Math.cos(angle + 0.5), Math.sin(angle + 0.5)])),
      },
    ];
    const figure = byTag('section', parse(renderReport({ ...report, planes }))).find(
      (section) => section.getAttribute('id') === 'plane',
    )!;
    const circle = byTag('svg', figure).filter((svg) => svg.getAttribute('role'))[1]!;
    const places = byClass('label', circle).map((label) => ({
      x: Number(label.getAttribute('x')) - 150,
      y: 150 - (Number(label.getAttribute('y')) - 4),
    }));
    expect(places).toHaveLength(4);
    places.forEach(({ x, y }, i) => {
      expect(Math.abs(Math.atan2(y, x) - angles[i]!)).toBeLessThan(i === 0 || i === 3 ? 0.01 : 0.2);
      for (const other of places.slice(0, i)) {
        expect(Math.abs(other.y - y) > 12.9 || Math.abs(other.x - x) > 24).toBe(true);
      }
    });
  });

  test('have minus signs on axes', () => {
    const labels = byClass('axis').flatMap((axis) => byTag('text', axis).map((text) => text.textContent!));
    expect(labels.filter((text) => /^−\d/.test(text)).length).toBeGreaterThan(10);
    expect(labels.filter((text) => /-\d/.test(text))).toEqual([]);
  });

  test('encode sample images as an upright PNG with transparent gaps', () => {
    const source = byTag('img')[0]!.getAttribute('src')!;
    const png = decode(Buffer.from(source.slice(source.indexOf(',') + 1), 'base64'));
    expect([png.width, png.height, png.channels]).toEqual([10 * 29 - 1, 6 * 29 - 1, 2]);
    const image = report.samples.seen.rows[2]!.images[3]!;
    const pixel = (x: number, y: number) =>
      Array.from(png.data.slice(2 * (y * png.width + x), 2 * (y * png.width + x) + 2));
    for (const [x, y] of [
      [5, 9],
      [20, 14],
    ] as const) {
      expect(pixel(3 * 29 + x, 2 * 29 + y)).toEqual([image[y * 28 + x], 255]);
    }
    expect(pixel(28, 10)[1]).toBe(0);
  });

  test('interleave the planes of color images', () => {
    const image = Uint8Array.from([10, 20, 30, 40, 50, 60]);
    const sheet = { height: 1, width: 2, channels: 3 as const, rows: [{ className: 'a', images: [image] }] };
    const parsed = parse(renderReport({ ...report, samples: { seen: sheet, unseen: sheet } }));
    const source = byTag('img', parsed)[0]!.getAttribute('src')!;
    const png = decode(Buffer.from(source.slice(source.indexOf(',') + 1), 'base64'));
    expect(Array.from(png.data)).toEqual([10, 30, 50, 255, 20, 40, 60, 255]);
  });

  test('omit what is missing', () => {
    const method = report.methods[0]!;
    const curve = method.curve.map(({ step, loss }) => ({ step, loss }));
    const empty = { ...makeSheet(), rows: [] };
    const parsed = parse(
      renderReport({ ...report, methods: [{ ...method, curve }], planes: [], samples: { seen: empty, unseen: empty } }),
    );
    const headings = byTag('h2', parsed).map((e) => e.textContent);
    expect(headings).not.toContain('Features in the plane');
    expect(headings).not.toContain('Features on the sphere');
    const text = byTag('main', parsed)[0]!.textContent!;
    expect(text).not.toContain('λ');
    expect(text).not.toContain('Accuracy on the batch');
    expect(text).toContain('No images.');
  });

  test('omit training values that are not finite', () => {
    const method = report.methods[0]!;
    const curve = method.curve.map((entry, i) => ({ ...entry, loss: i > 300 ? NaN : entry.loss }));
    const html = renderReport({ ...report, methods: [{ ...method, curve }] });
    expect(html).not.toMatch(/NaN|Infinity/);
    expect(renderReport({ ...report, methods: [{ ...method, curve: [] }] })).not.toMatch(/NaN|Infinity/);
  });
});

describe('refuses inputs that do not match', () => {
  const plane = makePlane('softmax', 2, 0.2, 3);
  const cases: [string, Partial<Report>, string][] = [
    [
      'features',
      { planes: [{ ...plane, features: new Float32Array(5) }] },
      'features of softmax: 24 labels need 48 values, got 5',
    ],
    ['weights', { planes: [{ ...plane, weights: new Float32Array(5) }] }, '8 classes need 16 weights, got 5'],
    ['labels', { planes: [{ ...plane, labels: new Int32Array(24).fill(8) }] }, 'label 8 is outside 0 … 7'],
    ['values', { planes: [{ ...plane, features: new Float32Array(48).fill(NaN) }] }, 'every value must be finite'],
    [
      'images',
      { samples: { seen: { ...makeSheet(), height: 29 }, unseen: makeSheet() } },
      'an image of class glyph 0 of 1 × 29 × 28 needs 812 values, got 784',
    ],
  ];
  test.each(cases)('%s', (_, changed, message) => {
    expect(() => renderReport({ ...report, ...changed })).toThrow(message);
  });
});

describe('writeReport', () => {
  test('writes the page, creating the folder', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'report-'));
    try {
      const path = join(folder, 'new', 'report.html');
      await writeReport(path, report);
      expect(await readFile(path, 'utf8')).toBe(page);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
