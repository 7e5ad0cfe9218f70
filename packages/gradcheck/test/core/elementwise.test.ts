import { describe, expect, test } from 'vitest';
import { elementwise, operations, piecewiseConstant } from './cases/elementwise.ts';
import { checkAll } from './support.ts';

test('the elementwise operations of core are found', () => {
  expect(operations.map(({ primitive }) => primitive.name)).toEqual(
    expect.arrayContaining(['add', 'where', 'clip', 'erf', 'floor']),
  );
});

test.for(operations.map(({ primitive }) => [primitive.name, primitive] as const))(
  '%s has a derivative for each input, or is piecewise constant',
  ([, { derivatives, domain, dtypes }]) => {
    expect(domain.length).toBeGreaterThan(0);
    if (derivatives === 'zero') return;
    expect(derivatives).toHaveLength(domain.length);
    // Only the condition of a selection lacks one.
    expect(derivatives.map((derivative) => derivative === null)).toEqual(
      domain.map((_, i) => dtypes === 'select' && i === 0),
    );
  },
);

describe('derivatives of elementwise operations', () => {
  checkAll(elementwise);
});
describe('piecewise constant operations', () => {
  checkAll(piecewiseConstant, 4);
});
