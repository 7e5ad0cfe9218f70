/** Synthetic run: features in clusters around directions, more compact from method to method, and falling curves. */

import { verify } from '@thetagrad/a-softmax';
import { random } from '@thetagrad/core';
import { leavePartsOut } from '../src/jackknife.ts';
import type { FeaturePlot, MethodResult, Report, SampleSheet } from '../src/report/contents.ts';

interface Clusters {
  readonly classes: number;
  readonly perClass: number;
  readonly dimension: number;
  /** Standard deviation of each value around a center of length 1. */
  readonly spread: number;
  readonly seed?: number;
}

export function createClusters({ classes, perClass, dimension, spread, seed = 1 }: Clusters) {
  const stream = random.key(seed).stream();
  const weights = new Float32Array(classes * dimension);
  const features = new Float32Array(classes * perClass * dimension);
  const labels = new Int32Array(classes * perClass);
  for (let c = 0; c < classes; c++) {
    const center = Array.from({ length: dimension }, () => stream.normal());
    if (dimension === 2) {
      center[0] = Math.cos((2 * Math.PI * c) / classes);
      center[1] = Math.sin((2 * Math.PI * c) / classes);
    }
    const length = Math.hypot(...center);
    weights.set(
      center.map((value) => value / length),
      c * dimension,
    );
    for (let i = 0; i < perClass; i++) {
      const at = c * perClass + i;
      labels[at] = c;
      const size = 4 + 6 * stream.uniform();
      for (let k = 0; k < dimension; k++) {
        features[at * dimension + k] = size * (center[k]! / length + spread * stream.normal());
      }
    }
  }
  return { features, labels, weights };
}

export function makeMethod(
  name: string,
  spread: number,
  { margin = false, steps = 600, far = [0.1, 0.01, 0.001] } = {},
): MethodResult {
  const stream = random.key(name.length).stream();
  const { features, labels } = createClusters({ classes: 20, perClass: 20, dimension: 16, spread });
  const curve = Array.from({ length: steps }, (_, i) => ({
    step: i + 1,
    loss: (3 + (margin ? spread : 0)) * Math.exp((-4 * i) / steps) * (1 + 0.25 * stream.normal()) ** 2 + 0.1,
    accuracy: Math.min(1, Math.max(0, 1 - Math.exp((-5 * i) / steps) + 0.08 * stream.normal())),
    ...(margin && { lambda: Math.max(5, 1000 / (1 + 0.1 * i)) }),
  }));
  return {
    name,
    curve,
    seconds: 20 + 60 * spread,
    verification: verify(features, 16, labels, { far }),
    parts: leavePartsOut({ values: features, dimension: 16, labels }, far, 0),
    repeats: [],
  };
}

export function makePlane(method: string, dimension: 2 | 3, spread: number, perClass = 60): FeaturePlot {
  const classNames = Array.from({ length: 8 }, (_, c) => String(c));
  return { method, dimension, classNames, ...createClusters({ classes: 8, perClass, dimension, spread }) };
}

export function makeSheet({ rows = 6, columns = 10, size = 28, channels = 1 as 1 | 3 } = {}): SampleSheet {
  const stream = random.key(rows + columns).stream();
  return {
    height: size,
    width: size,
    channels,
    rows: Array.from({ length: rows }, (_, r) => ({
      className: `glyph ${r}`,
      images: Array.from({ length: columns }, () => {
        const [a, b] = [stream.uniform() * 4, r + stream.uniform()];
        return Uint8Array.from({ length: channels * size * size }, (_, i) => {
          const [x, y] = [(i % size) / size - 0.5, (Math.floor(i / size) % size) / size - 0.5];
          return 255 * Math.max(0, 1 - 12 * Math.abs(y - 0.3 * Math.sin(b * 2 + x * (5 + a))));
        });
      }),
    })),
  };
}

export function makeReport(changed: Partial<Report> = {}): Report {
  const names = ['softmax', 'modified softmax', 'A-Softmax m = 2', 'A-Softmax m = 3', 'A-Softmax m = 4'];
  const spreads = [0.34, 0.32, 0.26, 0.23, 0.2];
  return {
    title: 'A-Softmax on glyphs',
    summary: 'glyphs: 60 classes for training, 40 unseen ones',
    seeds: [1],
    created: new Date(Date.UTC(2025, 0, 2, 3, 4)),
    command: 'npm start -- --data glyphs --seed 1',
    facts: [
      { name: 'Data', value: 'procedural glyphs' },
      { name: 'Classes seen / unseen', value: '60 / 40' },
      { name: 'Net', value: 'SphereFace-4, 64 features' },
      { name: 'Steps × batch', value: '600 × 64' },
      { name: 'Seed', value: '1' },
      { name: 'Backend', value: 'portable' },
    ],
    samples: { seen: makeSheet(), unseen: makeSheet({ rows: 5 }) },
    methods: names.map((name, i) => makeMethod(name, spreads[i]!, { margin: i > 1 })),
    planes: ([2, 3] as const).flatMap((dimension) =>
      names.map((name, i) => makePlane(name, dimension, spreads[i]! * 0.6)),
    ),
    ...changed,
  };
}
