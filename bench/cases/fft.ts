import { random } from '@thetagrad/core';
import { fft, irfft, rfft } from '@thetagrad/fft';
import { type Case, define } from '../case.ts';

const key = random.key(7);

function createFft(batch: number, n: number): Case {
  return define<'z'>({
    name: `fft, ${batch} × ${n}`,
    inputs: () => ({ z: random.normal(key, [batch, n, 2]) }),
    ours:
      ({ z }) =>
      () => [fft(z)],
    torch: 'return lambda: [torch.view_as_real(torch.fft.fft(torch.view_as_complex(z)))]',
  });
}

function createRealFft(batch: number, n: number): Case {
  return define<'x'>({
    name: `rfft and irfft, ${batch} × ${n}`,
    inputs: () => ({ x: random.normal(key, [batch, n]) }),
    ours:
      ({ x }) =>
      () => [irfft(rfft(x), -1, { n })],
    torch: `return lambda: [torch.fft.irfft(torch.fft.rfft(x), ${n})]`,
  });
}

/** Lengths that are powers of two, a decimal length, a prime one, and a long one. */
export const transforms: readonly Case[] = [
  createFft(256, 64),
  createFft(64, 1024),
  createFft(64, 1000),
  createFft(16, 1009),
  createFft(1, 2 ** 18),
  createRealFft(64, 1024),
  createRealFft(1, 2 ** 18),
];
