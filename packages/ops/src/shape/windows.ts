// Window functions.
import { tensor, type DType, type Tensor } from '@thetagrad/core';
import { checkBoolean, checkInteger, checkNonnegative, checkTensorOptions } from '@thetagrad/core/backend';

export interface WindowOptions {
  /**
   * Whether the window is one period of a periodic function, for spectra, instead of symmetric, for filters. Default: false.
   */
  readonly periodic?: boolean;
  /** Default: float32. */
  readonly dtype?: DType;
}

/**
 * The Hann window ½ + ½ cos πt for t from −1 to 1 (NumPy's `hanning`).
 * @param size the number of elements. A single one is 1.
 * @throws {TypeError} if an option is invalid.
 * @throws {RangeError} if the size is not an integer ≥ 0.
 * @example
 * hanning(5); // tensor([0.0, 0.5, 1.0, 0.5, 0.0])
 */
export function hanning(size: number, options?: WindowOptions): Tensor {
  return sample('hanning', size, options, (t) => 0.5 + 0.5 * Math.cos(Math.PI * t));
}

/**
 * The Hamming window 0.54 + 0.46 cos πt for t from −1 to 1 (NumPy's `hamming`).
 * @param size the number of elements. A single one is 1.
 * @throws {TypeError} if an option is invalid.
 * @throws {RangeError} if the size is not an integer ≥ 0.
 * @example
 * hamming(3); // tensor([0.08, 1.00, 0.08])
 */
export function hamming(size: number, options?: WindowOptions): Tensor {
  return sample('hamming', size, options, (t) => 0.54 + 0.46 * Math.cos(Math.PI * t));
}

/**
 * The Blackman window 0.42 + 0.5 cos πt + 0.08 cos 2πt for t from −1 to 1 (NumPy's `blackman`).
 * @param size the number of elements. A single one is 1.
 * @throws {TypeError} if an option is invalid.
 * @throws {RangeError} if the size is not an integer ≥ 0.
 * @example
 * blackman(3); // tensor([0, 1, 0])
 */
export function blackman(size: number, options?: WindowOptions): Tensor {
  // The ends are 0; rounding would make them negative.
  const value = (t: number): number => 0.42 + 0.5 * Math.cos(Math.PI * t) + 0.08 * Math.cos(2 * Math.PI * t);
  return sample('blackman', size, options, (t) => Math.max(0, value(t)));
}

/**
 * The triangular window 1 − |t| for t from −1 to 1 (NumPy's `bartlett`).
 * @param size the number of elements. A single one is 1.
 * @throws {TypeError} if an option is invalid.
 * @throws {RangeError} if the size is not an integer ≥ 0.
 * @example
 * bartlett(5); // tensor([0.0, 0.5, 1.0, 0.5, 0.0])
 */
export function bartlett(size: number, options?: WindowOptions): Tensor {
  return sample('bartlett', size, options, (t) => 1 - Math.abs(t));
}

/**
 * The Kaiser window I₀(β √(1 − t²)) / I₀(β) for t from −1 to 1 (NumPy's `kaiser`).
 * @param size the number of elements. A single one is 1.
 * @param beta the shape: 0 is a rectangle, 14 nearly as narrow as float32 can tell from 0.
 * @throws {TypeError} if an option is invalid.
 * @throws {RangeError} if the size is not an integer ≥ 0, or beta is not a finite number ≥ 0.
 * @example
 * kaiser(3, 5); // tensor([0.0367, 1.0000, 0.0367])
 */
export function kaiser(size: number, beta: number, options?: WindowOptions): Tensor {
  checkNonnegative('kaiser', 'beta', beta);
  const center = scaledBesselI0(beta);
  return sample('kaiser', size, options, (t) => {
    const argument = beta * Math.sqrt(Math.max(0, 1 - t * t));
    return (scaledBesselI0(argument) / center) * Math.exp(argument - beta);
  });
}

/** e^(−x) I₀(x) for x ≥ 0: the power series, whose terms are all positive, or the asymptotic one. */
function scaledBesselI0(x: number): number {
  const isLarge = x > 500;
  let [sum, term] = [1, 1];
  for (let k = 1; term > sum * 2 ** -54; k++) {
    term *= isLarge ? (2 * k - 1) ** 2 / (8 * k * x) : (x / (2 * k)) ** 2;
    sum += term;
  }
  return isLarge ? sum / Math.sqrt(2 * Math.PI * x) : sum * Math.exp(-x);
}

function sample(operation: string, size: number, options: WindowOptions = {}, window: (t: number) => number): Tensor {
  checkInteger(operation, 'size', size, { min: 0 });
  checkTensorOptions(operation, options, 'periodic');
  const { periodic = false, dtype = 'float32' } = options;
  checkBoolean(operation, 'periodic', periodic);
  const intervals = periodic ? size : size - 1;
  // Odd numerators and equal ones of both signs: exactly symmetric, and exactly 1 in the middle.
  const values = Float64Array.from({ length: size }, (_, i) =>
    size === 1 ? 1 : window((2 * i - intervals) / intervals),
  );
  return tensor(values, { dtype });
}
