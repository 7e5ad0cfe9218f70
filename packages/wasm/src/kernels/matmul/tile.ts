import type { Features } from '../../command.ts';
import type { TileShape } from '../panels/tileShape.ts';

/** Register tiles with the rate of multiply-adds, relative to one another, on machines with AVX2. */
type Rates = readonly (readonly [TileShape, number])[];

const of = (rows: number, columns: number, rate: number): Rates[number] => [{ rows, columns }, rate];
const wideRelaxed: Rates = [of(6, 16, 114), of(4, 16, 105), of(8, 8, 98), of(4, 8, 60)];
const wide: Rates = [of(4, 16, 105), of(8, 8, 90), of(4, 8, 76)];
const narrowSix: Rates = [of(6, 8, 55), of(4, 8, 50)];
const narrow: Rates = [of(4, 8, 50)];

/** The tile that takes the least time for a product, those over its edges included. */
export function fastestTile(rows: number, columns: number, features: Features): TileShape {
  const rates = features.wide ? (features.relaxed ? wideRelaxed : wide) : features.tileRows === 6 ? narrowSix : narrow;
  let fastest = rates[0]![0];
  let least = Infinity;
  for (const [tile, rate] of rates) {
    const time = (roundUp(rows, tile.rows) * roundUp(columns, tile.columns)) / rate;
    if (time < least) [fastest, least] = [tile, time];
  }
  return fastest;
}

function roundUp(count: number, multiple: number): number {
  return Math.ceil(count / multiple) * multiple;
}
