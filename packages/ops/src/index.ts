export * from './indexing/index.ts';
