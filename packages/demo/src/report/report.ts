/** Report of a run: one self-contained HTML file with tables and pictures. */

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { writeFileAtomic } from '@thetagrad/nn/node';
import type { MethodResult, Report } from './contents.ts';
import { renderAngles } from './angles.ts';
import { renderCurves } from './curves.ts';
import { formatPercent } from './format.ts';
import { type Markup, markup, trusted } from './markup.ts';
import { renderPlanes } from './plane.ts';
import { renderResults } from './results.ts';
import { renderRoc } from './roc.ts';
import { renderSamples } from './samples.ts';
import { renderSpheres, readSphereScript } from './sphere.ts';

/**
 * Writes {@link renderReport} to a file, creating its folder if necessary.
 *
 * @throws {RangeError} if the contents are inconsistent.
 */
export async function writeReport(path: string, report: Report): Promise<void> {
  const page = renderReport(report);
  await mkdir(dirname(path), { recursive: true });
  await writeFileAtomic(path, page);
}

/**
 * Renders a report as an HTML page that refers to no other file and forbids the browser to load one. Deterministic.
 *
 * @throws {RangeError} if there is no method, or the sizes of images, features, labels and weights do not match.
 */
export function renderReport(report: Report): string {
  const { title, created, command, facts, samples, methods, planes } = report;
  if (methods.length === 0) throw new RangeError('renderReport: a report needs at least one method, got none');
  const circles = planes.filter(({ dimension }) => dimension === 2);
  const spheres = planes.filter(({ dimension }) => dimension === 3);
  const script = spheres.length > 0 ? readSphereScript() : undefined;
  return markup`<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8" />
<meta name="viewport" content="width=device-width, initial-scale=1" />
<meta name="color-scheme" content="light dark" />
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src ${script ? hashScript(script) : trusted("'none'")}" />
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
${renderSection('Results on unseen classes', markup`<p>${describeRanking(methods)}</p>${renderResults(methods)}`)}
${renderSection('Images', renderImages(samples))}
${renderSection('Training', renderCurves(methods))}
${renderSection('Angles between unseen images', renderAngles(methods))}
${renderSection('ROC curves', renderRoc(methods))}
${circles.length > 0 ? renderSection('Features in the plane', renderPlanes(circles)) : ''}
${spheres.length > 0 ? renderSection('Features on the sphere', renderSpheres(spheres)) : ''}
</main>
${script ? markup`<script type="module">${script}</script>` : ''}
</body>
</html>
`.text;
}

/** Source expression of a policy that allows this script alone. */
function hashScript({ text }: Markup): Markup {
  return trusted(`'sha256-${createHash('sha256').update(text).digest('base64')}'`);
}

function renderSection(heading: string, content: Markup): Markup {
  return markup`<section><h2>${heading}</h2>${content}</section>`;
}

function renderImages({ seen, unseen }: Report['samples']): Markup {
  return markup`<div class="sheets"><figure>${renderSamples('Seen classes', seen)}<figcaption>Classes seen in training, one row of images each.</figcaption></figure>
<figure>${renderSamples('Unseen classes', unseen)}<figcaption>Unseen classes. The table measures how well a method decides whether a pair of such images is of the same class.</figcaption></figure></div>`;
}

/** Ranks the methods in one sentence. */
function describeRanking(methods: readonly MethodResult[]): string {
  const order = [...methods].sort((a, b) => a.verification.eer - b.verification.eer);
  const rates = order.map(({ name, verification }) => `${name} (${formatPercent(verification.eer)})`);
  return `By equal error rate, best first: ${rates.join(', ')}.`;
}
