export { cholesky, choleskyInverse, choleskySolve, type CholeskyOptions } from './cholesky.ts';
export { det, slogdet } from './determinant.ts';
export { eig, eigvals } from './eig.ts';
export { eigh, eigvalsh, type EighOptions } from './eigh.ts';
export { matrixExp, matrixPower } from './functions.ts';
export { ldlFactor, ldlSolve } from './ldl.ts';
export { lu, luFactor, luSolve } from './lu.ts';
export {
  cond,
  matrixNorm,
  renorm,
  vectorNorm,
  type CondOptions,
  type MatrixNormOptions,
  type MatrixOrder,
  type VectorNormOptions,
} from './norms.ts';
export {
  lstsq,
  matrixRank,
  pinv,
  type LeastSquares,
  type LstsqOptions,
  type MatrixRankOptions,
  type PinvOptions,
} from './pinv.ts';
export { householderProduct, qr, type QrOptions } from './qr.ts';
export { roots } from './roots.ts';
export { inv, solve } from './solve.ts';
export { svd, svdvals, type SvdOptions } from './svd.ts';
export { tensorinv, tensorsolve, type TensorinvOptions, type TensorsolveOptions } from './tensorsolve.ts';
export { solveTriangular, type SolveTriangularOptions } from './triangular.ts';
