import { type Key, random, stopGradient, type Tensor, Variable } from '@thetagrad/core';
import { checkInteger, checkOptions, checkPositive, normalizeAxis } from '@thetagrad/core/backend';
import { generatorOf, type Randomness } from '../generator.ts';
import { ConvTranspose1d, ConvTranspose2d, ConvTranspose3d } from '../layers/convolution.ts';
import type { AnyModule } from '../module.ts';
import { Parametrization, Parametrized, registerParametrization } from './parametrized.ts';

/** Options of {@link spectralNorm}. */
export interface SpectralNormOptions extends Randomness {
  /** The variable. Default: 'weight'. */
  readonly name?: string;
  /** The number of power iterations at each call in training. Default: 1. */
  readonly nPowerIterations?: number;
  /** What norms below are raised to. Default: 1e-12. */
  readonly eps?: number;
  /** The axis of the rows of the matrix. Default: 1 for transposed convolutions, else 0. */
  readonly axis?: number;
}

/** The number of power iterations at first, as in PyTorch. */
const firstIterations = 15;

/** Left and right singular vectors. */
interface SingularVectors {
  readonly left: Tensor;
  readonly right: Tensor;
}

/** original / σ, where σ estimates the largest singular value. */
class SpectralNorm extends Parametrization {
  readonly axis: number;
  readonly nPowerIterations: number;
  readonly eps: number;
  readonly #left: Variable;
  readonly #right: Variable;

  constructor(
    weight: Variable,
    keys: readonly [Key, Key],
    options: { axis: number; nPowerIterations: number; eps: number },
  ) {
    super();
    this.axis = normalizeAxis('spectralNorm', options.axis, weight.shape.length);
    this.nPowerIterations = options.nPowerIterations;
    this.eps = options.eps;
    const matrix = this.#toMatrix(weight.value);
    const [left, right] = matrix.shape.map((length, i) => {
      return this.#normalize(random.normal(i === 0 ? keys[0] : keys[1], [length], { dtype: weight.dtype }));
    }) as [Tensor, Tensor];
    const vectors = this.#iterate(matrix, { left, right }, firstIterations);
    this.#left = new Variable(vectors.left, { name: 'SpectralNorm.u', trainable: false });
    this.#right = new Variable(vectors.right, { name: 'SpectralNorm.v', trainable: false });
  }

  /** The buffers by PyTorch's names. */
  protected override members(): object {
    return { _u: this.#left, _v: this.#right };
  }

  override forward(weight: Tensor): Tensor {
    const matrix = this.#toMatrix(weight);
    let vectors: SingularVectors = { left: this.#left.value, right: this.#right.value };
    if (this.training) {
      vectors = this.#iterate(stopGradient(matrix), vectors, this.nPowerIterations);
      this.#left.assign(vectors.left);
      this.#right.assign(vectors.right);
    }
    return weight.div(vectors.left.mul(matrix.matmul(vectors.right)).sum());
  }

  #toMatrix(weight: Tensor): Tensor {
    const others = weight.shape.map((_, axis) => axis).filter((axis) => axis !== this.axis);
    return weight.permute([this.axis, ...others]).flatten(1);
  }

  #normalize(x: Tensor): Tensor {
    return x.div(x.norm().maximum(this.eps));
  }

  #iterate(matrix: Tensor, vectors: SingularVectors, count: number): SingularVectors {
    let { left, right } = vectors;
    for (let i = 0; i < count; i++) {
      left = this.#normalize(matrix.matmul(right));
      right = this.#normalize(left.matmul(matrix));
    }
    return { left, right };
  }
}

/** original / max(‖original‖, eps), the spectral norm of a vector. */
class UnitVector extends Parametrization {
  readonly eps: number;

  constructor(eps: number) {
    super();
    this.eps = eps;
  }

  override forward(weight: Tensor): Tensor {
    return weight.div(weight.norm().maximum(this.eps));
  }
}

/**
 * Divides a weight by its largest singular value, as a matrix of its slices along an axis (PyTorch's `parametrizations.spectral_norm`).
 * The value is estimated by power iterations at each call in training, which assign the singular vectors, the buffers `_u` and `_v`:
 * evaluate the model with the loss to store them. (Miyato et al., ICLR 2018, algorithm 1.)
 * @throws {RangeError} if the module has no such variable, or an option is out of range.
 * @throws {TypeError} if both a key and a generator are given.
 * @example
 * spectralNorm(new Linear(2, 3)).buffers()['parametrizations.weight.0._u'].shape; // [3]
 */
export function spectralNorm<M extends AnyModule>(
  module: M | Parametrized<M>,
  options: SpectralNormOptions = {},
): Parametrized<M> {
  checkOptions('spectralNorm', options, ['name', 'nPowerIterations', 'eps', 'axis', 'key', 'generator']);
  const inner = module instanceof Parametrized ? module.module : module;
  const isTransposed = [ConvTranspose1d, ConvTranspose2d, ConvTranspose3d].some((layer) => inner instanceof layer);
  const { name = 'weight', nPowerIterations = 1, eps = 1e-12, axis = isTransposed ? 1 : 0 } = options;
  checkInteger('spectralNorm', 'nPowerIterations', nPowerIterations, { min: 1 });
  checkInteger('spectralNorm', 'axis', axis);
  checkPositive('spectralNorm', 'eps', eps);
  const generator = generatorOf('spectralNorm', options);
  const weight = inner.ownVariables().get(name);
  // Without a weight, registering is what throws.
  const isMatrix = weight && weight.shape.length > 1;
  const parametrization = isMatrix
    ? new SpectralNorm(weight, [generator.next(), generator.next()], { axis, nPowerIterations, eps })
    : new UnitVector(eps);
  return registerParametrization(module, name, parametrization);
}
