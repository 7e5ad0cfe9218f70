export * from './activations/index.ts';
export * from './contraction/index.ts';
export * from './elementwise/index.ts';
export * from './indexing/index.ts';
export * from './numeric/index.ts';
export * from './shape/index.ts';
export * from './statistics/index.ts';
