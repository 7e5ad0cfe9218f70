import * as special from '../src/index.ts';
import { testOperations } from '../../../test/support/testOperations.ts';
import { airyCases } from './cases/airy.ts';
import { besselCases } from './cases/bessel.ts';
import { entropyCases } from './cases/entropy.ts';
import { errorCases } from './cases/error.ts';
import { gammaCases } from './cases/gamma.ts';
import { polynomialCases } from './cases/polynomials.ts';

testOperations(special, [
  ...airyCases,
  ...besselCases,
  ...entropyCases,
  ...errorCases,
  ...gammaCases,
  ...polynomialCases,
]);
