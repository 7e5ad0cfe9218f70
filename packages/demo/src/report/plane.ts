/** Features of a 2-D embedding: a scatter plot, and their directions on the circle. */

import { scaleLinear } from 'd3-scale';
import { arc } from 'd3-shape';
import {
  type ClassFeatures,
  groupByClass,
  renderClassLabel,
  renderClassLegend,
  describeDirections,
  formatMeanAngle,
  meanDirection,
  normalizeAll,
  type Vector,
} from './features.ts';
import { type Markup, markup } from './markup.ts';
import {
  renderBottomAxis,
  traceDots,
  renderFigure,
  renderLeftAxis,
  linearTicks,
  type Panel,
  renderPicture,
} from './plot.ts';
import type { FeaturePlot } from './contents.ts';

const squarePanel: Panel = { width: 300, height: 300, left: 46, right: 290, top: 10, bottom: 254 };
const center = 150;
const radius = 84;
/** Inner radius and maximum outer radius of the bars of the histogram around the circle. */
const barRadius = { from: radius + 6, to: radius + 46 };
const binCount = 120;
/** Number of bins on each side of a direction that its label would cover. */
const labelBins = 3;
/** Places of a label along its ray, the best first. */
const rayShares = [0.94, 0.86, 0.78, 0.7, 0.62, 0.54];
/** Line height of a label, and width of one of its characters. */
const labelSize = { height: 13, character: 8 };

export function renderPlanes(planes: readonly FeaturePlot[]): Markup {
  const classes = planes.map(groupByClass);
  return renderFigure({
    panels: planes.map(({ method }, i) => ({
      heading: method,
      content: markup`<div>${renderScatter(method, classes[i]!)}${renderCircle(method, classes[i]!)}</div>`,
    })),
    legend: renderClassLegend(classes[0]!),
    caption: markup`Scatter plots: the features x of images of classes seen in training, one dot each, colored by class; rays are ${describeDirections(planes)}. Circles: the same features divided by their length, x/‖x‖, on the unit circle. The bars around it, with the name of the class at their mean, are a histogram of their angles (relative to the maximum of each picture): narrow, tall bars with empty arcs between them show the effect of the angular margin.`,
  });
}

function renderScatter(method: string, classes: readonly ClassFeatures[]): Markup {
  const limit = Math.max(1e-6, ...classes.flatMap(({ points }) => points.flat().map(Math.abs))) * 1.12;
  const x = scaleLinear().domain([-limit, limit]).range([squarePanel.left, squarePanel.right]);
  const y = scaleLinear().domain([-limit, limit]).range([squarePanel.bottom, squarePanel.top]);
  /** Point on the way from the origin to the edge. */
  const along = (direction: Vector, share: number) => {
    const length = (share * limit) / Math.max(...direction.map(Math.abs));
    return { x: x(direction[0]! * length), y: y(direction[1]! * length) };
  };
  return renderPicture(
    squarePanel,
    `Scatter plot of the 2-D features of ${method}: ${classes.length} classes, each along a ray from the origin; lengths up to ${maxLength(classes).toPrecision(2)}.`,
    markup`${renderBottomAxis(squarePanel, { title: 'Feature 1', ticks: linearTicks(x, 5, String) })}${renderLeftAxis(squarePanel, { title: 'Feature 2', ticks: linearTicks(y, 5, String) })}${classes.map(
      ({ direction, color }) => {
        if (direction === undefined) return '';
        const end = along(direction, 0.88);
        return markup`<path class="ray ${color}" d="M${x(0)},${y(0)}L${end.x},${end.y}" />`;
      },
    )}${classes.map(
      ({ color, points }) =>
        markup`<path class="dots ${color}" d="${traceDots(points.map(([a, b]) => ({ x: x(a!), y: y(b!) })))}" />`,
    )}${placeLabels(classes, ({ direction }) =>
      direction === undefined ? [] : rayShares.map((share) => along(direction, share)),
    ).map(renderPlacedLabel)}`,
  );
}

function renderCircle(method: string, classes: readonly ClassFeatures[]): Markup {
  const at = (direction: Vector, radius: number) => ({
    x: center + radius * direction[0]!,
    y: center - radius * direction[1]!,
  });
  const directions = classes.map(({ points }) => normalizeAll(points));
  const counts = directions.map(countByAngle);
  const maxCount = Math.max(1, ...counts.flat());
  return renderPicture(
    { width: 2 * center, height: 2 * center },
    `Directions of the features of ${method} on the unit circle. Mean angle from the direction of the own class: ${formatMeanAngle(classes)}.`,
    markup`<circle class="rule" cx="${center}" cy="${center}" r="${radius}" />${classes.map(({ direction, color }) => {
      if (direction === undefined) return '';
      const end = at(direction, radius);
      return markup`<path class="ray ${color}" d="M${center},${center}L${end.x},${end.y}" />`;
    })}${counts.map((bins, i) => markup`<path class="area ${classes[i]!.color}" transform="translate(${center},${center})" d="${traceBars(bins, maxCount)}" />`)}${directions.map(
      (points, i) =>
        markup`<path class="dots ${classes[i]!.color}" d="${traceDots(points.map((direction) => at(direction, radius)))}" />`,
    )}${placeLabels(classes, (entry) => placesAround(entry, counts)).map(renderPlacedLabel)}`,
  );
}

function countByAngle(directions: readonly Vector[]): number[] {
  const counts = new Array<number>(binCount).fill(0);
  for (const direction of directions) counts[binOf(direction)]!++;
  return counts;
}

function binOf([x, y]: Vector): number {
  const fraction = Math.atan2(y!, x!) / (2 * Math.PI);
  return Math.floor((fraction < 0 ? fraction + 1 : fraction) * binCount) % binCount;
}

interface Place {
  readonly x: number;
  readonly y: number;
}

interface PlacedLabel extends Place {
  readonly label: string;
}

/** Places each name of a class where no other name is: at the first free one of its places, or else at the first. */
function placeLabels(
  classes: readonly ClassFeatures[],
  findPlaces: (entry: ClassFeatures) => readonly Place[],
): PlacedLabel[] {
  const placed: PlacedLabel[] = [];
  for (const entry of classes) {
    const places = findPlaces(entry).map((place) => ({ ...place, label: entry.label }));
    const place = places.find((candidate) => !placed.some((other) => overlap(candidate, other))) ?? places[0];
    if (place !== undefined) placed.push(place);
  }
  return placed;
}

function renderPlacedLabel({ label, ...place }: PlacedLabel): Markup {
  return renderClassLabel(label, place);
}

/** Places just outside the bars of the histograms, the nearest to those of the class first. */
function placesAround({ points, direction }: ClassFeatures, counts: readonly (readonly number[])[]): Place[] {
  const [x, y] = meanDirection(points) ?? direction ?? [];
  if (x === undefined || y === undefined) return [];
  return Array.from({ length: binCount }, (_, i) => {
    const turns = (i % 2 ? i + 1 : -i) / 2;
    const angle = Math.atan2(y, x) + (2 * Math.PI * turns) / binCount;
    const radius = labelRadius(angle, counts);
    return { x: center + radius * Math.cos(angle), y: center - radius * Math.sin(angle) };
  });
}

function overlap(a: PlacedLabel, b: PlacedLabel): boolean {
  const width = (labelSize.character * (a.label.length + b.label.length)) / 2;
  return Math.abs(a.x - b.x) < width + 2 && Math.abs(a.y - b.y) < labelSize.height;
}

/** Radius just outside the bars near an angle. */
function labelRadius(angle: number, counts: readonly (readonly number[])[]): number {
  const bin = binOf([Math.cos(angle), Math.sin(angle)]);
  const nearby = counts.flatMap((bins) =>
    Array.from({ length: 2 * labelBins + 1 }, (_, i) => bins[(bin + i - labelBins + binCount) % binCount]!),
  );
  return outerRadius(Math.max(...nearby), Math.max(1, ...counts.flat())) + 10;
}

function outerRadius(count: number, maxCount: number): number {
  return barRadius.from + ((barRadius.to - barRadius.from) * count) / maxCount;
}

function traceBars(bins: readonly number[], maxCount: number): string {
  const bar = arc().digits(1);
  return bins
    .map((n, i) => {
      if (n === 0) return '';
      // d3 measures angles clockwise from 12 o'clock.
      const endAngle = Math.PI / 2 - (2 * Math.PI * i) / binCount;
      return bar({
        innerRadius: barRadius.from,
        outerRadius: outerRadius(n, maxCount),
        startAngle: endAngle - (2 * Math.PI) / binCount,
        endAngle,
      });
    })
    .join('');
}

function maxLength(classes: readonly ClassFeatures[]): number {
  return Math.max(0, ...classes.flatMap(({ points }) => points.map((point) => Math.hypot(...point))));
}
