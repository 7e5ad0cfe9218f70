/**
 * The geometry of the angular margin in closed form: plain numbers, angles in radians.
 *
 * Two sources are cited throughout: SphereFace is Liu et al., "SphereFace: Deep Hypersphere Embedding for Face
 * Recognition", CVPR 2017, arXiv 1704.08063; L-Softmax is Liu et al., "Large-Margin Softmax Loss for Convolutional
 * Neural Networks", ICML 2016, arXiv 1612.02295.
 */

/**
 * ψ(θ) = (−1)^k cos(mθ) − 2k for θ in [kπ/m, (k+1)π/m], k = 0 … m − 1: the continuous, strictly decreasing extension of
 * cos(mθ) from [0, π/m] to [0, π] (SphereFace, section 3.2, equation 7).
 *
 * This is the definition word for word, on an angle. The losses work from cos θ and Chebyshev polynomials instead, so
 * the two check each other.
 *
 * @param theta angle in radians, in [0, π]
 * @param m angular margin, a positive integer
 * @throws RangeError if theta lies outside [0, π] or m is not a positive integer
 */
export function psi(theta: number, m: number): number {
  requireAngle('psi', 'theta', theta);
  requirePositiveInteger('psi', m);
  return psiUnchecked(theta, m);
}

/**
 * The angular margin between two classes whose samples are all on the right side of the A-Softmax boundaries,
 * (m − 1)/(m + 1) · θ₁₂ (SphereFace, section 3.2): each boundary lies at θ₁₂/(m + 1) from its own weight vector.
 *
 * @param theta12 angle between the two weight vectors in radians, in [0, π]
 * @param m angular margin; any real number ≥ 1, because the bounds of {@link minimumMargin} are not integers
 * @returns the margin in radians
 * @throws RangeError if theta12 lies outside [0, π] or m is below 1 or not finite
 */
export function angularMargin(theta12: number, m: number): number {
  requireAngle('angularMargin', 'theta12', theta12);
  if (!(m >= 1 && m < Infinity))
    throw new RangeError(`angularMargin: m must be a finite number of at least 1, got ${m}`);
  return ((m - 1) / (m + 1)) * theta12;
}

/**
 * The lower bound on m above which the largest angle within a class is smaller than the smallest angle between classes,
 * if every sample is classified correctly by A-Softmax (SphereFace, section 3.4, properties 2 and 3).
 *
 * - `'binary'`: 2 + √3. A class of two spans up to θ₁₂/(m + 1) towards the other class and θ₁₂/(m − 1) away from it.
 * - `'multiclass'`: 3, for weight vectors that are spaced evenly, so that a class is hemmed in on every side and spans
 *   2θ/(m + 1).
 *
 * @throws RangeError for any other case
 */
export function minimumMargin(classes: 'binary' | 'multiclass'): number {
  switch (classes) {
    case 'binary':
      return 2 + Math.sqrt(3);
    case 'multiclass':
      return 3;
    default:
      throw new RangeError(`minimumMargin: classes must be 'binary' or 'multiclass', got ${String(classes)}`);
  }
}

/**
 * A loss as its decision boundary sees it. Each is the condition for class 1; the one for class 2 swaps the indices.
 *
 * - `modifiedSoftmax`: cos θ₁ = cos θ₂ (SphereFace, table 1)
 * - `aSoftmax`: ψ(θ₁) = cos θ₂ with margin m (SphereFace, table 1)
 * - `lSoftmax`: ‖W₁‖ψ(θ₁) = ‖W₂‖cos θ₂ (L-Softmax, geometric interpretation); m = 1 is softmax without bias
 * - `cosFace`: cos θ₁ − margin = cos θ₂ (Wang et al., "CosFace", CVPR 2018, arXiv 1801.09414)
 * - `arcFace`: θ₁ + margin = θ₂, the margin in radians (Deng et al., "ArcFace", CVPR 2019, arXiv 1801.07698)
 */
export type DecisionRule =
  | { readonly loss: 'modifiedSoftmax' }
  | { readonly loss: 'aSoftmax'; readonly m: number }
  | { readonly loss: 'lSoftmax'; readonly m: number; readonly weightNorms: readonly [number, number] }
  | { readonly loss: 'cosFace'; readonly margin: number }
  | { readonly loss: 'arcFace'; readonly margin: number };

/** Where the decisions flip on the arc from W₁ (angle 0) to W₂ (angle θ₁₂); everything in radians. */
export interface DecisionBoundary {
  /** Angle from W₁ at which a sample stops meeting the condition for class 1. */
  readonly class1: number;
  /** Angle from W₁ (not from W₂) at which a sample starts meeting the condition for class 2. */
  readonly class2: number;
  /** class2 − class1: the width of the arc that belongs to neither class, 0 where both boundaries coincide. */
  readonly margin: number;
}

/**
 * The decision boundaries of a loss between two classes, on the shorter arc between their weight vectors.
 *
 * The sides of each condition are monotone along the arc, so there is at most one boundary per class. All but
 * `lSoftmax` have a closed form (A-Softmax: θ₁₂/(m + 1); CosFace: θ₁₂/2 − arcsin(margin / (2 sin(θ₁₂/2))); ArcFace:
 * (θ₁₂ − margin)/2); `lSoftmax` is bisected to machine precision.
 *
 * @param theta12 angle between the weight vectors in radians, in (0, π]
 * @throws RangeError if theta12 lies outside (0, π], a parameter of the rule is out of range, or a class has no
 *   boundary on the arc (its condition holds nowhere, or everywhere, between the weight vectors)
 */
export function decisionBoundary(theta12: number, rule: DecisionRule): DecisionBoundary {
  requireAngle('decisionBoundary', 'theta12', theta12);
  if (theta12 === 0)
    throw new RangeError('decisionBoundary: theta12 is 0: weight vectors of one direction have no arc between them');
  if (rule.loss !== 'lSoftmax') {
    const own = ownAngle(theta12, rule);
    return boundaryBetween(own, own, theta12);
  }
  const [norm1, norm2] = rule.weightNorms;
  requirePositiveInteger('decisionBoundary', rule.m);
  for (const norm of [norm1, norm2]) {
    if (!(norm > 0 && norm < Infinity)) {
      throw new RangeError(`decisionBoundary: weightNorms must be positive and finite, got [${norm1}, ${norm2}]`);
    }
  }
  return boundaryBetween(
    bisectLSoftmax(theta12, rule.m, norm1, norm2),
    bisectLSoftmax(theta12, rule.m, norm2, norm1),
    theta12,
  );
}

/** From the angle of each boundary to its own weight vector. */
function boundaryBetween(own1: number, own2: number, theta12: number): DecisionBoundary {
  const class2 = theta12 - own2;
  // For m = 1 the boundaries coincide; the rounding of θ₁₂ − θ₁₂/2 is exact, that of a bisected pair is not, and may be
  // a hair below 0.
  return { class1: own1, class2, margin: Math.max(0, class2 - own1) };
}

/** The angle from a class's own weight vector to its boundary, for the rules in which the two classes are alike. */
function ownAngle(theta12: number, rule: Exclude<DecisionRule, { loss: 'lSoftmax' }>): number {
  switch (rule.loss) {
    case 'modifiedSoftmax':
      return theta12 / 2;
    case 'aSoftmax':
      // mθ₁ = θ₂ ≤ π, so the boundary always lies on the first piece of ψ.
      requirePositiveInteger('decisionBoundary', rule.m);
      return theta12 / (rule.m + 1);
    case 'cosFace': {
      requireMargin(rule.margin);
      const half = Math.sin(theta12 / 2);
      // cos θ₁ − cos(θ₁₂ − θ₁) = 2 sin(θ₁₂/2) sin(θ₁₂/2 − θ₁), at most 2 sin²(θ₁₂/2) on the arc
      if (rule.margin > 2 * half * half) throw noBoundary(theta12, `the margin ${rule.margin} exceeds 1 − cos θ₁₂`);
      return theta12 / 2 - Math.asin(rule.margin / (2 * half));
    }
    case 'arcFace':
      requireMargin(rule.margin);
      if (rule.margin > theta12) throw noBoundary(theta12, `the margin ${rule.margin} exceeds θ₁₂`);
      return (theta12 - rule.margin) / 2;
    default:
      throw new RangeError(`decisionBoundary: unknown loss ${String((rule as { loss: unknown }).loss)}`);
  }
}

/** The zero of ‖W‖ψ(θ) − ‖W'‖cos(θ₁₂ − θ), which falls strictly along the arc. */
function bisectLSoftmax(theta12: number, m: number, own: number, other: number): number {
  const excess = (theta: number): number => own * psiUnchecked(theta, m) - other * Math.cos(theta12 - theta);
  if (excess(0) < 0) throw noBoundary(theta12, `a weight of norm ${own} loses the whole arc to one of norm ${other}`);
  if (excess(theta12) > 0)
    throw noBoundary(theta12, `a weight of norm ${own} wins the whole arc from one of norm ${other}`);
  let low = 0;
  let high = theta12;
  for (;;) {
    const middle = (low + high) / 2;
    if (middle <= low || middle >= high) return middle;
    if (excess(middle) > 0) low = middle;
    else high = middle;
  }
}

function psiUnchecked(theta: number, m: number): number {
  const k = Math.min(Math.floor((m * theta) / Math.PI), m - 1);
  return (k % 2 === 0 ? 1 : -1) * Math.cos(m * theta) - 2 * k;
}

function noBoundary(theta12: number, reason: string): RangeError {
  return new RangeError(`decisionBoundary: no boundary on the arc of θ₁₂ = ${theta12}: ${reason}`);
}

function requireAngle(operation: string, name: string, angle: number): void {
  if (!(angle >= 0 && angle <= Math.PI)) {
    throw new RangeError(`${operation}: ${name} must be an angle in radians in [0, π], got ${angle}`);
  }
}

function requirePositiveInteger(operation: string, m: number): void {
  if (!(Number.isSafeInteger(m) && m >= 1))
    throw new RangeError(`${operation}: m must be a positive integer, got ${m}`);
}

function requireMargin(margin: number): void {
  if (!(margin >= 0 && margin < Infinity)) {
    throw new RangeError(`decisionBoundary: margin must be a finite number of at least 0, got ${margin}`);
  }
}
