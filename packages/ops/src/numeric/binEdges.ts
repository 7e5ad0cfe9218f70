// Edges of bins for histograms, with rules for the number of bins.
import { isFloatingPoint, linspace, type Tensor } from '@thetagrad/core';
import { argumentError, checkInteger, checkOptions, checkTensor, toFloat, unknownValue } from '@thetagrad/core/backend';

/** What rules count bins by: the elements within the range in ascending order, at least one of them. */
interface Sample {
  readonly sorted: Float64Array;
  readonly mean: number;
  readonly deviation: number;
  /** The largest element less the smallest. */
  readonly extent: number;
  readonly range: readonly [low: number, high: number];
}

/** The width of bins by each rule; 0 for one bin. */
const rules = {
  sqrt: ({ sorted, extent }: Sample): number => extent / Math.sqrt(sorted.length),
  sturges: ({ sorted, extent }: Sample): number => extent / (Math.log2(sorted.length) + 1),
  rice: ({ sorted, extent }: Sample): number => extent / (2 * Math.cbrt(sorted.length)),
  scott: ({ sorted, deviation }: Sample): number => Math.cbrt((24 * Math.sqrt(Math.PI)) / sorted.length) * deviation,
  doane: ({ sorted, mean, deviation, extent }: Sample): number => {
    const n = sorted.length;
    if (n <= 2 || deviation === 0) return 0;
    const skewness = sorted.reduce((sum, x) => sum + ((x - mean) / deviation) ** 3, 0) / n;
    const error = Math.sqrt((6 * (n - 2)) / ((n + 1) * (n + 3)));
    return extent / (1 + Math.log2(n) + Math.log2(1 + Math.abs(skewness) / error));
  },
  fd: ({ sorted }: Sample): number =>
    (2 * (quantile(sorted, 0.75) - quantile(sorted, 0.25))) / Math.cbrt(sorted.length),
  stone: ({ sorted, extent, range }: Sample): number => {
    const n = sorted.length;
    if (n <= 1 || extent === 0) return 0;
    // The estimate of the integrated squared error by cross-validation, but for terms that do not depend on the bins.
    const costs = Array.from({ length: Math.max(100, Math.floor(Math.sqrt(n))) }, (_, i) => {
      const squares = countEach(sorted, range, i + 1).reduce((sum, count) => sum + (count / n) ** 2, 0);
      return (2 - (n + 1) * squares) * ((i + 1) / extent);
    });
    return extent / (costs.indexOf(costs.reduce((a, b) => Math.min(a, b))) + 1);
  },
  auto: (sample: Sample): number => Math.min(Math.max(rules.fd(sample), rules.sqrt(sample) / 2), rules.sturges(sample)),
};

/** Rules for the number of bins, named after their authors: 'auto' is the larger number of 'sturges' and a bounded 'fd'. */
export type BinRule = keyof typeof rules;

export interface HistogramBinEdgesOptions {
  /**
   * The number of bins, or the rule that chooses it: 'auto', 'fd' (Freedman–Diaconis), 'doane', 'scott', 'stone', 'rice',
   * 'sturges' or 'sqrt'. Default: 10.
   */
  readonly bins?: number | BinRule;
  /** The lower and upper end of the bins; elements outside count for no rule. Default: the smallest and largest element. */
  readonly range?: readonly [low: number, high: number];
}

/**
 * The edges of bins of equal width (NumPy's `histogram_bin_edges`), for `histogram`. If the ends are equal, they are moved half a
 * unit apart from their place. Asynchronous, as the number of edges depends on the values of x, which are read. Has no gradient.
 * @returns [bins + 1]; floating point: integers become float32.
 * @throws {TypeError} if x is not a tensor, or `bins`, the range or an option is of a wrong kind.
 * @throws {RangeError} if `bins` is not an integer ≥ 1, the range is not two finite numbers, the first not above the second, or
 *   there is no range and an element is not finite, or there are none.
 * @example
 * histogramBinEdges(tensor([0, 1, 2, 4]), { bins: 4 }) // tensor([0, 1, 2, 3, 4])
 * histogramBinEdges(tensor([0, 1, 2, 4]), { bins: 'sturges' }) // tensor([0.0000, 1.3333, 2.6667, 4.0000])
 */
export async function histogramBinEdges(x: Tensor, options: HistogramBinEdgesOptions = {}): Promise<Tensor> {
  checkTensor('histogramBinEdges', x);
  checkOptions('histogramBinEdges', options, ['bins', 'range']);
  const { bins = 10, range: given } = options;
  if (typeof bins !== 'string') checkInteger('histogramBinEdges', 'bins', bins, { min: 1 });
  else if (!Object.hasOwn(rules, bins)) {
    throw unknownValue('histogramBinEdges', 'rule', bins, `a number or one of ${Object.keys(rules).join(', ')}`);
  }
  checkRange(given);
  const values = Float64Array.from(await x.data()).sort();
  const range = spread(given ?? endsOf(values));
  const dtype = toFloat(x.dtype);
  const count = typeof bins === 'number' ? bins : countBins(bins, values, range, isFloatingPoint(x.dtype));
  return linspace(range[0], range[1], count + 1, { dtype });
}

function checkRange(range: unknown): void {
  if (range === undefined) return;
  const isArray = Array.isArray(range);
  const [low, high]: unknown[] = isArray ? range : [];
  if (isArray && range.length === 2 && Number.isFinite(low) && Number.isFinite(high) && Number(low) <= Number(high))
    return;
  const expected = 'two finite numbers, the first not above the second';
  throw argumentError('histogramBinEdges', 'range', expected, range, isArray);
}

/** The smallest and largest of sorted elements. */
function endsOf(sorted: Float64Array): [low: number, high: number] {
  const { 0: low = NaN, [sorted.length - 1]: high = NaN } = sorted;
  if (Number.isFinite(low) && Number.isFinite(high)) return [low, high];
  const found = sorted.length === 0 ? 'there are no elements' : `elements go from ${low} to ${high}`;
  throw new RangeError(`histogramBinEdges: ${found}; give a range of finite numbers`);
}

function spread([low, high]: readonly [number, number]): [low: number, high: number] {
  return low === high ? [low - 0.5, high + 0.5] : [low, high];
}

function countBins(rule: BinRule, values: Float64Array, range: readonly [number, number], isFloat: boolean): number {
  const sorted = values.filter((x) => x >= range[0] && x <= range[1]);
  const n = sorted.length;
  if (n === 0) return 1;
  const mean = sorted.reduce((sum, x) => sum + x, 0) / n;
  const deviation = Math.sqrt(sorted.reduce((sum, x) => sum + (x - mean) ** 2, 0) / n);
  const width = rules[rule]({ sorted, mean, deviation, extent: quantile(sorted, 1) - quantile(sorted, 0), range });
  if (width === 0) return 1;
  // Bins of integers are not narrower than 1.
  return Math.ceil((range[1] - range[0]) / (isFloat ? width : Math.max(width, 1)));
}

/** A quantile with linear interpolation between neighbors. */
function quantile(sorted: Float64Array, q: number): number {
  const place = q * (sorted.length - 1);
  const { [Math.floor(place)]: below = NaN, [Math.ceil(place)]: above = NaN } = sorted;
  return below + (above - below) * (place % 1);
}

/** How many elements each of the bins of a range has. */
function countEach(values: Float64Array, [low, high]: readonly [number, number], bins: number): Float64Array {
  const counts = new Float64Array(bins);
  for (const x of values) {
    const bin = Math.min(bins - 1, Math.floor(((x - low) / (high - low)) * bins));
    counts[bin] = (counts[bin] ?? 0) + 1;
  }
  return counts;
}
