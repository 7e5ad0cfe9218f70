import { ones, tensor } from '@thetagrad/core';
import * as ops from '../../src/index.ts';

const wrong = <T>(value: unknown): T => value as T;
const [x, v, s] = [ones([2, 3]), ones([3]), tensor(1)];
const batch = ones([2, 2, 2]);

/** Bad calls, and the beginnings of their messages. */
export const contractionErrors: readonly (readonly [call: () => unknown, message: string])[] = [
  [() => ops.einsum(wrong(x), x), "TypeError: einsum: the equation must be a string such as 'ij,jk->ik', got Tensor"],
  [() => ops.einsum('ij', wrong([1])), 'TypeError: einsum: expected a tensor, got Array'],
  [() => ops.einsum('ij->ji->ij', x), "RangeError: einsum: 'ij->ji->ij' has more than one '->'"],
  [
    () => ops.einsum('ij,jk', x),
    "RangeError: einsum: 'ij,jk' is for 2 operands, got 1; separate their axes with commas",
  ],
  [() => ops.einsum('i1', x), "RangeError: einsum: the axes 'i1' must be letters and at most one '...'"],
  [() => ops.einsum('...i...', x), "RangeError: einsum: the axes '...i...' must be letters and at most one '...'"],
  [
    () => ops.einsum('i', x),
    "RangeError: einsum: 'i' names 1 axes, but operand 0 of shape [2, 3] has 2; write '...' for the others",
  ],
  [() => ops.einsum('...ijk', x), "RangeError: einsum: '...ijk' names 3 axes, but operand 0 of shape [2, 3] has 2"],
  [() => ops.einsum('ij->ii', x), "RangeError: einsum: 'i' occurs twice in the output of 'ij->ii'"],
  [() => ops.einsum('ij->k', x), "RangeError: einsum: 'k' of the output is not in any operand of 'ij->k'"],
  [
    () => ops.einsum('ij,jk', x, x),
    "RangeError: einsum: axis 'j' has size 2 in operand 1 of shape [2, 3], and 3 elsewhere",
  ],
  [() => ops.einsum('ii', x), "RangeError: einsum: axis 'i' has size 3 in operand 0 of shape [2, 3], and 2 elsewhere"],
  [
    () => ops.einsum('...,...', x, ones([2])),
    "RangeError: einsum: axis -1 of '...' has size 2 in operand 1 of shape [2], and 3 elsewhere",
  ],
  [() => ops.tensordot(x, x, 3), 'RangeError: tensordot: axes must be an integer from 0 to 2, got 3'],
  [() => ops.tensordot(x, x, wrong('1')), 'TypeError: tensordot: axes must be a number, or a pair of axes or lists'],
  [() => ops.tensordot(x, x, [0, 2]), 'RangeError: tensordot: axis 2 is out of range'],
  [() => ops.tensordot(x, x, [[0, 1], [0]]), 'RangeError: tensordot: axes must be as many for both operands'],
  [() => ops.tensordot(x, x, 1), 'RangeError: tensordot: axis 1 of [2, 3] (3) must equal axis 0 of [2, 3] (2)'],
  [() => ops.dot(x, x), 'RangeError: dot: axis 1 of [2, 3] (3) must equal axis 0 of [2, 3] (2)'],
  [() => ops.inner(x, ones([2])), 'RangeError: inner: axis 1 of [2, 3] (3) must equal axis 0 of [2] (2)'],
  [() => ops.outer(x, wrong(1)), 'TypeError: outer: expected a tensor, got 1'],
  [() => ops.vecdot(s, v), 'RangeError: vecdot: operands need at least one axis; use mul for scalars'],
  [
    () => ops.vecdot(v, ones([1])),
    'RangeError: vecdot: vectors must be equally long, got 3 and 1 elements along axis 0',
  ],
  [() => ops.vecdot(x, ones([2])), 'RangeError: vecdot: shapes [2, 3] and [2] do not broadcast'],
  [() => ops.vdot(x, v), 'RangeError: vdot: operands must have equally many elements, got shapes [2, 3] and [3]'],
  [() => ops.cross(x, x, 0), 'RangeError: cross: axis 0 of both operands must have size 3, got [2, 3] and [2, 3]'],
  [() => ops.kron(x, wrong(2)), 'TypeError: kron: expected a tensor, got 2'],
  [() => ops.multiDot([]), 'RangeError: multiDot: expected at least one tensor, got none'],
  [() => ops.multiDot([x, v, x]), 'RangeError: multiDot: expected a tensor of rank 2, got shape [3]'],
  [() => ops.multiDot([x, x]), 'RangeError: multiDot: inner sizes of tensors 0 and 1 differ: [2, 3] · [2, 3]'],
  [() => ops.addmm(x, x, x), 'RangeError: addmm: axis 1 of [2, 3] must equal axis 0 of [2, 3]'],
  [() => ops.addmm(ones([5]), x, ones([3, 2])), 'RangeError: addmm: shapes [5] and [2, 2] do not broadcast'],
  [() => ops.addmv(ones([3, 2]), x, v), 'RangeError: addmv: the input [3, 2] does not broadcast to the product [2]'],
  [() => ops.addr(s, v, x), 'RangeError: addr: expected a tensor of rank 1, got shape [2, 3]'],
  [() => ops.addmm(s, x, ones([3, 2]), { alpha: wrong('1') }), "TypeError: addmm: alpha must be a number, got '1'"],
  [() => ops.baddbmm(s, batch, batch, wrong({ a: 1 })), "TypeError: baddbmm: unknown option 'a'; expected alpha, beta"],
  [
    () => ops.addbmm(s, batch, ones([1, 2, 2])),
    'RangeError: addbmm: axis 0 of [2, 2, 2] must equal axis 0 of [1, 2, 2]',
  ],
  [
    () => ops.bilinear(x, x, ones([1, 3, 2])),
    'RangeError: bilinear: the last axis of [2, 3] must equal axis 2 of the weight [1, 3, 2]',
  ],
  [() => ops.bilinear(x, x, ones([1, 3, 3]), ones([2])), 'RangeError: bilinear: the bias must have 1 elements, got 2'],
];
