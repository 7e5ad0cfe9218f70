// Indexing, scattering and searching.
export { atAdd, atMax, atMin, atMul, atSet } from './at.ts';
export { indexAdd, indexCopy, indexFill, indexReduce, type IndexAddOptions } from './slices.ts';
export { lexsort } from './lexsort.ts';
export { argwhere, maskedFill, maskedScatter, maskedSelect, nonzero } from './mask.ts';
export { ravelMultiIndex, unravelIndex, type RavelMultiIndexOptions } from './ravel.ts';
export { scatter, type Reduction, type ScatterOptions } from './scatter.ts';
export { bucketize, searchsorted, type BucketizeOptions, type SearchOptions } from './search.ts';
export { intersect1d, isin, setdiff1d, setxor1d, union1d, type IsinOptions } from './sets.ts';
export { unique, uniqueConsecutive, type Unique, type UniqueOptions } from './unique.ts';
