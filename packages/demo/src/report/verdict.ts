/** The outcome in words. */

import type { MethodResult } from './contents.ts';
import { formatPercent } from './format.ts';
import { compareScores, findLeaders, meanScore, scoresBySeed } from './noise.ts';

/** What a reader should take away. */
export interface Verdict {
  /** One or two sentences. */
  readonly outcome: string;
  /** How far the outcome can be trusted. */
  readonly caution: string;
  /** Whether some loss is better than others beyond noise. */
  readonly decided: boolean;
}

/** Compares the methods by their equal error rates. */
export function describeVerdict(methods: readonly MethodResult[], seeds: readonly number[]): Verdict {
  const decided = findLeaders(methods, readRate, 'lower').size > 0;
  return { outcome: describeOutcome(methods), caution: describeCaution(seeds), decided };
}

function describeOutcome(methods: readonly MethodResult[]): string {
  const ranked = [...methods].sort((a, b) => rateOf(a) - rateOf(b));
  const best = ranked[0]!;
  const worst = ranked[ranked.length - 1]!;
  if (methods.length === 1) {
    return `${capitalize(best.name)} decides whether two images are of the same unseen class with an equal error rate of ${formatRateOf(best)}.`;
  }
  const leaders = findLeaders(methods, readRate, 'lower');
  if (leaders.size === 0) {
    return `No loss is better than the others beyond noise: the equal error rates on unseen classes are ${formatRateOf(best)} (${best.name}) to ${formatRateOf(worst)} (${worst.name}).`;
  }
  // The first method is the baseline, unless it is among the leaders itself.
  const others = ranked.filter((method) => !leaders.has(method));
  const baseline = leaders.has(methods[0]!) ? others[others.length - 1]! : methods[0]!;
  const { value, margin } = compareScores(baseline, best, readRate, methods)!;
  const digits = value < 0.001 ? 2 : 1;
  const points = (share: number): string => (100 * share).toFixed(digits);
  const bySeed = scoresBySeed(baseline).map((scores, i) => scores.eer - scoresBySeed(best)[i]!.eer);
  const wins = bySeed.filter((difference) => difference > 0).length;
  const consistency =
    bySeed.length > 1 ? `, with ${wins === bySeed.length ? 'each' : `${wins} of ${bySeed.length}`} of the seeds` : '';
  const tied = [...leaders].filter((method) => method !== best).map(({ name }) => name);
  const tie =
    tied.length === 0
      ? ' No other loss is within noise of it.'
      : ` ${capitalize(joinWords(tied))} ${tied.length === 1 ? 'is' : 'are'} within noise of it.`;
  return `${capitalize(best.name)} has the lowest equal error rate on unseen classes: ${formatRateOf(best, digits)}, against ${formatRateOf(baseline, digits)} with ${baseline.name}, ${points(value)} points less (95% interval ${points(value - margin)} to ${points(value + margin)})${consistency}.${tie}`;
}

function describeCaution(seeds: readonly number[]): string {
  if (seeds.length > 1) {
    return `Means over ${seeds.length} seeds, which choose the unseen classes, the initial weights and the order of the images; noise is the spread of the differences between them.`;
  }
  const next = [0, 1, 2].map((offset) => seeds[0]! + offset).join();
  return `One seed says little: the noise counted here is that of the choice of unseen classes alone, and another seed trains other networks. Repeat with --seed ${next} for the spread over seeds.`;
}

function readRate({ eer }: { readonly eer: number }): number {
  return eer;
}

function rateOf(method: MethodResult): number {
  return meanScore(method, readRate)!;
}

function formatRateOf(method: MethodResult, digits = 1): string {
  return formatPercent(rateOf(method), digits);
}

/** a, b and c. */
function joinWords(words: readonly string[]): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} and ${words[words.length - 1]!}`;
}

/** Begins a sentence. */
function capitalize(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
