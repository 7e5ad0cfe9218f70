import { testOperations } from '../../../test/support/testOperations.ts';
import * as ops from '../src/index.ts';
import { activationCases } from './cases/activations.ts';
import { elementwiseCases } from './cases/elementwise.ts';
import { asynchronousIndexing, indexingCases } from './cases/indexing.ts';
import { asynchronousNumeric, numericCases } from './cases/numeric.ts';
import { statisticsCases } from './cases/statistics/index.ts';

testOperations(
  ops,
  [...activationCases, ...elementwiseCases, ...indexingCases, ...numericCases, ...statisticsCases],
  [...asynchronousIndexing, ...asynchronousNumeric],
);
