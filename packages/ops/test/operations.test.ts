import { testOperations } from '../../../test/support/testOperations.ts';
import * as ops from '../src/index.ts';
import { activationCases } from './cases/activations.ts';
import { contractionCases } from './cases/contraction.ts';
import { elementwiseCases } from './cases/elementwise.ts';
import { asynchronousIndexing, indexingCases } from './cases/indexing.ts';
import { asynchronousNumeric, numericCases } from './cases/numeric.ts';
import { shapeCases } from './cases/shape.ts';
import { statisticsCases } from './cases/statistics/index.ts';

testOperations(
  ops,
  [
    ...activationCases,
    ...contractionCases,
    ...elementwiseCases,
    ...indexingCases,
    ...numericCases,
    ...shapeCases,
    ...statisticsCases,
  ],
  [...asynchronousIndexing, ...asynchronousNumeric, 'broadcastShapes'],
);
