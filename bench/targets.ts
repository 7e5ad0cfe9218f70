// Performance targets on two cores. A ratio is the time (or memory) of the peer over that of ours.
import type { Case } from './case.ts';
import { cases } from './cases/index.ts';
import { sphereFace20Memory } from './processes/memory.ts';

export interface Target {
  /** Name of a case, or of a measurement in separate processes. */
  readonly name: string;
  readonly threads: number;
  /** Name of the peer, without its version. */
  readonly peer: string;
  /** Minimum ratio. */
  readonly atLeast: number;
  /** Ratio to aim for. */
  readonly goal?: number;
  /** Whether the target is for engines with relaxed SIMD (Node 22 and later) instead of Node 20. Default: false. */
  readonly relaxed?: boolean;
}

const tfjs = 'TensorFlow.js wasm';
const jax = 'jax-js wasm';
const torch = 'PyTorch';

const findNames = (pattern: RegExp): string[] => {
  const names = cases.map(({ name }: Case) => name).filter((name) => pattern.test(name));
  if (names.length === 0) throw new Error(`targets: no case matches ${pattern}`);
  return names;
};

const createTargets = (
  pattern: RegExp,
  peer: string,
  threads: number,
  atLeast: number,
  more: Partial<Target> = {},
): Target[] => findNames(pattern).map((name) => ({ name, threads, peer, atLeast, ...more }));

const matmul = /^matmul (256|512|1024)$/;
const convolution = /16×64×28×28 → 64, forward/;
const convolutionGradients = /16×64×28×28 → 64, with both gradients/;
const rows = /^(softmax|layer norm) over rows.*backward$/;
const step = /^SphereFace-20 training step/;

export const targets: readonly Target[] = [
  ...createTargets(matmul, tfjs, 1, 1.2),
  ...createTargets(matmul, tfjs, 2, 2.2),
  ...createTargets(matmul, torch, 2, 0.95),
  ...createTargets(convolution, tfjs, 1, 3.5),
  ...createTargets(convolution, tfjs, 2, 6),
  ...createTargets(convolutionGradients, torch, 2, 0.8),
  ...createTargets(convolutionGradients, jax, 2, 300),
  ...createTargets(/^tanh\(x·x \+ x\)·x, 4M elements$/, torch, 2, 8),
  ...createTargets(rows, tfjs, 2, 4),
  ...createTargets(rows, jax, 2, 4),
  ...createTargets(/^A-Softmax head/, torch, 2, 0.9),
  ...createTargets(step, torch, 2, 0.8, { goal: 1 }),
  { name: sphereFace20Memory, threads: 2, peer: torch, atLeast: 1 },
  ...createTargets(step, torch, 2, 1, { relaxed: true }),
];
