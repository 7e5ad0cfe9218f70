import * as linalg from '@thetagrad/linalg';
import { testOperations } from '../../../test/support/testOperations.ts';
import { decompositions } from './cases/decompositions.ts';
import { norms } from './cases/norms.ts';
import { solving } from './cases/solving.ts';

testOperations(linalg, [...solving, ...decompositions, ...norms]);
