/** The features of a 2-D embedding: as they are, and their directions on the circle. */

import { scaleLinear } from 'd3-scale';
import { arc } from 'd3-shape';
import {
  type ClassFeatures,
  classFeatures,
  classLabel,
  classLegend,
  directionsInWords,
  meanAngleFromOwn,
  units,
  type Vector,
} from './features.ts';
import { type Markup, markup } from './markup.ts';
import { bottomAxis, dots, figure, leftAxis, linearTicks, type Panel, picture } from './plot.ts';
import type { FeaturePlot } from './report.ts';

const SQUARE: Panel = { width: 300, height: 300, left: 46, right: 290, top: 10, bottom: 254 };
const CENTRE = 150;
const RADIUS = 84;
/** The bars of the histogram around the circle start at this radius and reach at most the other. */
const BARS = { from: RADIUS + 6, to: RADIUS + 46 };
const BINS = 120;

export function planeFigures(planes: readonly FeaturePlot[]): Markup {
  const classes = planes.map(classFeatures);
  return figure({
    panels: planes.map(({ method }, i) => ({
      heading: method,
      content: markup`<div class="duo">${rawPanel(method, classes[i]!)}${circlePanel(method, classes[i]!)}</div>`,
    })),
    legend: classLegend(classes[0]!),
    size: 'pair',
    caption: markup`Scatter plots: the features x of images of classes seen in training, a dot each, coloured by class; rays are ${directionsInWords(planes)}. Circles: the same features divided by their length, x/‖x‖, on the unit circle. The bars around it count them by angle (relative to the tallest bar of each picture): narrow, tall bars with empty arcs between them are the angular margin at work.`,
  });
}

function rawPanel(method: string, classes: readonly ClassFeatures[]): Markup {
  const reach = Math.max(1e-6, ...classes.flatMap(({ points }) => points.flat().map(Math.abs))) * 1.12;
  const x = scaleLinear().domain([-reach, reach]).range([SQUARE.left, SQUARE.right]);
  const y = scaleLinear().domain([-reach, reach]).range([SQUARE.bottom, SQUARE.top]);
  const ends = (direction: Vector) => {
    const length = reach / Math.max(...direction.map(Math.abs));
    return { x: x(direction[0]! * length), y: y(direction[1]! * length) };
  };
  return picture(
    SQUARE,
    `Scatter plot of the 2-D features of ${method}: ${classes.length} classes, each along a ray from the origin; lengths up to ${longest(classes).toPrecision(2)}.`,
    markup`${bottomAxis(SQUARE, { title: 'Feature 1', ticks: linearTicks(x, 5, String) })}${leftAxis(SQUARE, { title: 'Feature 2', ticks: linearTicks(y, 5, String) })}${classes.map(
      ({ direction, colour }) => {
        if (direction === undefined) return '';
        const end = ends(direction);
        return markup`<path class="ray ${colour}" d="M${x(0)},${y(0)}L${end.x},${end.y}" />`;
      },
    )}${classes.map(
      ({ colour, points }) =>
        markup`<path class="dots ${colour}" d="${dots(points.map(([a, b]) => ({ x: x(a!), y: y(b!) })))}" />`,
    )}${classes.map(({ direction, label }) => {
      if (direction === undefined) return '';
      const end = ends(direction);
      // Just inside the end of the ray.
      return classLabel(label, { x: x(0) + 0.94 * (end.x - x(0)), y: y(0) + 0.94 * (end.y - y(0)) });
    })}`,
  );
}

function circlePanel(method: string, classes: readonly ClassFeatures[]): Markup {
  const at = (direction: Vector, radius: number) => ({
    x: CENTRE + radius * direction[0]!,
    y: CENTRE - radius * direction[1]!,
  });
  const directions = classes.map(({ points }) => units(points));
  const counts = directions.map(countByAngle);
  const tallest = Math.max(1, ...counts.flat());
  return picture(
    { width: 2 * CENTRE, height: 2 * CENTRE },
    `Directions of the features of ${method} on the unit circle. Mean angle from the direction of the own class: ${meanAngleFromOwn(classes)}.`,
    markup`<circle class="rule" cx="${CENTRE}" cy="${CENTRE}" r="${RADIUS}" />${classes.map(({ direction, colour }) => {
      if (direction === undefined) return '';
      const end = at(direction, RADIUS);
      return markup`<path class="ray ${colour}" d="M${CENTRE},${CENTRE}L${end.x},${end.y}" />`;
    })}${counts.map((bins, i) => markup`<path class="area ${classes[i]!.colour}" transform="translate(${CENTRE},${CENTRE})" d="${bars(bins, tallest)}" />`)}${directions.map(
      (points, i) =>
        markup`<path class="dots ${classes[i]!.colour}" d="${dots(points.map((direction) => at(direction, RADIUS)))}" />`,
    )}${classes.map(({ direction, label }) => (direction === undefined ? '' : classLabel(label, at(direction, BARS.to + 11))))}`,
  );
}

function countByAngle(directions: readonly Vector[]): number[] {
  const counts = new Array<number>(BINS).fill(0);
  for (const [x, y] of directions) {
    const turn = Math.atan2(y!, x!) / (2 * Math.PI);
    counts[Math.floor((turn < 0 ? turn + 1 : turn) * BINS) % BINS]!++;
  }
  return counts;
}

function bars(bins: readonly number[], tallest: number): string {
  const bar = arc().digits(1);
  return bins
    .map((n, i) => {
      if (n === 0) return '';
      // d3 measures angles clockwise from 12 o'clock.
      const endAngle = Math.PI / 2 - (2 * Math.PI * i) / BINS;
      const outerRadius = BARS.from + ((BARS.to - BARS.from) * n) / tallest;
      return bar({ innerRadius: BARS.from, outerRadius, startAngle: endAngle - (2 * Math.PI) / BINS, endAngle });
    })
    .join('');
}

function longest(classes: readonly ClassFeatures[]): number {
  return Math.max(0, ...classes.flatMap(({ points }) => points.map((point) => Math.hypot(...point))));
}
