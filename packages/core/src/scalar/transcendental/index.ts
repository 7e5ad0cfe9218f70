// The float32 functions that are lowered to arithmetic, each by the name of its operation.
export * from './exponential.ts';
export * from './inverseTrigonometric.ts';
export * from './logarithm.ts';
export * from './power.ts';
export * from './trigonometric.ts';
