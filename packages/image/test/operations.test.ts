import { testOperations } from '../../../test/support/testOperations.ts';
import * as image from '../src/index.ts';
import { images } from './cases/images.ts';
import { interpolation } from './cases/interpolation.ts';
import { sampling } from './cases/sampling.ts';

testOperations(image, [...interpolation, ...sampling, ...images]);
