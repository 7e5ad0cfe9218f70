import type { Elementwise } from '../graph/primitive.ts';

/** The same number in another dtype; storing it converts. (To bool it is a comparison with 0.) */
export const cast: Elementwise = {
  kind: 'elementwise',
  name: 'cast',
  dtypes: 'number',
  value: (x) => x,
  lower: (x) => x,
  derivatives: [(t) => t],
  domain: [{ from: -3, to: 3 }],
};
