import type { OperationCase } from '../../../../../test/support/testOperations.ts';
import { distancesCases } from './distances.ts';
import { edgesCases } from './edges.ts';
import { histogramsCases } from './histograms.ts';
import { momentsCases } from './moments.ts';
import { orderCases } from './order.ts';
import { quantilesCases } from './quantiles.ts';
import { samplesCases } from './samples.ts';
import { withoutNaNCases } from './withoutNaN.ts';

export const statisticsCases: readonly OperationCase[] = [
  ...quantilesCases,
  ...withoutNaNCases,
  ...orderCases,
  ...momentsCases,
  ...distancesCases,
  ...histogramsCases,
  ...samplesCases,
  ...edgesCases,
];
