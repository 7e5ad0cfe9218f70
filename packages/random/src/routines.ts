// Routines that draw each element on the host from two random words.
import { jvp, random, type DType, type Key, type Shape, type Tensor } from '@thetagrad/core';
import {
  applyRoutine,
  batchLeading,
  load,
  positions,
  type NoAttributes,
  type Node,
  type Routine,
  type Strided,
} from '@thetagrad/core/backend';
import { digamma, erfcx, gammainc } from '@thetagrad/special';
import { Generator } from './host/generator.ts';
import { binomialSample, logGammaSample, poissonSample, vonMisesSample, waldSample } from './host/samplers.ts';
import { slopeOfVonMises } from './vonMisesSlope.ts';

declare module '@thetagrad/core/backend' {
  interface Routines {
    /** Logarithms of gamma distributed numbers. Inputs: two int32 random words and the shape parameter, for each element. */
    'random.logGamma': { inputs: 3; attributes: NoAttributes };
    /** int32: Poisson distributed numbers. Inputs: two random words and the rate. */
    'random.poisson': { inputs: 3; attributes: NoAttributes };
    /** int32: binomially distributed numbers. Inputs: two random words, the number of trials and the probability. */
    'random.binomial': { inputs: 4; attributes: NoAttributes };
    /** Angles of the von Mises distribution about 0. Inputs: two random words and the concentration. */
    'random.vonmises': { inputs: 3; attributes: NoAttributes };
    /** Numbers of the Wald distribution of mean 1. Inputs: two random words and the scale. */
    'random.wald': { inputs: 3; attributes: NoAttributes };
  }
}

/** Draws each element from its words and parameters. */
function drawEach(
  output: { length: number; [index: number]: number },
  [first, second, ...parameters]: readonly Strided[],
  sample: (generator: Generator, ...parameters: number[]) => number,
): void {
  const words = [first!, second!].map(reader);
  const values = parameters.map(reader);
  for (let i = 0; i < output.length; i++) {
    output[i] = sample(new Generator(words[0]!(i), words[1]!(i)), ...values.map((read) => read(i)));
  }
}

/** Reads elements in row-major order. */
function reader({ values, view }: Strided): (index: number) => number {
  const all = positions(view);
  return (index) => load(values, load(all, index));
}

/**
 * ∂l/∂a of l = log z for gamma distributed z of shape a, where P(a, z) is kept (implicit reparameterization: Figurnov, Mohamed and
 * Mnih, NeurIPS 2018): −∂P/∂a over z ∂P/∂z. For tiny z, P is zᵃ / Γ(a + 1).
 */
function slopeOfLogGamma(a: Tensor, l: Tensor): Tensor {
  const isTiny = l.less(l.dtype === 'float64' ? -40 : -20);
  const z = isTiny.where(0, l).exp();
  const alongA = jvp((a: Tensor) => gammainc(a, z), [a], [a.mul(0).add(1)]).tangent;
  const alongZ = jvp((z: Tensor) => gammainc(a, z), [z], [z]).tangent;
  return isTiny.where(digamma(a.add(1)).sub(l).div(a), alongA.strongDiv(alongZ).neg());
}

/**
 * ∂w/∂s of numbers w of the Wald distribution of mean 1 and scale s, where their probability is kept. That is
 * Φ(√(s / w) (w − 1)) + e²ˢ Φ(−b) with b = √(s / w) (w + 1), so that it is w / s − 2 √(w³ / s) Φ(−b) / φ(b).
 */
function slopeOfWald(s: Tensor, w: Tensor): Tensor {
  const b = s.div(w).sqrt().mul(w.add(1));
  const millsRatio = erfcx(b.mul(Math.SQRT1_2)).mul(Math.sqrt(Math.PI / 2));
  return w.div(s).sub(w.div(s).sqrt().mul(w).mul(millsRatio).mul(2));
}

type Draw = Node<readonly [first: Tensor, second: Tensor, parameter: Tensor], NoAttributes>;

/** The rule of both modes for draws that are differentiable in the parameter, input 2. */
function changeBy(
  slopeOf: (parameter: Tensor, output: Tensor) => Tensor,
  change: Tensor,
  output: Draw,
  input: number,
): Tensor | undefined {
  return input === 2 ? change.strongMul(slopeOf(output.inputs[2], output)) : undefined;
}

const LogGamma: Routine<'random.logGamma'> = {
  kind: 'routine',
  name: 'random.logGamma',
  run: (output, _shape, inputs) => drawEach(output, inputs, (generator, a) => logGammaSample(a!, generator)),
  vjp: (cotangent, output, input) => changeBy(slopeOfLogGamma, cotangent, output, input),
  jvp: (tangent, output, input) => changeBy(slopeOfLogGamma, tangent, output, input),
  batch: batchLeading,
};

const Poisson: Routine<'random.poisson'> = {
  kind: 'routine',
  name: 'random.poisson',
  run: (output, _shape, inputs) => drawEach(output, inputs, (generator, rate) => poissonSample(rate!, generator)),
  batch: batchLeading,
};

const Binomial: Routine<'random.binomial'> = {
  kind: 'routine',
  name: 'random.binomial',
  run: (output, _shape, inputs) => drawEach(output, inputs, (generator, n, p) => binomialSample(n!, p!, generator)),
  batch: batchLeading,
};

const VonMises: Routine<'random.vonmises'> = {
  kind: 'routine',
  name: 'random.vonmises',
  run: (output, _shape, inputs) => drawEach(output, inputs, (generator, kappa) => vonMisesSample(kappa!, generator)),
  vjp: (cotangent, output, input) => changeBy(slopeOfVonMises, cotangent, output, input),
  jvp: (tangent, output, input) => changeBy(slopeOfVonMises, tangent, output, input),
  batch: batchLeading,
};

const Wald: Routine<'random.wald'> = {
  kind: 'routine',
  name: 'random.wald',
  run: (output, _shape, inputs) => drawEach(output, inputs, (generator, scale) => waldSample(scale!, generator)),
  vjp: (cotangent, output, input) => changeBy(slopeOfWald, cotangent, output, input),
  jvp: (tangent, output, input) => changeBy(slopeOfWald, tangent, output, input),
  batch: batchLeading,
};

/** Two random words for each element. */
function wordsOf(key: Key, shape: Shape): readonly [Tensor, Tensor] {
  const [first, second] = key.split() as [Key, Key];
  return [random.bits(first, shape), random.bits(second, shape)];
}

/** Logarithms of gamma distributed numbers of the shape of `a`. */
export function drawLogGamma(key: Key, a: Tensor): Tensor {
  return applyRoutine(LogGamma, [...wordsOf(key, a.shape), a], { shape: a.shape, dtype: a.dtype }, {});
}

/** Poisson distributed numbers of the shape of `rate`. */
export function drawPoisson(key: Key, rate: Tensor): Tensor {
  return applyRoutine(Poisson, [...wordsOf(key, rate.shape), rate], integers(rate.shape), {});
}

/** Binomially distributed numbers of the shape of both. */
export function drawBinomial(key: Key, n: Tensor, p: Tensor): Tensor {
  return applyRoutine(Binomial, [...wordsOf(key, n.shape), n, p], integers(n.shape), {});
}

/** Angles of the von Mises distribution about 0, of the shape of `kappa`. */
export function drawVonMises(key: Key, kappa: Tensor): Tensor {
  return applyRoutine(VonMises, [...wordsOf(key, kappa.shape), kappa], kappa, {});
}

/** Numbers of the Wald distribution of mean 1, of the shape of `scale`. */
export function drawWald(key: Key, scale: Tensor): Tensor {
  return applyRoutine(Wald, [...wordsOf(key, scale.shape), scale], scale, {});
}

function integers(shape: Shape): { shape: Shape; dtype: DType } {
  return { shape, dtype: 'int32' };
}
