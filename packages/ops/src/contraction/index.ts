// Contractions: sums of products over axes.
export { addbmm, addmm, addmv, addr, baddbmm, bilinear, type AddProductOptions } from './add.ts';
export { einsum } from './einsum.ts';
export { cross, dot, inner, kron, multiDot, outer, tensordot, vdot, vecdot, type ContractedAxes } from './products.ts';
