// Roots of unity and factors of lengths.

/**
 * The cosine and sine of 2πk/n, by reduction to the first octant: exact at multiples of a quarter turn, and of the same
 * magnitude at points that mirror each other.
 * @param k an integer with |4k| < 2⁵³.
 */
export function rootOfUnity(k: number, n: number): [cosine: number, sine: number] {
  const quarters = 4 * (((k % n) + n) % n);
  const quadrant = Math.floor(quarters / n);
  const rest = quarters - quadrant * n;
  let [cosine, sine] = [Math.SQRT1_2, Math.SQRT1_2];
  if (2 * rest < n) {
    const angle = ((Math.PI / 2) * rest) / n;
    [cosine, sine] = [Math.cos(angle), Math.sin(angle)];
  } else if (2 * rest > n) {
    const angle = ((Math.PI / 2) * (n - rest)) / n;
    [cosine, sine] = [Math.sin(angle), Math.cos(angle)];
  }
  if (quadrant === 0) return [cosine, sine];
  if (quadrant === 1) return [-sine, cosine];
  return quadrant === 2 ? [-cosine, -sine] : [sine, -cosine];
}

/** The prime factors of n in increasing order. */
export function primeFactors(n: number): number[] {
  const factors: number[] = [];
  let rest = n;
  for (let factor = 2; factor * factor <= rest; factor++) {
    for (; rest % factor === 0; rest /= factor) factors.push(factor);
  }
  return rest > 1 ? [...factors, rest] : factors;
}

/** The smallest integer ≥ n that is 1, 3, 5, 9 or 15 times a power of two: products with such radices fill vectors. */
export function nextFastLength(n: number): number {
  return Math.min(...[1, 3, 5, 9, 15].map((odd) => odd * 2 ** Math.max(0, Math.ceil(Math.log2(n / odd)))));
}

/** The largest radix that a stage is composed to. */
const maxRadix = 16;
/** Lengths up to this are one stage: another one would cost more than it saves. */
const maxSingle = 32;
/** The largest radix that is one matrix product, of few elements or a prime. Larger primes go by Bluestein's algorithm. */
export const maxDirect = 128;
/** Up to this many elements, lengths up to {@link maxDirect} are one stage: the work is less than that of starting kernels. */
const maxFew = 4096;

/**
 * Factors a length into the radices of its stages: products of small primes, of similar size, in decreasing order, then primes
 * above 16 in increasing order.
 * @param columns how many transforms there are.
 */
export function chooseRadices(n: number, columns: number): number[] {
  if (n <= maxSingle || (n <= maxDirect && n * columns <= maxFew)) return [n];
  const primes = primeFactors(n);
  const small = primes.filter((prime) => prime <= maxRadix).reverse();
  const product = small.reduce((total, prime) => total * prime, 1);
  const radices = Array.from({ length: Math.ceil(Math.log(product) / Math.log(maxRadix) - 1e-9) }, () => 1);
  for (const prime of small) {
    const smallest = radices.indexOf(Math.min(...radices));
    if ((radices[smallest] ?? maxRadix) * prime > maxRadix) radices.push(prime);
    else radices[smallest] = (radices[smallest] ?? 1) * prime;
  }
  return [...radices.sort((a, b) => b - a), ...primes.filter((prime) => prime > maxRadix)];
}
