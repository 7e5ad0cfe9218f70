import { gpuJs } from './gpu.ts';
import { jaxJs } from './jax.ts';
import { jsPytorch } from './jsPytorch.ts';
import type { PeerLibrary } from './peer.ts';
import { tfjsCpu, tfjsWasm } from './tfjs.ts';
import { pyTorch } from './torch.ts';

/** Peers of `npm run bench`. */
export const libraries: readonly PeerLibrary[] = [pyTorch, tfjsWasm, tfjsCpu, jaxJs, gpuJs, jsPytorch];
