import { testOperations } from '../../../test/support/testOperations.ts';
import * as fft from '../src/index.ts';
import { otherCases } from './cases/others.ts';
import { transformCases } from './cases/transforms.ts';

testOperations(fft, [...transformCases, ...otherCases], ['nextFastLen']);
