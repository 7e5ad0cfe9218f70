/** The directions of the features of a 3-D embedding on the sphere. */

import { readFileSync } from 'node:fs';
import {
  type ClassFeatures,
  classFeatures,
  classLegend,
  directionsInWords,
  meanAngleFromOwn,
  units,
  type Vector,
} from './features.ts';
import { type Markup, markup, trusted } from './markup.ts';
import { figure } from './plot.ts';
import type { FeaturePlot } from './report.ts';
import { drawSphere } from './sphere-view.js';

const VIEW = { azimuth: 0.6, elevation: 0.45 };

export function sphereFigures(planes: readonly FeaturePlot[]): Markup {
  const classes = planes.map(classFeatures);
  return figure({
    panels: planes.map(({ method }, i) => ({ heading: method, content: spherePanel(method, classes[i]!) })),
    legend: classLegend(classes[0]!),
    size: 'small',
    caption: markup`Features of images of classes seen in training, divided by their length, on the unit sphere; faint dots are on the far side, diamonds are ${directionsInWords(planes)}. Tight caps with empty sphere between them are what the angular margin asks for.<span class="turn-hint" hidden="hidden"> Drag a sphere, or use the arrow keys, to turn it.</span>`,
  });
}

/** The script that lets the reader turn the spheres; without it the pictures stay as they are. */
export function sphereScript(): Markup {
  return trusted(readFileSync(new URL('./sphere-view.js', import.meta.url), 'utf8'));
}

function spherePanel(method: string, classes: readonly ClassFeatures[]): Markup {
  const marked = classes.filter(({ direction }) => direction !== undefined);
  const scene = {
    points: classes.map(({ points }) => units(points).flatMap(thousandths)),
    directions: marked.flatMap(({ direction }) => thousandths(direction!)),
  };
  const { layers, labels } = drawSphere(scene, VIEW);
  const half = layers.length / 2;
  const layer = (path: string, i: number) => {
    const colour = i % half === 0 ? 'graticule' : `dots ${classes[(i % half) - 1]!.colour}`;
    return markup`<path data-layer="${i}" class="${colour} ${i < half ? 'far' : ''}" d="${path}" />`;
  };
  return markup`<svg viewBox="-118 -108 236 216" role="img" aria-label="Directions of the 3-D features of ${method} on the unit sphere. Mean angle from the direction of the own class: ${meanAngleFromOwn(classes)}." data-view="${JSON.stringify(VIEW)}" data-scene="${JSON.stringify(scene)}">${layers.slice(0, half).map(layer)}<circle class="rule" r="100" />${layers
    .slice(half)
    .map((path, i) => layer(path, half + i))}${labels.map(
    ({ x, y, front }, i) =>
      markup`<g data-label="${i}" class="mark ${front ? '' : 'far'}" transform="translate(${x},${y})"><path class="diamond ${marked[i]!.colour}" d="M0,-4.5L4.5,0L0,4.5L-4.5,0Z" /><text class="label" x="7" y="4">${marked[i]!.label}</text></g>`,
  )}</svg>`;
}

function thousandths(vector: Vector): number[] {
  return vector.map((value) => Math.round(1000 * value));
}
