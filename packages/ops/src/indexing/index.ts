// Indexing, scattering and searching.
export { atAdd, atMax, atMin, atMul, atSet } from './at.ts';
export { indexAdd, indexCopy, indexFill, type IndexAddOptions } from './slices.ts';
export { argwhere, maskedFill, maskedScatter, maskedSelect, nonzero } from './mask.ts';
export { scatter, type Reduction, type ScatterOptions } from './scatter.ts';
export { bucketize, searchsorted, type BucketizeOptions, type SearchOptions } from './search.ts';
export { unique, uniqueConsecutive, type Unique, type UniqueOptions } from './unique.ts';
