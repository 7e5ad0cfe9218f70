// Checked by `npm run typecheck`: rules of primitives see the methods of tensors through the backends' entry point alone.
import type { Routine } from '@thetagrad/core/backend';

export const rules: Pick<Routine<'take'>, 'vjp'> = {
  vjp: (cotangent, { inputs: [x, indices], attributes: { axis } }) => x.mul(0).scatterAdd(indices, cotangent, axis),
};
