import { describe } from 'vitest';
import { contractions } from './cases/contractions.ts';
import { indexing } from './cases/indexing.ts';
import { movement } from './cases/movement.ts';
import { reductions } from './cases/reductions.ts';
import { scans } from './cases/scans.ts';
import { transforms } from './cases/transforms.ts';
import { checkAll } from './support.ts';

describe('derivatives of reductions', () => {
  checkAll(reductions);
});
describe('derivatives of scans and products', () => {
  checkAll(scans);
});
describe('derivatives of movements', () => {
  checkAll(movement);
});
describe('derivatives of contractions', () => {
  checkAll(contractions);
});
describe('derivatives of indexing', () => {
  checkAll(indexing);
});
describe('derivatives through transformations', () => {
  checkAll(transforms);
});
