import { evaluate, tensor, type Tensor, type Variable, type VariableTree, type VariableTreeOf } from '@thetagrad/core';
import {
  checkFunction,
  checkInteger,
  checkNonnegative,
  checkOptions,
  checkTensor,
  collectVariables,
  formatShape,
  sizeOf,
  unknownValue,
} from '@thetagrad/core/backend';
import { checkState, type Stateful } from '../state.ts';
import { matchGrads } from './grads.ts';
import { strongWolfe, type LinePoint } from './strongWolfe.ts';

export interface LBFGSOptions {
  /** The length of a step, or the first one that the line search tries. Default: 1. */
  readonly lr?: number;
  /** The number of steps of an update. Default: 20. */
  readonly maxIter?: number;
  /** The number of evaluations of an update, after which it ends. Default: 1.25 · maxIter. */
  readonly maxEval?: number;
  /** Ends an update where no element of the gradient is larger. Default: 1e-7. */
  readonly toleranceGrad?: number;
  /** Ends an update after which neither the loss nor a variable has changed more. Default: 1e-9. */
  readonly toleranceChange?: number;
  /** The number of steps that the approximation of the Hessian is made of. Default: 100. */
  readonly historySize?: number;
  /** How the length of a step is found. Default: null, steps of length `lr`. */
  readonly lineSearchFn?: 'strongWolfe' | null;
}

/** The loss, a scalar, and its gradients: what functions of `valueAndGrad` return. */
export interface LossAndGrads {
  readonly value: Tensor;
  readonly grads: Readonly<Record<string, Tensor>>;
}

/** A step s, and the difference y of the gradients after and before it. */
interface Correction {
  readonly s: Float64Array;
  readonly y: Float64Array;
}

interface Progress {
  step: number;
  evaluations: number;
  /** yᵀs / yᵀy of the last correction. */
  scale: number;
  /** Oldest first. */
  readonly history: Correction[];
  /** The last direction, the length of the step along it, and the gradient before. */
  last: { readonly direction: Float64Array; readonly t: number; readonly grad: Float64Array } | undefined;
}

const optionNames = [
  'lr',
  'maxIter',
  'maxEval',
  'toleranceGrad',
  'toleranceChange',
  'historySize',
  'lineSearchFn',
] as const;

/** Curvatures yᵀs that are not larger are left out. */
const minCurvature = 1e-10;

/**
 * Limited-memory BFGS by PyTorch's rule. Unlike other optimizers it evaluates the loss several times in an update, and stores the
 * variables itself. It is for losses without randomness, of all data or large batches. Its own arithmetic is in double precision, on
 * the host. (Liu and Nocedal, Mathematical Programming 1989; line search: Nocedal and Wright, algorithms 3.5 and 3.6.)
 * @example
 * const optimizer = new LBFGS(w, { lineSearchFn: 'strongWolfe' });
 * const loss = await optimizer.update(valueAndGrad(w, () => w.value.sub(3).square().sum()));
 */
export class LBFGS<Tree = VariableTree> implements Stateful {
  /** The length of a step, or the first one that the line search tries. */
  readonly lr: number;
  readonly #options: Required<Omit<LBFGSOptions, 'lr'>>;
  readonly #tree: VariableTree;
  readonly #nameOf: ReadonlyMap<Variable, string>;
  readonly #size: number;
  #progress: Progress = { step: 0, evaluations: 0, scale: 1, history: [], last: undefined };

  /**
   * @param tree the variables to train, of which those that are not trainable are skipped
   * @throws {RangeError} if no variable is trainable, or an option is out of range.
   */
  constructor(tree: Tree & VariableTreeOf<Tree>, options: LBFGSOptions = {}) {
    checkOptions('LBFGS', options, optionNames);
    const { lr = 1, maxIter = 20, toleranceGrad = 1e-7, toleranceChange = 1e-9, ...rest } = options;
    const { maxEval = Math.floor((maxIter * 5) / 4), historySize = 100, lineSearchFn = null } = rest;
    checkNonnegative('LBFGS', 'lr', lr);
    checkInteger('LBFGS', 'maxIter', maxIter, { min: 1 });
    checkInteger('LBFGS', 'maxEval', maxEval, { min: 1 });
    checkNonnegative('LBFGS', 'toleranceGrad', toleranceGrad);
    checkNonnegative('LBFGS', 'toleranceChange', toleranceChange);
    checkInteger('LBFGS', 'historySize', historySize, { min: 1 });
    if (lineSearchFn !== null && lineSearchFn !== 'strongWolfe') {
      throw unknownValue('LBFGS', 'lineSearchFn', lineSearchFn, `'strongWolfe' or null`);
    }
    this.lr = lr;
    this.#options = { maxIter, maxEval, toleranceGrad, toleranceChange, historySize, lineSearchFn };
    this.#tree = tree as VariableTree;
    const trained = Object.entries(collectVariables('LBFGS', tree)).filter(([, { trainable }]) => trainable);
    if (trained.length === 0) throw new RangeError('LBFGS: there is no trainable variable');
    this.#nameOf = new Map(trained.map(([name, variable]) => [variable, name]));
    this.#size = trained.reduce((sum, [, { shape }]) => sum + sizeOf(shape), 0);
  }

  /** The number of steps so far. */
  get step(): number {
    return this.#progress.step;
  }

  /** The number of evaluations of the loss so far. */
  get evaluations(): number {
    return this.#progress.evaluations;
  }

  /**
   * Minimizes the loss in up to `maxIter` steps, and stores the variables.
   * @param closure computes the loss and its gradients with respect to the variables as they are when it is called
   * @returns the loss before
   * @throws {RangeError} if the loss is not a scalar or not finite, or gradients do not fit. Variables and optimizer are as before
   *   then, also if the closure throws.
   */
  async update(closure: () => LossAndGrads | Promise<LossAndGrads>): Promise<number> {
    checkFunction('LBFGS.update', closure);
    const start = await this.#read();
    const before = this.#progress;
    this.#progress = { ...before, history: [...before.history] };
    try {
      return await this.#minimize(closure, start);
    } catch (error) {
      this.#progress = before;
      await this.#write(start);
      throw error;
    }
  }

  async #minimize(closure: () => LossAndGrads | Promise<LossAndGrads>, start: Float64Array): Promise<number> {
    const { lr } = this;
    const { maxIter, maxEval, toleranceGrad, toleranceChange, lineSearchFn } = this.#options;
    const progress = this.#progress;
    const maxEvaluations = progress.evaluations + maxEval;
    let x = start;
    let { loss, grad } = await this.#evaluate(closure);
    const first = loss;
    checkFinite(first, 0);
    if (largest(grad) <= toleranceGrad) return first;
    for (let i = 1; i <= maxIter; i++) {
      const direction = this.#findDirection(grad);
      progress.step++;
      let t = progress.step === 1 ? Math.min(1, 1 / sumOfMagnitudes(grad)) * lr : lr;
      const [origin, slope, previous] = [x, dot(grad, direction), loss];
      progress.last = { direction, t, grad };
      if (slope > -toleranceChange) break;
      const evaluateAt = async (length: number): Promise<LinePoint> => {
        await this.#write(addScaled(origin, direction, length));
        const point = await this.#evaluate(closure);
        return { t: length, ...point, slope: dot(point.grad, direction) };
      };
      if (lineSearchFn === null) {
        // The last step is evaluated by the next update.
        if (i < maxIter) ({ loss, grad } = await evaluateAt(t));
        checkFinite(loss, t);
      } else {
        const minWidth = toleranceChange / largest(direction);
        ({ t, loss, grad } = await strongWolfe(evaluateAt, { t: 0, loss, grad, slope }, t, minWidth));
      }
      x = addScaled(origin, direction, t);
      progress.last = { ...progress.last, t };
      if (progress.evaluations >= maxEvaluations || largest(grad) <= toleranceGrad) break;
      if (largest(direction) * t <= toleranceChange || Math.abs(loss - previous) < toleranceChange) break;
    }
    await this.#write(x);
    return first;
  }

  /** The direction of the next step, −H g; adds the last step to the history, of which H is made. */
  #findDirection(grad: Float64Array): Float64Array {
    const { last, history } = this.#progress;
    if (last) {
      const s = last.direction.map((d) => d * last.t);
      const y = addScaled(grad, last.grad, -1);
      const curvature = dot(y, s);
      if (curvature > minCurvature) {
        if (history.length === this.#options.historySize) history.shift();
        history.push({ s, y });
        this.#progress.scale = curvature / dot(y, y);
      }
    }
    const direction = grad.map((g) => -g);
    const steps = history.map(({ s, y }) => ({ s, y, inverse: 1 / dot(y, s), alpha: 0 }));
    for (const step of steps.toReversed()) {
      step.alpha = dot(step.s, direction) * step.inverse;
      addTo(direction, step.y, -step.alpha);
    }
    for (let i = 0; i < direction.length; i++) direction[i]! *= this.#progress.scale;
    for (const { s, y, inverse, alpha } of steps) addTo(direction, s, alpha - dot(y, direction) * inverse);
    return direction;
  }

  /** The loss and its gradient at the stored values. */
  async #evaluate(
    closure: () => LossAndGrads | Promise<LossAndGrads>,
  ): Promise<{ readonly loss: number; readonly grad: Float64Array }> {
    this.#progress.evaluations++;
    const { value, grads } = await closure();
    checkTensor('LBFGS.update', value);
    if (value.size !== 1)
      throw new RangeError(`LBFGS.update: the loss must be a scalar, got ${formatShape(value.shape)}`);
    const gradOf = matchGrads('LBFGS.update', grads, this.#tree, this.#nameOf);
    await evaluate(value, grads);
    return {
      loss: await value.item(),
      grad: await join(
        this.#size,
        [...this.#nameOf.keys()].map((variable) => gradOf.get(variable)!),
      ),
    };
  }

  /** The values of all variables, one after another. */
  async #read(): Promise<Float64Array> {
    const variables = [...this.#nameOf.keys()];
    await evaluate(variables);
    return join(
      this.#size,
      variables.map(({ value }) => value),
    );
  }

  async #write(x: Float64Array): Promise<void> {
    let offset = 0;
    for (const variable of this.#nameOf.keys()) {
      const { shape, dtype } = variable;
      const values = x.subarray(offset, (offset += sizeOf(shape)));
      variable.assign(tensor(dtype === 'float64' ? values.slice() : Float32Array.from(values)).reshape(shape));
    }
    await evaluate([...this.#nameOf.keys()]);
  }

  /** The history as tensors by name: the next update goes on from it. */
  stateDict(): Record<string, Tensor> {
    const { step, evaluations, scale, history, last } = this.#progress;
    const size = this.#size;
    const rows = (vectors: readonly Float64Array[]): Tensor => {
      const values = new Float64Array(vectors.length * size);
      for (const [i, vector] of vectors.entries()) values.set(vector, i * size);
      return tensor(values).reshape([vectors.length, size]);
    };
    return {
      step: tensor(step, { dtype: 'int32' }),
      evaluations: tensor(evaluations, { dtype: 'int32' }),
      scale: tensor(scale, { dtype: 'float64' }),
      steps: rows(history.map(({ s }) => s)),
      gradientDifferences: rows(history.map(({ y }) => y)),
      direction: rows(last ? [last.direction] : []),
      gradient: rows(last ? [last.grad] : []),
      stepSize: tensor(last?.t ?? 0, { dtype: 'float64' }),
    };
  }

  /** @throws {RangeError} if it is not such a state. Nothing is changed then. */
  loadStateDict(state: Readonly<Record<string, Tensor>>): void {
    const operation = 'LBFGS.loadStateDict';
    const float64 = (rows: unknown): { dtype: 'float64'; shape: number[] } => ({
      dtype: 'float64',
      shape: [Number(rows ?? 0), this.#size],
    });
    const corrections = float64(state['steps']?.shape[0]);
    const last = float64(state['direction']?.shape[0]);
    const [count, number] = [{ dtype: 'int32', shape: [] } as const, { dtype: 'float64', shape: [] } as const];
    checkState(
      operation,
      {
        step: count,
        evaluations: count,
        scale: number,
        steps: corrections,
        gradientDifferences: corrections,
        direction: last,
        gradient: last,
        stepSize: number,
      },
      state,
    );
    const read = (name: string): number => state[name]!.itemSync();
    const vectors = (name: string): Float64Array[] => {
      const values = Float64Array.from(state[name]!.dataSync());
      const rows = state[name]!.shape[0]!;
      return Array.from({ length: rows }, (_, i) => values.subarray(i * this.#size, (i + 1) * this.#size));
    };
    for (const name of ['step', 'evaluations']) checkInteger(operation, name, read(name), { min: 0 });
    checkInteger(operation, 'the number of steps', corrections.shape[0], { max: this.#options.historySize });
    const [y, [direction], [grad]] = [vectors('gradientDifferences'), vectors('direction'), vectors('gradient')];
    this.#progress = {
      step: read('step'),
      evaluations: read('evaluations'),
      scale: read('scale'),
      history: vectors('steps').map((s, i) => ({ s, y: y[i]! })),
      last: direction && grad ? { direction, grad, t: read('stepSize') } : undefined,
    };
  }
}

/** @throws {RangeError} if the loss is not finite. */
function checkFinite(loss: number, t: number): void {
  if (Number.isFinite(loss)) return;
  const advice = t === 0 ? '' : ` after a step of length ${t}; lower lr, or use { lineSearchFn: 'strongWolfe' }`;
  throw new RangeError(`LBFGS.update: the loss is ${loss}${advice}`);
}

async function join(size: number, tensors: readonly Tensor[]): Promise<Float64Array> {
  const all = new Float64Array(size);
  let offset = 0;
  for (const values of await Promise.all(tensors.map((part) => part.data()))) {
    all.set(values, offset);
    offset += values.length;
  }
  return all;
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}

/** a ← a + factor · b. */
function addTo(a: Float64Array, b: Float64Array, factor: number): void {
  for (let i = 0; i < a.length; i++) a[i]! += factor * b[i]!;
}

/** a + factor · b. */
function addScaled(a: Float64Array, b: Float64Array, factor: number): Float64Array {
  const sum = a.slice();
  addTo(sum, b, factor);
  return sum;
}

function largest(x: Float64Array): number {
  return x.reduce((max, value) => Math.max(max, Math.abs(value)), 0);
}

function sumOfMagnitudes(x: Float64Array): number {
  return x.reduce((sum, value) => sum + Math.abs(value), 0);
}
