// The geometry of the angular margin in closed form, in plain numbers, with angles in radians.
//
// Sources: SphereFace is Liu et al., "SphereFace: Deep Hypersphere Embedding for Face Recognition", CVPR 2017, arXiv
// 1704.08063; L-Softmax is Liu et al., "Large-Margin Softmax Loss for Convolutional Neural Networks", ICML 2016, arXiv
// 1612.02295.
import { argumentError, checkInteger, checkNonnegative, unknownValue } from '@thetagrad/core/backend';

/**
 * ψ(θ) = (−1)^k cos(mθ) − 2k for θ in [kπ/m, (k+1)π/m], k = 0 … m − 1: the continuous, strictly decreasing extension of
 * cos(mθ) from [0, π/m] to [0, π] (SphereFace, section 3.2, equation 7).
 *
 * This is the definition, as a function of the angle. The losses use Chebyshev polynomials of cos θ instead; tests
 * compare the two.
 * @param theta angle in radians, in [0, π]
 * @param m angular margin, an integer ≥ 1
 * @throws {RangeError} if theta is not in [0, π], or m is not an integer ≥ 1.
 */
export function psi(theta: number, m: number): number {
  checkAngle('psi', 'theta', theta);
  checkInteger('psi', 'm', m, { min: 1 });
  return evaluatePsi(theta, m);
}

/**
 * The angular margin between two classes that A-Softmax separates, (m − 1)/(m + 1) · θ₁₂ (SphereFace, section 3.2): the
 * boundary of each class is at θ₁₂/(m + 1) from its weight vector.
 * @param theta12 angle between the two weight vectors in radians, in [0, π]
 * @param m angular margin, a real number ≥ 1, as the bounds of {@link minimumMargin} are not integers
 * @returns the margin in radians
 * @throws {RangeError} if theta12 is not in [0, π], or m is not finite and ≥ 1.
 */
export function angularMargin(theta12: number, m: number): number {
  checkAngle('angularMargin', 'theta12', theta12);
  if (!(m >= 1 && m < Infinity)) throw argumentError('angularMargin', 'm', 'a finite number ≥ 1', m);
  return ((m - 1) / (m + 1)) * theta12;
}

/**
 * The lower bound on m above which the largest angle within a class is smaller than the smallest angle between classes,
 * if A-Softmax classifies every sample correctly (SphereFace, section 3.4, properties 2 and 3).
 *
 * - `'binary'`: 2 + √3. Each of two classes extends θ₁₂/(m + 1) toward the other and θ₁₂/(m − 1) away from it.
 * - `'multiclass'`: 3, for evenly spaced weight vectors, where a class has neighbors on all sides and spans
 *   2θ/(m + 1).
 * @throws {TypeError} for any other case.
 */
export function minimumMargin(classes: 'binary' | 'multiclass'): number {
  switch (classes) {
    case 'binary':
      return 2 + Math.sqrt(3);
    case 'multiclass':
      return 3;
    default:
      throw unknownValue('minimumMargin', 'classes', classes, `'binary' or 'multiclass'`);
  }
}

/**
 * The decision rule of a loss for two classes. Each equation is the decision boundary of class 1; that of class 2 has
 * the indices swapped.
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

const lossNames = `'modifiedSoftmax', 'aSoftmax', 'lSoftmax', 'cosFace' or 'arcFace'`;

/** The decision boundaries on the arc from W₁ (angle 0) to W₂ (angle θ₁₂), in radians. */
export interface DecisionBoundary {
  /** Angle from W₁ up to which a sample belongs to class 1. */
  readonly class1: number;
  /** Angle from W₁ (not W₂) from which on a sample belongs to class 2. */
  readonly class2: number;
  /** class2 − class1, the width of the arc that belongs to neither class; 0 where the boundaries coincide. */
  readonly margin: number;
}

/**
 * The decision boundaries of a loss between two classes, on the shorter arc between their weight vectors.
 *
 * Both sides of each equation are monotone along the arc, so that there is at most one boundary per class. Closed
 * forms, as angles from the weight vector of the class: A-Softmax θ₁₂/(m + 1); CosFace θ₁₂/2 − arcsin(margin / (2
 * sin(θ₁₂/2))); ArcFace (θ₁₂ − margin)/2. L-Softmax is solved by bisection to machine precision.
 * @param theta12 angle between the weight vectors in radians, in (0, π]
 * @throws {TypeError} if the loss is unknown.
 * @throws {RangeError} if theta12 is not in (0, π], a parameter of the rule is out of range, or a class has no boundary
 *   on the arc (all of it or none of it belongs to the class).
 */
export function decisionBoundary(theta12: number, rule: DecisionRule): DecisionBoundary {
  checkAngle('decisionBoundary', 'theta12', theta12);
  if (theta12 === 0) throw new RangeError('decisionBoundary: theta12 must be > 0, got 0, where there is no arc');
  if (rule.loss !== 'lSoftmax') {
    const angle = boundaryAngle(theta12, rule);
    return combineBoundaries(angle, angle, theta12);
  }
  const [norm1, norm2] = rule.weightNorms;
  checkInteger('decisionBoundary', 'm', rule.m, { min: 1 });
  for (const norm of [norm1, norm2]) {
    if (!(norm > 0 && norm < Infinity)) {
      throw new RangeError(`decisionBoundary: weightNorms must be finite numbers > 0, got [${norm1}, ${norm2}]`);
    }
  }
  return combineBoundaries(
    bisectLSoftmax(theta12, rule.m, norm1, norm2),
    bisectLSoftmax(theta12, rule.m, norm2, norm1),
    theta12,
  );
}

/** The boundaries, from the angle of each to the weight vector of its class. */
function combineBoundaries(angle1: number, angle2: number, theta12: number): DecisionBoundary {
  const class2 = theta12 - angle2;
  // Where boundaries found by bisection coincide, rounding may make the difference negative.
  return { class1: angle1, class2, margin: Math.max(0, class2 - angle1) };
}

/** The angle from a class's weight vector to its boundary, for rules that treat both classes alike. */
function boundaryAngle(theta12: number, rule: Exclude<DecisionRule, { loss: 'lSoftmax' }>): number {
  switch (rule.loss) {
    case 'modifiedSoftmax':
      return theta12 / 2;
    case 'aSoftmax':
      // mθ₁ = θ₂ ≤ π: the boundary is on the first piece of ψ.
      checkInteger('decisionBoundary', 'm', rule.m, { min: 1 });
      return theta12 / (rule.m + 1);
    case 'cosFace': {
      checkNonnegative('decisionBoundary', 'margin', rule.margin);
      const half = Math.sin(theta12 / 2);
      // cos θ₁ − cos(θ₁₂ − θ₁) = 2 sin(θ₁₂/2) sin(θ₁₂/2 − θ₁), at most 2 sin²(θ₁₂/2) on the arc
      if (rule.margin > 2 * half * half)
        throw noBoundaryError(theta12, `the margin ${rule.margin} exceeds 1 − cos θ₁₂`);
      return theta12 / 2 - Math.asin(rule.margin / (2 * half));
    }
    case 'arcFace':
      checkNonnegative('decisionBoundary', 'margin', rule.margin);
      if (rule.margin > theta12) throw noBoundaryError(theta12, `the margin ${rule.margin} exceeds θ₁₂`);
      return (theta12 - rule.margin) / 2;
    default:
      throw unknownValue('decisionBoundary', 'loss', (rule as { loss: unknown }).loss, lossNames);
  }
}

/** The root of ‖W‖ψ(θ) − ‖W'‖cos(θ₁₂ − θ), which is strictly decreasing on the arc. */
function bisectLSoftmax(theta12: number, m: number, own: number, other: number): number {
  const excess = (theta: number): number => own * evaluatePsi(theta, m) - other * Math.cos(theta12 - theta);
  if (excess(0) < 0)
    throw noBoundaryError(theta12, `a weight of norm ${own} loses the whole arc to one of norm ${other}`);
  if (excess(theta12) > 0)
    throw noBoundaryError(theta12, `a weight of norm ${own} wins the whole arc from one of norm ${other}`);
  let low = 0;
  let high = theta12;
  for (;;) {
    const middle = (low + high) / 2;
    if (middle <= low || middle >= high) return middle;
    if (excess(middle) > 0) low = middle;
    else high = middle;
  }
}

/** ψ without checks of its arguments. */
function evaluatePsi(theta: number, m: number): number {
  const k = Math.min(Math.floor((m * theta) / Math.PI), m - 1);
  return (k % 2 === 0 ? 1 : -1) * Math.cos(m * theta) - 2 * k;
}

function noBoundaryError(theta12: number, reason: string): RangeError {
  return new RangeError(`decisionBoundary: no boundary on the arc of θ₁₂ = ${theta12}: ${reason}`);
}

function checkAngle(operation: string, name: string, angle: number): void {
  if (!(angle >= 0 && angle <= Math.PI)) {
    throw argumentError(operation, name, 'an angle in radians in [0, π]', angle);
  }
}
