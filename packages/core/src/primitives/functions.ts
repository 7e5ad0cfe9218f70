// The float32 functions that are lowered to arithmetic, each by the name of its operation.
export * from './functions-exponential.ts';
export * from './functions-inverse-trigonometric.ts';
export * from './functions-logarithm.ts';
export * from './functions-power.ts';
export * from './functions-trigonometric.ts';
