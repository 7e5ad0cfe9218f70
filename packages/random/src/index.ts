export type { DTypeOptions, LocationOptions } from './arguments.ts';
export * from './circular.ts';
export * from './continuous.ts';
export * from './discrete.ts';
export * from './gamma.ts';
export * from './positive.ts';
export * from './selection.ts';
