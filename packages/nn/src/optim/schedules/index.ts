// Learning rates as pure functions of the number of updates so far.
export { chained, sequential, warmup, type SequentialOptions, type WarmupOptions } from './combine.ts';
export {
  cosineWarmRestarts,
  cyclic,
  oneCycle,
  type CosineWarmRestartsOptions,
  type CyclicOptions,
  type OneCycleOptions,
} from './cycles.ts';
export {
  constant,
  cosine,
  exponential,
  linear,
  multiStep,
  polynomial,
  step,
  type CosineOptions,
  type ExponentialOptions,
  type LinearOptions,
  type MultiStepOptions,
  type PolynomialOptions,
  type StepOptions,
} from './decay.ts';
export type { Schedule } from './schedule.ts';
