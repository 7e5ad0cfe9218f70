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
  readonly engine: Engine;
}

/** What targets differ by: Node 20, Node 22 and later, and Node 24 and later with `--wide` and PyTorch with `--avx2`. */
export type Engine = 'simd' | 'relaxed' | 'wide';

export const engineNames: Readonly<Record<Engine, string>> = {
  simd: 'engines without relaxed SIMD, such as Node 20',
  relaxed: 'engines with relaxed SIMD, such as Node 22 and later',
  wide: 'engines with 256-bit vectors, against PyTorch with --avx2',
};

const tfjs = 'TensorFlow.js wasm';
const jax = 'jax-js wasm';
const torch = 'PyTorch';

const findNames = (pattern: RegExp): string[] => {
  const names = cases.map(({ name }: Case) => name).filter((name) => pattern.test(name));
  if (names.length === 0) throw new Error(`targets: no case matches ${pattern}`);
  return names;
};

const createTargets = (
  engine: Engine,
  pattern: RegExp,
  peer: string,
  threads: readonly number[],
  atLeast: number,
  goal?: number,
): Target[] =>
  findNames(pattern).flatMap((name) =>
    threads.map((count) => ({ name, threads: count, peer, atLeast, engine, ...(goal !== undefined && { goal }) })),
  );

const matmul = /^matmul (256|512|1024)$/;
const convolution = /16×64×28×28 → 64, forward/;
const convolutionGradients = /16×64×28×28 → 64, with both gradients/;
const rows = /^(softmax|layer norm) over rows.*backward$/;
const step = /^SphereFace-20 training step/;
const both = [1, 2];

const simd: readonly Target[] = [
  ...createTargets('simd', matmul, tfjs, [1], 1.2),
  ...createTargets('simd', matmul, tfjs, [2], 2.2),
  ...createTargets('simd', matmul, torch, [2], 0.95),
  ...createTargets('simd', convolution, tfjs, [1], 3.5),
  ...createTargets('simd', convolution, tfjs, [2], 6),
  ...createTargets('simd', convolutionGradients, torch, [2], 0.8),
  ...createTargets('simd', convolutionGradients, jax, [2], 300),
  ...createTargets('simd', /^tanh\(x·x \+ x\)·x, 4M elements$/, torch, [2], 8),
  ...createTargets('simd', rows, tfjs, [2], 4),
  ...createTargets('simd', rows, jax, [2], 4),
  ...createTargets('simd', /^A-Softmax head/, torch, [2], 0.9),
  ...createTargets('simd', step, torch, [2], 0.8, 1),
  { name: sphereFace20Memory, threads: 2, peer: torch, atLeast: 1, engine: 'simd' },
];

const wide: readonly Target[] = [
  ...createTargets('wide', /^matmul (256|512|1024|2048)$/, torch, both, 0.95),
  ...createTargets('wide', /^matmul 64$/, torch, both, 0.7),
  ...createTargets('wide', /^matmul 128$/, torch, both, 0.85),
  ...createTargets('wide', /^matmul skinny, 16/, torch, both, 0.9),
  ...createTargets('wide', /^matmul batched/, torch, both, 2),
  ...createTargets('wide', /^convolution 16×(64|128|256|512)×\S+ → \d+, forward/, torch, both, 3),
  ...createTargets('wide', /^convolution 16×(64|128|256|512)×\S+ → \d+, with both gradients/, torch, both, 2.2),
  ...createTargets('wide', /^convolution .*stride 2/, torch, both, 1),
  ...createTargets('wide', rows, torch, both, 1.5),
  ...createTargets('wide', step, torch, both, 2),
  ...createTargets('wide', /^SphereFace-4 training step/, torch, both, 1.8),
  ...createTargets('wide', /^glyph network training step/, torch, both, 3),
  ...createTargets('wide', /^MLP training step/, torch, both, 1),
];

/** No row behind any other JavaScript engine, on any version of Node. */
const engines: readonly Engine[] = ['simd', 'relaxed', 'wide'];
const ahead: readonly Target[] = engines.flatMap((engine) =>
  cases.flatMap(({ name, tfjs: hasTfjs, tfjsBackend, jax: hasJax }): Target[] => [
    ...(hasTfjs && !tfjsBackend ? [{ name, threads: 2, peer: tfjs, atLeast: 1, engine }] : []),
    ...(hasJax ? [{ name, threads: 2, peer: jax, atLeast: 1, engine }] : []),
  ]),
);

export const targets: readonly Target[] = [
  ...simd,
  ...createTargets('relaxed', step, torch, [2], 1),
  ...wide,
  ...ahead.filter(({ name, threads, peer, engine }) =>
    simd.every(
      (each) => each.name !== name || each.threads !== threads || each.peer !== peer || each.engine !== engine,
    ),
  ),
];
