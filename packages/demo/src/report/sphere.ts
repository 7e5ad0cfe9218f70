/** Directions of the features of a 3-D embedding on the sphere. */

import { readFileSync } from 'node:fs';
import {
  type ClassFeatures,
  groupByClass,
  renderClassLegend,
  describeDirections,
  formatMeanAngle,
  normalizeAll,
  type Vector,
} from './features.ts';
import { type Markup, markup, trusted } from './markup.ts';
import { renderFigure } from './plot.ts';
import type { FeaturePlot } from './contents.ts';
import { drawSphere } from './sphereView.js';

const initialView = { azimuth: 0.6, elevation: 0.45 };

export function renderSpheres(planes: readonly FeaturePlot[]): Markup {
  const classes = planes.map(groupByClass);
  return renderFigure({
    panels: planes.map(({ method }, i) => ({ heading: method, content: renderSphere(method, classes[i]!) })),
    legend: renderClassLegend(classes[0]!),
    caption: markup`Features of images of classes seen in training, divided by their length, on the unit sphere; faint dots are on the far side, diamonds are ${describeDirections(planes)}. Tight clusters with empty space between them show the effect of the angular margin.<span class="rotate-hint" hidden="hidden"> Drag a sphere, or use the arrow keys, to rotate it.</span>`,
  });
}

/** Reads the script that rotates the spheres; the pictures are static without it. */
export function readSphereScript(): Markup {
  return trusted(readFileSync(new URL('./sphereView.js', import.meta.url), 'utf8'));
}

function renderSphere(method: string, classes: readonly ClassFeatures[]): Markup {
  const marked = classes.filter(({ direction }) => direction !== undefined);
  const scene = {
    points: classes.map(({ points }) => normalizeAll(points).flatMap(toThousandths)),
    directions: marked.flatMap(({ direction }) => toThousandths(direction!)),
  };
  const { layers, labels } = drawSphere(scene, initialView);
  const half = layers.length / 2;
  const layer = (path: string, i: number) => {
    const color = i % half === 0 ? 'graticule' : `dots ${classes[(i % half) - 1]!.color}`;
    return markup`<path data-layer="${i}" class="${color} ${i < half ? 'far' : ''}" d="${path}" />`;
  };
  return markup`<svg viewBox="-118 -108 236 216" role="img" aria-label="Directions of the 3-D features of ${method} on the unit sphere. Mean angle from the direction of the own class: ${formatMeanAngle(classes)}." data-view="${JSON.stringify(initialView)}" data-scene="${JSON.stringify(scene)}">${layers.slice(0, half).map(layer)}<circle class="rule" r="100" />${layers
    .slice(half)
    .map((path, i) => layer(path, half + i))}${labels.map(
    ({ x, y, front }, i) =>
      markup`<g data-label="${i}" class="mark ${front ? '' : 'far'}" transform="translate(${x},${y})"><path class="diamond ${marked[i]!.color}" d="M0,-4.5L4.5,0L0,4.5L-4.5,0Z" /><text class="label" x="7" y="4">${marked[i]!.label}</text></g>`,
  )}</svg>`;
}

function toThousandths(vector: Vector): number[] {
  return vector.map((value) => Math.round(1000 * value));
}
