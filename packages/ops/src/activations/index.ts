export * from './gates.ts';
export * from './rectifiers.ts';
