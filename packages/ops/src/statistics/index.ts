export * from './differences.ts';
export * from './distances.ts';
export * from './histograms.ts';
export * from './interpolation.ts';
export * from './moments.ts';
export * from './nan.ts';
export { normalize, type NormalizeOptions } from './norms.ts';
export * from './order.ts';
export * from './quantiles.ts';
