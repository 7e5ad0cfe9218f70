// What the engine is meant to reach on two cores. A ratio is the peer's time (or memory) over ours.
import type { Case } from './case.ts';
import { cases } from './cases/index.ts';
import { sphereFace20Memory } from './processes/memory.ts';

export interface Target {
  /** The name of a case, or of a measurement in processes of their own. */
  readonly name: string;
  readonly threads: number;
  /** The name of the peer, without its version. */
  readonly peer: string;
  readonly atLeast: number;
  /** What would be better still. */
  readonly goal?: number;
  /** Whether the target is for an engine with relaxed SIMD (Node 22 and later); those without are for Node 20. */
  readonly relaxed?: boolean;
}

const tfjs = 'TensorFlow.js wasm';
const jax = 'jax-js wasm';
const torch = 'PyTorch';

const named = (pattern: RegExp): string[] => {
  const names = cases.map(({ name }: Case) => name).filter((name) => pattern.test(name));
  if (names.length === 0) throw new Error(`targets: no case is named ${pattern}`);
  return names;
};

const each = (pattern: RegExp, peer: string, threads: number, atLeast: number, more: Partial<Target> = {}): Target[] =>
  named(pattern).map((name) => ({ name, threads, peer, atLeast, ...more }));

const matmul = /^matmul (256|512|1024)$/;
const convolution = /16×64×28×28 → 64, forward/;
const convolutionGradients = /16×64×28×28 → 64, with both gradients/;
const rows = /^(softmax|layer norm) over rows.*backward$/;
const step = /^SphereFace-20 training step/;

export const targets: readonly Target[] = [
  ...each(matmul, tfjs, 1, 1.2),
  ...each(matmul, tfjs, 2, 2.2),
  ...each(matmul, torch, 2, 0.95),
  ...each(convolution, tfjs, 1, 3.5),
  ...each(convolution, tfjs, 2, 6),
  ...each(convolutionGradients, torch, 2, 0.8),
  ...each(convolutionGradients, jax, 2, 300),
  ...each(/^tanh\(x·x \+ x\)·x, 4M elements$/, torch, 2, 8),
  ...each(rows, tfjs, 2, 4),
  ...each(rows, jax, 2, 4),
  ...each(/^A-Softmax head/, torch, 2, 0.9),
  ...each(step, torch, 2, 0.8, { goal: 1 }),
  { name: sphereFace20Memory, threads: 2, peer: torch, atLeast: 1 },
  ...each(step, torch, 2, 1, { relaxed: true }),
];
