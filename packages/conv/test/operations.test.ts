import { testOperations } from '../../../test/support/testOperations.ts';
import * as conv from '../src/index.ts';
import { convolutions } from './cases/convolution.ts';
import { patches } from './cases/patches.ts';
import { pooling } from './cases/pooling.ts';

testOperations(conv, [...convolutions, ...pooling, ...patches]);
