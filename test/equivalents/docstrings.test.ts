// Every operation of the packages of operations has a docstring with an example, and the examples are true.
import * as core from '@thetagrad/core';
import * as nn from '@thetagrad/nn';
import { describe, expect, test } from 'vitest';
import { docstringsOf, evaluateExample, examplesOf, isFunction } from './docstrings.ts';

describe.for(['func', 'ops', 'special', 'linalg', 'fft', 'conv', 'image', 'random'])('%s', async (name) => {
  const module = (await import(`@thetagrad/${name}`)) as Record<string, unknown>;
  const functions = Object.keys(module).filter((key) => isFunction(module[key]));
  const docstrings = docstringsOf(name);

  test('every operation has a docstring with an example', () => {
    const lacking = functions.filter((key) => examplesOf(docstrings.get(key) ?? '').length === 0);
    expect(lacking).toEqual([]);
  });

  test('the examples are true', async () => {
    for (const key of functions) await testExamples(docstrings.get(key) ?? '', module);
  });
});

test('the examples of nn are true', async () => {
  for (const docstring of docstringsOf('nn').values()) await testExamples(docstring, nn);
});

async function testExamples(docstring: string, module: Readonly<Record<string, unknown>>): Promise<void> {
  for (const example of examplesOf(docstring)) {
    const { expression, expected } = example;
    const found = await evaluateExample(example, { ...core, ...module });
    expect(`${expression} // ${found}`).toBe(`${expression} // ${expected}`);
  }
}
