/** Report of a run: one self-contained HTML file with tables and pictures. */

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { writeFileAtomic } from '@thetagrad/nn/node';
import { createFolder } from '../folders.ts';
import type { Report } from './contents.ts';
import { renderAngles } from './angles.ts';
import { renderCurves } from './curves.ts';
import { keepFormulas } from './format.ts';
import { renderGains } from './gains.ts';
import { keepWords, type Markup, markup, trusted } from './markup.ts';
import { renderPlanes } from './plane.ts';
import { renderResults } from './results.ts';
import { renderRoc } from './roc.ts';
import { renderSamples } from './samples.ts';
import { renderSpheres, readSphereScript } from './sphere.ts';
import { describeVerdict } from './verdict.ts';

/**
 * Writes {@link renderReport} to a file, creating its folder if necessary.
 *
 * @throws {RangeError} if the contents are inconsistent.
 */
export async function writeReport(path: string, report: Report): Promise<void> {
  const page = renderReport(report);
  await createFolder(dirname(path));
  await writeFileAtomic(path, page);
}

/**
 * Renders a report as an HTML page that refers to no other file and forbids the browser to load one. Deterministic.
 *
 * @throws {RangeError} if there is no method, or the sizes of images, features, labels and weights do not match.
 */
export function renderReport(report: Report): string {
  const { title, summary, created, methods, seeds, planes } = report;
  if (methods.length === 0) throw new RangeError('renderReport: a report needs at least one method, got none');
  const script = planes.some(({ dimension }) => dimension === 3) ? readSphereScript() : undefined;
  const { outcome, caution, decided } = describeVerdict(methods, seeds);
  const sections = createSections(report);
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
<p class="made">${summary} · ${created.toISOString().slice(0, 16).replace('T', ' ')} UTC</p>
<div class="verdict ${decided ? '' : 'undecided'}"><p>${keepWords(keepFormulas(outcome))}</p><p class="note">${keepWords(caution)}</p></div>
</header>
<nav aria-label="Sections"><ul>${sections.map(({ id, link }) => markup`<li><a href="#${id}">${link}</a></li>`)}</ul></nav>
<main>
${sections.map(({ id, heading, content }) => markup`<section id="${id}"><h2>${heading}</h2>${content}</section>\n`)}
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

interface Section {
  readonly id: string;
  /** Word in the navigation. */
  readonly link: string;
  readonly heading: string;
  readonly content: Markup;
}

function createSections({ methods, samples, planes, command, facts }: Report): Section[] {
  const circles = planes.filter(({ dimension }) => dimension === 2);
  const spheres = planes.filter(({ dimension }) => dimension === 3);
  const sections: (Section | false)[] = [
    {
      id: 'results',
      link: 'Results',
      heading: 'Results on unseen classes',
      content: markup`${renderGains(methods)}${renderResults(methods)}`,
    },
    { id: 'images', link: 'Images', heading: 'Images', content: renderImages(samples) },
    { id: 'training', link: 'Training', heading: 'Training', content: renderCurves(methods) },
    { id: 'angles', link: 'Angles', heading: 'Angles between unseen images', content: renderAngles(methods) },
    { id: 'roc', link: 'ROC', heading: 'ROC curves', content: renderRoc(methods) },
    circles.length > 0 && {
      id: 'plane',
      link: 'Plane',
      heading: 'Features in the plane',
      content: renderPlanes(circles),
    },
    spheres.length > 0 && {
      id: 'sphere',
      link: 'Sphere',
      heading: 'Features on the sphere',
      content: renderSpheres(spheres),
    },
    {
      id: 'run',
      link: 'Run',
      heading: 'This run',
      content: markup`<dl class="facts">${facts.map(({ name, value }) => markup`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>
<pre><code>${keepWords(command)}</code></pre>`,
    },
  ];
  return sections.filter((section) => section !== false);
}

function renderImages({ seen, unseen }: Report['samples']): Markup {
  return markup`<div class="sheets"><figure>${renderSamples('Seen classes', seen)}<figcaption>Classes seen in training, one row of images each.</figcaption></figure>
<figure>${renderSamples('Unseen classes', unseen)}<figcaption>Unseen classes. The table measures how well a method decides whether a pair of such images is of the same class.</figcaption></figure></div>`;
}
