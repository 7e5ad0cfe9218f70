export * from './bitwise.ts';
export * from './closeness.ts';
export * from './division.ts';
export * from './extrema.ts';
export * from './logarithms.ts';
export * from './powers.ts';
export * from './signs.ts';
export * from './sinc.ts';
