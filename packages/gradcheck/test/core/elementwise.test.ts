import { describe, expect, test } from 'vitest';
import { constant, elementwise, operations } from './cases/elementwise.ts';
import { checkAll } from './support.ts';

test('the table of operations is found', () => {
  expect(operations.map(({ primitive }) => primitive.name)).toEqual(
    expect.arrayContaining(['add', 'where', 'clip', 'erf', 'floor']),
  );
});

test.for(operations.map(({ primitive }) => [primitive.name, primitive] as const))(
  '%s has a derivative for each input, or says that it is constant',
  ([, { derivatives, domain, dtypes }]) => {
    expect(domain.length).toBeGreaterThan(0);
    if (derivatives === 'zero') return;
    expect(derivatives).toHaveLength(domain.length);
    // Only conditions have none.
    expect(derivatives.map((derivative) => derivative === null)).toEqual(
      domain.map((_, i) => dtypes === 'select' && i === 0),
    );
  },
);

describe('derivatives of elementwise operations', () => {
  checkAll(elementwise);
});
describe('operations that are constant between jumps', () => {
  checkAll(constant, 4);
});
