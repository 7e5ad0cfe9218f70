/**
 * The comparison that failed:
 * - `vjp`: reverse mode with central differences; - `jvp`: forward mode with central differences;
 * - `transpose`: ⟨vjp(u), v⟩ with ⟨u, jvp(v)⟩;
 * - `symmetry`: from order 2, vjp and jvp of a gradient, which are the same symmetric matrix times a vector;
 * - `mixed`: from order 2, the gradient of the jvp with the jvp of the gradient;
 * - `differences`: none, because the central differences do not converge.
 */
export type GradientCheck = 'vjp' | 'jvp' | 'transpose' | 'symmetry' | 'mixed' | 'differences';

/** A failed comparison: where, and the values. */
export interface GradientMismatch {
  /** The name of the function, from the options or its own. */
  readonly function: string;
  readonly check: GradientCheck;
  /** The order of the derivative that is wrong. */
  readonly order: number;
  /** The path of the input: `input 0`, `input 1.weights[2]`, `variable fc.weight`. Undefined if several are involved. */
  readonly input?: string | undefined;
  /** The index tuple of the input's element. */
  readonly element?: readonly number[] | undefined;
  /** The path of the output, where outputs are compared one by one: `output`, `output.loss`. */
  readonly output?: string | undefined;
  /** The index tuple of the output's element. */
  readonly outputElement?: readonly number[] | undefined;
  /** Whether the values are derivatives of the sum of all output elements with random weights. */
  readonly weighted?: boolean | undefined;
  /** The derivative by automatic differentiation. */
  readonly analytic: number;
  /** The expected derivative: by differences, or by the other mode. */
  readonly numeric: number;
  /** The error estimate of `numeric`. */
  readonly uncertainty: number;
  /** The largest difference that passes. */
  readonly tolerance: number;
  /** The number of wrong values among the compared ones. */
  readonly wrong?: { readonly count: number; readonly of: number } | undefined;
}

const findings: Record<GradientCheck, string> = {
  vjp: 'reverse mode (vjp) disagrees with central differences',
  jvp: 'forward mode (jvp) disagrees with central differences',
  transpose: 'vjp and jvp are not transposes of each other: ⟨vjp(u), v⟩ differs from ⟨u, jvp(v)⟩',
  symmetry: 'the second derivative is not symmetric: vjp and jvp of the gradient differ',
  mixed: 'the gradient of the jvp differs from the jvp of the gradient',
  differences:
    'central differences do not converge, so the gradient cannot be judged: the function has a kink or a jump near the ' +
    'input, or is too imprecise (is something cast to float32?)',
};

/** A gradient that is wrong or cannot be judged. The fields hold what the message says; see {@link GradientMismatch}. */
export class GradientError extends Error implements GradientMismatch {
  override readonly name = 'GradientError';
  readonly function: string;
  readonly check: GradientCheck;
  readonly order: number;
  readonly input: string | undefined;
  readonly element: readonly number[] | undefined;
  readonly output: string | undefined;
  readonly outputElement: readonly number[] | undefined;
  readonly weighted: boolean;
  readonly analytic: number;
  readonly numeric: number;
  readonly uncertainty: number;
  /** |analytic − numeric|. */
  readonly error: number;
  readonly tolerance: number;
  readonly wrong: { readonly count: number; readonly of: number } | undefined;

  constructor(mismatch: GradientMismatch) {
    super(formatMessage(mismatch));
    this.function = mismatch.function;
    this.check = mismatch.check;
    this.order = mismatch.order;
    this.input = mismatch.input;
    this.element = mismatch.element;
    this.output = mismatch.output;
    this.outputElement = mismatch.outputElement;
    this.weighted = mismatch.weighted ?? false;
    this.analytic = mismatch.analytic;
    this.numeric = mismatch.numeric;
    this.uncertainty = mismatch.uncertainty;
    this.error = Math.abs(mismatch.analytic - mismatch.numeric);
    this.tolerance = mismatch.tolerance;
    this.wrong = mismatch.wrong;
  }
}

function formatMessage(mismatch: GradientMismatch): string {
  const { check, order, analytic, numeric, uncertainty, tolerance, wrong } = mismatch;
  const locations = [
    showLocation(mismatch.input, mismatch.element),
    showLocation(mismatch.output, mismatch.outputElement),
  ];
  const where = locations.filter((text) => text !== '').join(' → ');
  const lines = [
    `${mismatch.function}: ${findings[check]} (check '${check}', order ${order})`,
    ...(where === '' ? [] : [`  at        ${where}`]),
    ...(mismatch.weighted ? ['  of        the sum of all outputs, with random weights'] : []),
    `  analytic  ${analytic}`,
    `  numeric   ${numeric}${uncertainty > 0 ? ` ± ${uncertainty.toExponential(1)}` : ''}`,
    `  error     ${showNumber(Math.abs(analytic - numeric))}, tolerance ${showNumber(tolerance)}`,
    ...(wrong === undefined || wrong.of === 1 ? [] : [`  wrong     ${wrong.count} of ${wrong.of} compared values`]),
  ];
  return lines.join('\n');
}

function showLocation(path: string | undefined, element: readonly number[] | undefined): string {
  if (path === undefined) return '';
  return element === undefined || element.length === 0 ? path : `${path}, element [${element.join(', ')}]`;
}

function showNumber(value: number): string {
  return Number.isFinite(value) ? value.toExponential(2) : String(value);
}
