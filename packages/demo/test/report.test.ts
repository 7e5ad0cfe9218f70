import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DOMParser, type Element, onErrorStopParsing } from '@xmldom/xmldom';
import { decode } from 'fast-png';
import { describe, expect, it } from 'vitest';
import { renderReport, type Report, writeReport } from '../src/report/report.ts';
import { makeMethod, makePlane, makeReport, makeSheet } from './report-data.ts';

const report = makeReport();
const page = renderReport(report);

/** The page is written so that it is XML as well, but for the script. Throws on the first error. */
function parse(html: string): Element {
  const xml = html.replace(/<script type="module">.*<\/script>/s, '');
  return new DOMParser({ onError: onErrorStopParsing }).parseFromString(xml, 'text/xml').documentElement!;
}

const root = parse(page);

function all(tag: string, within: Element = root): Element[] {
  return Array.from(within.getElementsByTagName(tag));
}

function withClass(name: string, within: Element = root): Element[] {
  return Array.from(within.getElementsByClassName(name)) as Element[];
}

function section(heading: string): Element {
  return all('section').find((element) => all('h2', element)[0]!.textContent === heading)!;
}

describe('the page', () => {
  it('refers to nothing outside itself and forbids the browser to load anything', () => {
    const references = [...page.matchAll(/\b(?:src|href|srcset|action|data|poster)="([^"]*)"/g)].map(
      (match) => match[1]!,
    );
    expect(references).toHaveLength(2);
    for (const reference of references) expect(reference).toMatch(/^data:image\/png;base64,/);
    expect(page).not.toMatch(/https?:|url\(|@import|<link|<iframe|<object|<base/);
    expect(all('meta').map((meta) => meta.getAttribute('content'))).toContainEqual(
      expect.stringContaining("default-src 'none'"),
    );
  });

  it('has every element closed and every attribute quoted', () => {
    expect(root.nodeName).toBe('html');
    expect(() => parse(page.replace('</figure>', ''))).toThrow(/figure/);
  });

  it('shows title, date, command and facts', () => {
    expect(all('title')[0]!.textContent).toBe(report.title);
    expect(all('h1')[0]!.textContent).toBe(report.title);
    expect(withClass('made')[0]!.textContent).toBe('2025-01-02 03:04 UTC');
    expect(all('code')[0]!.textContent).toBe(report.command);
    const facts = withClass('facts')[0]!;
    expect(all('dt', facts).map((e) => e.textContent)).toEqual(report.facts.map(({ name }) => name));
    expect(all('dd', facts).map((e) => e.textContent)).toEqual(report.facts.map(({ value }) => value));
  });

  it('is the same for the same input', () => {
    expect(renderReport(report)).toBe(page);
  });

  it('stays small, however much there is to show', () => {
    const method = makeMethod('m', 0.3, { steps: 30_000, margin: true });
    const methods = report.methods.map(({ name }) => ({ ...method, name }));
    const planes = ([2, 3] as const).flatMap((dimension) =>
      methods.map(({ name }) => makePlane(name, dimension, 0.2, 500)),
    );
    const sheet = makeSheet({ rows: 9, columns: 11, size: 112, channels: 3 });
    const large = renderReport({ ...report, methods, planes, samples: { seen: sheet, unseen: sheet } });
    expect(large.length).toBeLessThan(1_500_000);
  });

  it('escapes all text', () => {
    const evil = `<img src=x onerror="alert('1')">&amp;</script>`;
    const named = makePlane(evil, 2, 0.2, 3);
    const sheet = { ...makeSheet({ rows: 1, columns: 1 }), rows: [{ className: evil, images: [new Uint8Array(784)] }] };
    const planes = [named, makePlane(evil, 3, 0.2, 3)].map((plane) => ({
      ...plane,
      classNames: plane.classNames.map(() => evil),
    }));
    const html = renderReport({
      ...report,
      title: evil,
      command: evil,
      facts: [{ name: evil, value: evil }],
      samples: { seen: sheet, unseen: sheet },
      methods: [makeMethod(evil, 0.3, { margin: true })],
      planes,
    });
    const parsed = parse(html);
    expect(all('title', parsed)[0]!.textContent).toBe(evil);
    expect(all('code', parsed)[0]!.textContent).toBe(evil);
    expect(withClass('names', parsed)[0]!.textContent).toBe(evil);
    expect(all('th', parsed).map((e) => e.textContent)).toContain(evil);
    expect(all('img', parsed)).toHaveLength(2);
    expect(html.match(/<\/script>/g)).toHaveLength(1);
  });

  it('needs at least one method', () => {
    expect(() => renderReport({ ...report, methods: [] })).toThrow('renderReport: a report needs at least one method');
  });
});

describe('pictures', () => {
  it('are described in words and explained by a caption', () => {
    const pictures = all('svg').filter((svg) => svg.getAttribute('aria-hidden') !== 'true');
    // Loss, accuracy, two ROC curves; per method a histogram, a scatter plot, a circle and a sphere.
    expect(pictures).toHaveLength(4 + 5 * 4);
    for (const svg of pictures) {
      expect(svg.getAttribute('role')).toBe('img');
      expect(svg.getAttribute('aria-label')!.length).toBeGreaterThan(40);
    }
    for (const image of all('img')) expect(image.getAttribute('alt')).toContain('glyph 0');
    for (const figure of all('figure')) expect(all('figcaption', figure)[0]!.textContent!.length).toBeGreaterThan(40);
  });

  it('give a method one colour everywhere', () => {
    report.methods.forEach(({ name }, i) => {
      const entries = withClass('legend')
        .flatMap((legend) => all('li', legend))
        .filter((li) => li.textContent === name);
      expect(entries).toHaveLength(2);
      for (const entry of entries) expect(all('svg', entry)[0]!.getAttribute('class')).toBe(`swatch m${i}`);
      const panel = withClass('panel', section('Angles between unseen images'))[i]!;
      expect(all('h3', panel)[0]!.textContent).toBe(name);
      expect(withClass(`m${i}`, panel)).toHaveLength(1);
    });
  });

  it('show every method in every section', () => {
    for (const { name } of report.methods) {
      for (const heading of ['Angles between unseen images', 'Features in the plane', 'Features on the sphere']) {
        expect(all('h3', section(heading)).map((e) => e.textContent)).toContain(name);
      }
    }
    for (const heading of ['ROC curves', 'Training'])
      expect(withClass('line', section(heading)).length).toBeGreaterThan(9);
  });

  it('mark the threshold at the equal error rate', () => {
    const { eer } = report.methods[0]!.verification;
    const panel = withClass('panel', section('Angles between unseen images'))[0]!;
    const text = withClass('label', panel)[0]!.textContent!;
    expect(text).toMatch(new RegExp(`^EER ${(100 * eer).toFixed(2)}% at \\d+\\.\\d°$`));
    // The angle in words and the line on the axis from 0° to 180° say the same.
    const x = Number(/^M([\d.]+),/.exec(withClass('threshold', panel)[0]!.getAttribute('d')!)![1]);
    expect(((x - 60) / (344 - 60)) * 180).toBeCloseTo(Number(/at ([\d.]+)°/.exec(text)![1]), 0);
  });

  it('draw histograms of area 1', () => {
    const shapes = withClass('area', section('Angles between unseen images')).map((path) => path.getAttribute('d')!);
    const areas = shapes.map((d) => {
      const steps = [...d.matchAll(/V([\d.]+)H([\d.]+)/g)].map((match) => ({
        y: Number(match[1]),
        x: Number(match[2]),
      }));
      return steps.reduce((sum, { x, y }, i) => sum + (204 - y) * (x - (i === 0 ? 60 : steps[i - 1]!.x)), 0);
    });
    expect(areas).toHaveLength(10);
    for (const area of areas) expect(area / areas[0]!).toBeCloseTo(1, 1);
  });

  it('put sample images into a PNG, the right way up, with gaps that let the page through', () => {
    const source = all('img')[0]!.getAttribute('src')!;
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

  it('show colour images from their planes', () => {
    const image = Uint8Array.from([10, 20, 30, 40, 50, 60]);
    const sheet = { height: 1, width: 2, channels: 3 as const, rows: [{ className: 'a', images: [image] }] };
    const parsed = parse(renderReport({ ...report, samples: { seen: sheet, unseen: sheet } }));
    const source = all('img', parsed)[0]!.getAttribute('src')!;
    const png = decode(Buffer.from(source.slice(source.indexOf(',') + 1), 'base64'));
    expect(Array.from(png.data)).toEqual([10, 30, 50, 255, 20, 40, 60, 255]);
  });

  it('leave out what is not there', () => {
    const method = report.methods[0]!;
    const curve = method.curve.map(({ step, loss }) => ({ step, loss }));
    const empty = { ...makeSheet(), rows: [] };
    const parsed = parse(
      renderReport({ ...report, methods: [{ ...method, curve }], planes: [], samples: { seen: empty, unseen: empty } }),
    );
    const headings = all('h2', parsed).map((e) => e.textContent);
    expect(headings).not.toContain('Features in the plane');
    expect(headings).not.toContain('Features on the sphere');
    const text = all('main', parsed)[0]!.textContent!;
    expect(text).not.toContain('λ');
    expect(text).not.toContain('Accuracy on the batch');
    expect(text).toContain('No images.');
  });

  it('leave out values of training that are not finite', () => {
    const method = report.methods[0]!;
    const curve = method.curve.map((entry, i) => ({ ...entry, loss: i > 300 ? NaN : entry.loss }));
    const html = renderReport({ ...report, methods: [{ ...method, curve }] });
    expect(html).not.toMatch(/NaN|Infinity/);
    expect(renderReport({ ...report, methods: [{ ...method, curve: [] }] })).not.toMatch(/NaN|Infinity/);
  });
});

describe('inputs that do not fit are refused', () => {
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
      'an image of class glyph 0 has 784 values; 29 × 28 × 1 needs 812',
    ],
  ];
  it.each(cases)('%s', (_, changed, message) => {
    expect(() => renderReport({ ...report, ...changed })).toThrow(message);
  });
});

describe('writeReport', () => {
  it('writes the page into a folder that need not exist', async () => {
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
