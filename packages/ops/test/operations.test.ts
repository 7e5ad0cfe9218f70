import { testOperations } from '../../../test/support/testOperations.ts';
import * as ops from '../src/index.ts';
import { asynchronousIndexing, indexingCases } from './cases/indexing.ts';

testOperations(ops, [...indexingCases], [...asynchronousIndexing]);
