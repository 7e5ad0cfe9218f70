/** The report of a run: one HTML file with tables and pictures that needs nothing else. */

import { readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { VerificationReport } from '@thetagrad/a-softmax';
import { angleHistograms } from './angles.ts';
import { trainingCurves } from './curves.ts';
import { percent } from './format.ts';
import { type Markup, markup, trusted } from './markup.ts';
import { planeFigures } from './plane.ts';
import { resultsTable } from './results.ts';
import { rocFigure } from './roc.ts';
import { sampleGrid } from './samples.ts';
import { sphereFigures, sphereScript } from './sphere.ts';

/** What a run did and found: plain data, no tensors. */
export interface Report {
  readonly title: string;
  readonly created: Date;
  /** The command line that makes this report again. */
  readonly command: string;
  /** Data set, classes, net, steps, machine and so on. */
  readonly facts: readonly { readonly name: string; readonly value: string }[];
  readonly samples: { readonly seen: SampleSheet; readonly unseen: SampleSheet };
  /** At least one, in the order of the table; colours follow it. */
  readonly methods: readonly MethodResult[];
  /** Features of embeddings of 2 and 3 dimensions; may be empty. */
  readonly planes: readonly FeaturePlot[];
}

/** Images by class; the report shows at most 8 classes and 10 images of each. */
export interface SampleSheet {
  readonly height: number;
  readonly width: number;
  readonly channels: 1 | 3;
  /** Each image (C, H, W) in row-major order. */
  readonly rows: readonly { readonly className: string; readonly images: readonly Uint8Array[] }[];
}

export interface MethodResult {
  readonly name: string;
  /** By step, rising; values that are not finite are left out of the pictures. */
  readonly curve: readonly {
    readonly step: number;
    readonly loss: number;
    /** In [0, 1]. */
    readonly accuracy?: number;
    readonly lambda?: number;
  }[];
  /** Duration of training. */
  readonly seconds: number;
  /** On classes never seen in training. */
  readonly verification: VerificationReport;
}

export interface FeaturePlot {
  /** Name of the method, for the heading. */
  readonly method: string;
  readonly dimension: 2 | 3;
  /** (N, dimension) in row-major order. */
  readonly features: Float32Array;
  /** N indices of classNames. */
  readonly labels: Int32Array;
  readonly classNames: readonly string[];
  /** (classes, dimension) in row-major order: the weight vector of each class, of any length. */
  readonly weights?: Float32Array;
}

/**
 * Writes {@link renderReport} to a file and creates its folder if there is none.
 *
 * @throws what renderReport throws, or the error of the file system
 */
export async function writeReport(path: string, report: Report): Promise<void> {
  const page = renderReport(report);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, page);
}

/**
 * The report as an HTML page without any reference to another file; it forbids the browser to load one. Equal input
 * gives an equal page.
 *
 * @throws RangeError if there is no method, or the sizes of images, features, labels and weights do not fit each other
 */
export function renderReport(report: Report): string {
  const { title, created, command, facts, samples, methods, planes } = report;
  if (methods.length === 0) throw new RangeError('renderReport: a report needs at least one method, got none');
  const flat = planes.filter(({ dimension }) => dimension === 2);
  const round = planes.filter(({ dimension }) => dimension === 3);
  return markup`<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8" />
<meta name="viewport" content="width=device-width, initial-scale=1" />
<meta name="color-scheme" content="light dark" />
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'" />
<title>${title}</title>
<style>${trusted(readFileSync(new URL('./report.css', import.meta.url), 'utf8'))}</style>
</head>
<body>
<header>
<h1>${title}</h1>
<p class="made">${created.toISOString().slice(0, 16).replace('T', ' ')} UTC</p>
<pre><code>${command}</code></pre>
<dl class="facts">${facts.map(({ name, value }) => markup`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>
</header>
<main>
${section('Results on unseen classes', markup`<p>${verdict(methods)}</p>${resultsTable(methods)}`)}
${section('Images', imageFigures(samples))}
${section('Training', trainingCurves(methods))}
${section('Angles between unseen images', angleHistograms(methods))}
${section('ROC curves', rocFigure(methods))}
${flat.length > 0 ? section('Features in the plane', planeFigures(flat)) : ''}
${round.length > 0 ? section('Features on the sphere', sphereFigures(round)) : ''}
</main>
${round.length > 0 ? markup`<script type="module">${sphereScript()}</script>` : ''}
</body>
</html>
`.text;
}

function section(heading: string, content: Markup): Markup {
  return markup`<section><h2>${heading}</h2>${content}</section>`;
}

function imageFigures({ seen, unseen }: Report['samples']): Markup {
  return markup`<div class="sheets"><figure>${sampleGrid('Seen classes', seen)}<figcaption>Classes seen in training, a row of images for each.</figcaption></figure>
<figure>${sampleGrid('Unseen classes', unseen)}<figcaption>Classes never seen in training. Is a pair of these images of one class? That is the question of the table.</figcaption></figure></div>`;
}

/** The first thing to know, in a sentence. */
function verdict(methods: readonly MethodResult[]): string {
  const order = [...methods].sort((a, b) => a.verification.eer - b.verification.eer);
  const rates = order.map(({ name, verification }) => `${name} (${percent(verification.eer)})`);
  return `By equal error rate, from the best: ${rates.join(', ')}.`;
}
