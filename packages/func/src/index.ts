export type { Axes } from './axes.ts';
export { checkpoint } from './checkpoint.ts';
export { cond, whileLoop, type WhileLoopOptions } from './control.ts';
export { customJvp } from './customJvp.ts';
export { functionalCall, parametersOf } from './functionalCall.ts';
export { hessian, hvp, jacobian, type Jacobian, type JacobianOptions } from './jacobian.ts';
export { scan, type ScanOptions } from './scan.ts';
export { straightThrough } from './straightThrough.ts';
export { vmap, type VmapOptions } from './vmap.ts';
