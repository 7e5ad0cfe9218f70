// The transform of constants, in double precision on the host.
import { primeFactors, rootOfUnity } from './roots.ts';

/** Complex numbers as two arrays. */
export interface Complex {
  readonly re: Float64Array;
  readonly im: Float64Array;
}

function allocate(n: number): Complex {
  return { re: new Float64Array(n), im: new Float64Array(n) };
}

/** Σⱼ z[j] e^(−2πijk/n), in stages of the prime factors of n. */
export function hostTransform(z: Complex): Complex {
  const n = z.re.length;
  const roots = allocate(n);
  for (let k = 0; k < n; k++) [roots.re[k], roots.im[k]] = rootOfUnity(-k, n);
  let source: Complex = { re: z.re.slice(), im: z.im.slice() };
  let target = allocate(n);
  // Before each stage, the rows of source, [m · prime, columns], are to be transformed.
  let columns = 1;
  for (const prime of primeFactors(n)) {
    transformStage(source, target, prime, columns, roots);
    [source, target] = [target, source];
    columns *= prime;
  }
  return source;
}

/** One stage in Stockham's order: [prime, m, columns] to [m, prime, columns]. */
function transformStage(source: Complex, target: Complex, prime: number, columns: number, roots: Complex): void {
  const n = roots.re.length;
  const m = n / prime / columns;
  target.re.fill(0);
  target.im.fill(0);
  for (let j2 = 0; j2 < m; j2++) {
    for (let k1 = 0; k1 < prime; k1++) {
      const to = (j2 * prime + k1) * columns;
      // The root of the stage and the twiddle factor as one, (j1 · m + j2) · k1 · columns modulo n, without a slow remainder.
      let root = j2 * k1 * columns;
      const step = m * k1 * columns;
      for (let j1 = 0; j1 < prime; j1++) {
        const cosine = roots.re[root]!;
        const sine = roots.im[root]!;
        const from = (j1 * m + j2) * columns;
        for (let column = 0; column < columns; column++) {
          const re = source.re[from + column]!;
          const im = source.im[from + column]!;
          target.re[to + column]! += re * cosine - im * sine;
          target.im[to + column]! += re * sine + im * cosine;
        }
        root += step;
        if (root >= n) root -= n;
      }
    }
  }
}
