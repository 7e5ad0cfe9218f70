// Complex tensors: real and imaginary parts in a last axis of size 2.
import { stack, zerosLike, type Tensor } from '@thetagrad/core';
import { broadcastShapes, checkTensor, checkTensorOperands, toFloat } from '@thetagrad/core/backend';
import { fromPlanar, viewPlanar } from './axes.ts';
import { conjugate, multiply } from './transform.ts';

/**
 * Makes a complex tensor, […shape, 2], of real and imaginary parts (PyTorch's `complex` and `view_as_real`), which broadcast.
 * dtypes are promoted; int32 and bool become float32.
 * @param imag Default: zeros.
 * @throws {TypeError} if a part is not a tensor.
 * @throws {RangeError} if the shapes do not broadcast.
 * @example
 * complex(tensor([1, 2]), tensor([3, 4])); // tensor([[1, 3], [2, 4]])
 */
export function complex(real: Tensor, imag?: Tensor): Tensor {
  checkTensor('complex', real);
  if (imag !== undefined) checkTensor('complex', imag);
  const parts = [real, imag ?? zerosLike(real)].map((part) => part.astype(toFloat(part.dtype)));
  const shape = broadcastShapes('complex', ...parts.map((part) => part.shape));
  return stack(
    parts.map((part) => part.broadcastTo(shape)),
    shape.length,
  );
}

/**
 * Makes a complex tensor, […shape, 2], of absolute values and angles in radians (PyTorch's `polar`), which broadcast. dtypes
 * are promoted; int32 and bool become float32.
 * @throws {TypeError} if an operand is not a tensor.
 * @throws {RangeError} if the shapes do not broadcast.
 * @example
 * polar(tensor([2, 3]), tensor([0, 0])); // tensor([[2, 0], [3, 0]])
 */
export function polar(abs: Tensor, angle: Tensor): Tensor {
  checkTensorOperands('polar', [abs, angle]);
  broadcastShapes('polar', abs.shape, angle.shape);
  return complex(abs.mul(angle.cos()), abs.mul(angle.sin()));
}

/**
 * The real parts of a complex tensor, without the last axis (NumPy's `real`).
 * @throws {TypeError} if z is not a tensor.
 * @throws {RangeError} if z is not complex.
 * @example
 * real(tensor([[1, 3], [2, 4]])); // tensor([1, 2])
 */
export function real(z: Tensor): Tensor {
  return viewPlanar('real', z).slice([0]);
}

/**
 * The imaginary parts of a complex tensor, without the last axis (NumPy's `imag`).
 * @throws {TypeError} if z is not a tensor.
 * @throws {RangeError} if z is not complex.
 * @example
 * imag(tensor([[1, 3], [2, 4]])); // tensor([3, 4])
 */
export function imag(z: Tensor): Tensor {
  return viewPlanar('imag', z).slice([1]);
}

/**
 * The complex conjugate (NumPy's `conj`).
 * @throws {TypeError} if z is not a tensor.
 * @throws {RangeError} if z is not complex.
 * @example
 * conj(tensor([[1, 3], [2, 4]])); // tensor([[ 1, -3], [ 2, -4]])
 */
export function conj(z: Tensor): Tensor {
  return fromPlanar(conjugate(viewPlanar('conj', z)));
}

/**
 * The angle of complex numbers in radians, from −π to π (NumPy's `angle`).
 * @throws {TypeError} if z is not a tensor.
 * @throws {RangeError} if z is not complex.
 * @example
 * angle(tensor([[0, 1], [-1, 0]])); // tensor([1.5708, 3.1416])
 */
export function angle(z: Tensor): Tensor {
  const parts = viewPlanar('angle', z);
  return parts.slice([1]).atan2(parts.slice([0]));
}

/**
 * The absolute value of complex numbers, without overflow; its gradient at 0 is 0. (NumPy's `abs`; here that is core's, which
 * takes the absolute value of each part.)
 * @throws {TypeError} if z is not a tensor.
 * @throws {RangeError} if z is not complex.
 * @example
 * complexAbs(tensor([3, 4])); // tensor(5)
 */
export function complexAbs(z: Tensor): Tensor {
  return viewPlanar('complexAbs', z).norm(0);
}

/**
 * The product of complex numbers, which broadcast. dtypes are promoted. (`mul` multiplies part by part.)
 * @throws {TypeError} if an operand is not a tensor.
 * @throws {RangeError} if an operand is not complex, or the shapes do not broadcast.
 * @example
 * complexMul(tensor([0, 1]), tensor([[0, 1], [2, 3]])); // tensor([[-1, 0], [-3, 2]])
 */
export function complexMul(x: Tensor, y: Tensor): Tensor {
  checkTensorOperands('complexMul', [x, y]);
  const [a, b] = [viewPlanar('complexMul', x), viewPlanar('complexMul', y)];
  broadcastShapes('complexMul', a.shape.slice(1), b.shape.slice(1));
  const rank = Math.max(a.ndim, b.ndim);
  const [left, right] = [a, b].map((z) =>
    z.reshape([2, ...Array.from({ length: rank - z.ndim }, () => 1), ...z.shape.slice(1)]),
  ) as [Tensor, Tensor];
  return fromPlanar(multiply(left, right));
}
