export * from './airy.ts';
export * from './bessel.ts';
export * from './entropy.ts';
export * from './error.ts';
export * from './gamma.ts';
export * from './incompleteGamma.ts';
export * from './polynomials.ts';
export * from './zeta.ts';
