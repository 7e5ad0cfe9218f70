import { concat, eye, ones, stopGradient, type Tensor, Variable, zeros } from '@thetagrad/core';
import { argumentError, checkOptions, unknownValue } from '@thetagrad/core/backend';
import { householderProduct, matrixExp, qr, solve } from '@thetagrad/linalg';
import { diagonal, tril } from '@thetagrad/ops';
import type { AnyModule } from '../module.ts';
import { Parametrization, Parametrized, registerParametrization } from './parametrized.ts';

/** How {@link orthogonal} makes an orthogonal matrix of any matrix. */
export type OrthogonalMap = 'matrixExp' | 'cayley' | 'householder';

/** Options of {@link orthogonal}. */
export interface OrthogonalOptions {
  /** The variable. Default: 'weight'. */
  readonly name?: string;
  /**
   * The exponential or the Cayley transform of a skew-symmetric matrix, or a product of Householder reflections. Default: 'matrixExp' for
   * square matrices, else 'householder'.
   */
  readonly orthogonalMap?: OrthogonalMap;
}

/** base · q(original), with orthogonal columns, or rows where there are fewer of them. */
class Orthogonal extends Parametrization {
  readonly orthogonalMap: OrthogonalMap;
  /** [..., n, n], the orthogonal matrix at first, where n is the larger side. */
  base: Variable | undefined;

  constructor(orthogonalMap: OrthogonalMap) {
    super();
    this.orthogonalMap = orthogonalMap;
  }

  override forward(original: Tensor): Tensor {
    return inTallForm(original, (x) => {
      const q = this.orthogonalMap === 'householder' ? reflect(x) : rotate(x, this.orthogonalMap);
      return this.base ? this.base.value.matmul(q) : q;
    });
  }

  /** The matrix that is mapped to the identity; the value, made orthogonal, becomes the base. */
  override rightInverse(value: Tensor): Tensor {
    const tall = sizes(value)[0] < sizes(value)[1] ? value.transpose() : value;
    const { q, r } = qr(tall, { mode: 'complete' });
    const [n, k] = sizes(tall);
    // The signs for which the diagonal of r is positive.
    const signs = diagonal(r, { axis1: -2, axis2: -1 }).less(0).where(-1, 1).astype(value.dtype);
    const rest = ones([...signs.shape.slice(0, -1), n - k], { dtype: value.dtype });
    this.base = new Variable(q.mul(concat([signs, rest], -1).expandDims(-2)), {
      name: 'Orthogonal.base',
      trainable: false,
    });
    const [rows, columns] = sizes(value);
    return eye(rows, { columns, dtype: value.dtype }).neg().broadcastTo(value.shape);
  }
}

/** Rows and columns. */
function sizes(x: Tensor): [rows: number, columns: number] {
  return x.shape.slice(-2) as [number, number];
}

/** Applies a function of matrices with at least as many rows as columns. */
function inTallForm(x: Tensor, f: (tall: Tensor) => Tensor): Tensor {
  const [rows, columns] = sizes(x);
  return rows < columns ? f(x.transpose()).transpose() : f(x);
}

/** The first columns of exp(a) or (1 − a/2)⁻¹(1 + a/2), where a is skew-symmetric. */
function rotate(x: Tensor, map: 'matrixExp' | 'cayley'): Tensor {
  const [n, k] = sizes(x);
  const lower = tril(x);
  const square = n === k ? lower : concat([lower, zeros([...x.shape.slice(0, -1), n - k], { dtype: x.dtype })], -1);
  const skew = square.sub(square.transpose());
  const half = skew.mul(0.5);
  const identity = eye(n, { dtype: x.dtype });
  const q = map === 'matrixExp' ? matrixExp(skew) : solve(identity.sub(half), identity.add(half));
  return n === k ? q : q.slice([...x.shape.slice(0, -1).map(() => null), [0, k]]);
}

/** A product of reflections with vectors below the diagonal; the diagonal has the signs of columns, which are not trained. */
function reflect(x: Tensor): Tensor {
  const vectors = tril(x, { offset: -1 });
  const tau = vectors.square().sum(-2).add(1).reciprocal().mul(2);
  const signs = stopGradient(diagonal(x, { axis1: -2, axis2: -1 })).round();
  return householderProduct(vectors, tau).mul(signs.expandDims(-2));
}

/**
 * Keeps the columns of a matrix orthonormal, or its rows if it has fewer of them (PyTorch's `parametrizations.orthogonal`): at first it
 * is the weight made orthogonal by a QR factorization, the buffer `base`, then base · q with an orthogonal q of the originals. Of a
 * weight with more axes the last two are those of matrices. (Lezcano-Casado, NeurIPS 2019.)
 * @throws {RangeError} if the module has no such variable, or it has fewer than two axes.
 * @throws {TypeError} if the map is unknown.
 * @example
 * orthogonal(new Linear(2, 3)).variables()['parametrizations.weight.0.base'].shape; // [3, 3]
 */
export function orthogonal<M extends AnyModule>(
  module: M | Parametrized<M>,
  options: OrthogonalOptions = {},
): Parametrized<M> {
  checkOptions('orthogonal', options, ['name', 'orthogonalMap']);
  const { name = 'weight' } = options;
  const inner = module instanceof Parametrized ? module.module : module;
  const shape = inner.ownVariables().get(name)?.shape;
  if (shape && shape.length < 2) throw argumentError('orthogonal', name, 'a matrix', shape, true);
  const { orthogonalMap = shape?.at(-1) === shape?.at(-2) ? 'matrixExp' : 'householder' } = options;
  if (!['matrixExp', 'cayley', 'householder'].includes(orthogonalMap)) {
    throw unknownValue('orthogonal', 'map', orthogonalMap, "'matrixExp', 'cayley' or 'householder'");
  }
  return registerParametrization(module, name, new Orthogonal(orthogonalMap));
}
