// Sums of many terms on the portable backend and on wasm.
import { portable } from '@thetagrad/core';
import { describe } from 'vitest';
import { testAccumulations } from '../support/testAccumulations.ts';
import { tested } from './backends.ts';

describe.each([portable(), tested])('$name', (backend) => {
  testAccumulations(() => Promise.resolve(backend), 2 ** 20);
});
