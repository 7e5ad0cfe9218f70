import type { Tensor } from '@thetagrad/core';
import type { Tensor as PeerTensor } from '@tensorflow/tfjs-core';

/** One computation, written for both: from inputs that are there to results that are computed. */
export interface Case {
  readonly name: string;
  readonly ours: () => readonly Tensor[];
  /** The same results, for the peer; in any layout if `layout` says how to bring them into ours. */
  readonly peer: () => readonly PeerTensor[];
  /** The axes of ours in each of the peer's results, where they are ordered differently. */
  readonly layout?: readonly (readonly number[] | undefined)[];
}
