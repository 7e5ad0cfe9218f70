import { wasm } from '@thetagrad/wasm';
import { expect, test } from 'vitest';
import { hasAvx2 } from './avx2.ts';

test('the engine pairs vectors where the machine has AVX2, and gets the answers of the probe right', async () => {
  const backend = await wasm();
  expect(backend.describe()).toMatch(hasAvx2() ? /256-bit vectors/ : /128-bit vectors \(the engine does not pair them/);
  backend.close();
});
