// What tables of values cannot say: work, accuracy at length, and constants.
import { compile, explain, getBackend, graph, portable, random, setBackend, tensor } from '@thetagrad/core';
import { wasm } from '@thetagrad/wasm';
import { afterEach, describe, expect, test } from 'vitest';
import { hostTransform } from '../src/hostTransform.ts';
import { complex, fft, ifft, irfft, nextFastLen, rfft } from '../src/index.ts';
import { chooseRadices, rootOfUnity } from '../src/roots.ts';

const initial = getBackend();
afterEach(() => setBackend(initial));

const workOf = (result: ReturnType<typeof fft>): number =>
  explain(result).kernels.reduce((total, kernel) => total + kernel.multiplyAdds, 0);
const signal = (n: number) => random.normal(random.key(n), [n, 2]);

describe('work', () => {
  test.each([256, 4096, 65536, 3 ** 8, 10_000, 30_030, 65_521])('of length %d grows as n log n', (n) => {
    expect(workOf(fft(signal(n))) / (n * Math.log2(n))).toBeLessThan(n === 65_521 ? 120 : 20);
  });

  test('of real numbers is about half', () => {
    const n = 4096;
    expect(workOf(rfft(signal(n).slice([null, 0]))) / workOf(fft(signal(n)))).toBeLessThan(0.6);
    expect(workOf(irfft(signal(n / 2 + 1))) / workOf(fft(signal(n)))).toBeLessThan(0.6);
  });
});

test('the error of float32 grows with the logarithm of the length', async () => {
  const backend = await wasm({ threads: 1 });
  setBackend(backend);
  for (const n of [64, 1024, 16_384, 2 ** 17, 3 ** 9, 1009, 4099]) {
    const z = signal(n);
    const values = await z.data();
    const part = (offset: number): Float64Array => Float64Array.from({ length: n }, (_, i) => values[2 * i + offset]!);
    const exact = hostTransform({ re: part(0), im: part(1) });
    const isPrime = chooseRadices(n, 1).includes(n);
    for (const [result, expected] of [
      [await fft(z).data(), exact],
      [await ifft(fft(z)).data(), { re: part(0), im: part(1) }],
    ] as const) {
      let [error, total] = [0, 0];
      for (let k = 0; k < n; k++) {
        error += (result[2 * k]! - expected.re[k]!) ** 2 + (result[2 * k + 1]! - expected.im[k]!) ** 2;
        total += expected.re[k]! ** 2 + expected.im[k]! ** 2;
      }
      expect(Math.sqrt(error / total) / 2 ** -24).toBeLessThan((isPrime ? 2 : 1) * (2 + 0.2 * Math.log2(n)));
    }
  }
  backend.close();
});

test('constants are made once for each backend', async () => {
  const leaves = () => {
    const { nodes } = graph(fft(signal(256)));
    return new Set(nodes.filter(({ primitive }) => primitive.name === 'data'));
  };
  setBackend(portable());
  const [before, again] = [leaves(), leaves()];
  expect([...before].filter((leaf) => again.has(leaf)).length).toBeGreaterThanOrEqual(4);
  const backend = await wasm({ threads: 1 });
  setBackend(backend);
  await fft(signal(256)).data();
  expect([...leaves()].filter((leaf) => before.has(leaf))).toEqual([]);
  backend.close();
  setBackend(portable());
  expect((await fft(complex(tensor([1, 0]))).data())[0]).toBe(1);
});

test('a graph of one backend that another one evaluates leaves the constants of the first usable', async () => {
  const backend = await wasm({ threads: 1 });
  setBackend(portable());
  const spectrum = fft(signal(200));
  setBackend(backend);
  const values = await spectrum.data();
  backend.close();
  setBackend(portable());
  expect(await fft(signal(200)).data()).toEqual(expect.objectContaining({ length: values.length }));
});

test('a transform of a result does not take it apart, and one of a value does not keep what it was computed from', async () => {
  const [x, kernelsOf] = [signal(8), (result: ReturnType<typeof fft>) => explain(result).kernels.length];
  await x.data();
  const y = fft(x);
  const chained = kernelsOf(ifft(y));
  expect(chained).toBe(kernelsOf(y) + 1);
  await y.data();
  expect(graph(ifft(y)).nodes).not.toContain(x);
  expect(await ifft(y).data()).toEqual(await ifft(fft(x)).data());
});

test('transforms in compiled functions', async () => {
  const power = compile((x: ReturnType<typeof signal>) =>
    rfft(x.slice([null, 0]))
      .square()
      .sum(),
  );
  for (const n of [256, 256, 256]) {
    const [x, expected] = [
      signal(n),
      rfft(signal(n).slice([null, 0]))
        .square()
        .sum(),
    ];
    expect(await (await power(x)).item()).toBe(await expected.item());
  }
});

test('roots of unity are exact and symmetric', () => {
  expect([0, 1, 2, 3].map((k) => rootOfUnity(k, 4).map((part) => part + 0))).toEqual([
    [1, 0],
    [0, 1],
    [-1, 0],
    [0, -1],
  ]);
  for (const n of [7, 12, 1000]) {
    for (let k = 1; k < n; k++) {
      const [cosine, sine] = rootOfUnity(k, n);
      expect(Math.abs(cosine - Math.cos((2 * Math.PI * k) / n))).toBeLessThan(1e-15);
      expect(Math.abs(sine - Math.sin((2 * Math.PI * k) / n))).toBeLessThan(1e-15);
      expect(rootOfUnity(n - k, n).map((part) => part + 0)).toEqual([cosine + 0, -sine + 0]);
    }
  }
});

test('lengths', () => {
  const isFast = (n: number): boolean => {
    let odd = n;
    while (odd % 2 === 0) odd /= 2;
    return [1, 3, 5, 9, 15].includes(odd);
  };
  for (let n = 1; n <= 700; n++) {
    let expected = n;
    while (!isFast(expected)) expected++;
    expect(nextFastLen(n)).toBe(expected);
    expect(chooseRadices(n, n).reduce((product, radix) => product * radix, 1)).toBe(n);
  }
  expect(nextFastLen(1021)).toBe(1024);
  expect([33, 1000, 1024, 65536, 131].map((n) => chooseRadices(n, 1000))).toEqual([
    [11, 3],
    [10, 10, 10],
    [16, 8, 8],
    [16, 16, 16, 16],
    [131],
  ]);
  expect([128, 64].map((n) => chooseRadices(n, 32))).toEqual([[128], [64]]);
  expect(chooseRadices(128, 33)).toEqual([16, 8]);
});
