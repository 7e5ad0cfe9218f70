// Every operation has a docstring with an example, and the examples are true.
import * as core from '@thetagrad/core';
import * as nn from '@thetagrad/nn';
import { describe, expect, test } from 'vitest';
import { docstringsOf, evaluateExample, examplesOf, isFunction } from './docstrings.ts';

describe.for(['core', 'func', 'ops', 'special', 'linalg', 'fft', 'conv', 'image', 'random'])('%s', async (name) => {
  const module = (await import(`@thetagrad/${name}`)) as Record<string, unknown>;
  const isCore = name === 'core';
  const docstrings = docstringsOf(name, isCore ? 'ops/' : '');
  const isOperation = (key: string): boolean => isFunction(module[key]) && (!isCore || docstrings.has(key));
  const functions = Object.keys(module).filter(isOperation);

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
