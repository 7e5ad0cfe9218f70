// A recurrent network that remembers: it adds two numbers that are marked in a long sequence of random ones (Hochreiter & Schmidhuber,
// "Long short-term memory", 1997, section 5.4). The best answer without memory, 1, has an error of 1/6.
import { arange, compile, random, stack, valueAndGrad, type Key, type Tensor } from '@thetagrad/core';
import { Adam, clipGradNorm, Linear, LSTM, manualSeed, Module, mseLoss, schedules } from '@thetagrad/nn';
import type { Options } from './example.ts';

const [length, batchSize, units] = [60, 64, 48];

class Adder extends Module {
  readonly recurrence = new LSTM(2, units);
  readonly output = new Linear(units, 1);

  /** [length, N, 2] to [N]. */
  override forward(x: Tensor): Tensor {
    const [outputs] = this.recurrence.forward(x);
    return this.output.forward(outputs.at(-1)).squeeze(1);
  }
}

interface Results {
  readonly losses: number[];
  /** The mean squared error of new sequences. */
  readonly error: number;
}

export async function main({ steps = 1500 }: Options = {}): Promise<Results> {
  manualSeed(0);
  const model = new Adder();
  const optimizer = new Adam(model, { lr: schedules.cosine(0.01, { steps }) });
  const lossOf = (key: Key): Tensor => {
    const { x, y } = drawSequences(key);
    return mseLoss(model.forward(x), y);
  };
  const lossAndGrads = valueAndGrad(model, lossOf);
  const step = compile((key: Key) => {
    const { value, grads } = lossAndGrads(key);
    optimizer.update(clipGradNorm(grads, 1).grads);
    return value;
  });
  const losses: number[] = [];
  for (let t = 1; t <= steps; t++) {
    losses.push(await (await step(random.key(t))).item());
    if (t % 100 === 0) console.log(`step ${t}: mean squared error ${losses.at(-1)!.toFixed(4)}`);
  }
  const error = await lossOf(random.key(0)).item();
  console.log(`new sequences: mean squared error ${error.toFixed(4)}`);
  return { losses, error };
}

/** Random numbers and marks, x [length, N, 2], and the sum of the two marked numbers, one in each half, y [N]. */
function drawSequences(key: Key): { readonly x: Tensor; readonly y: Tensor } {
  const [forValues, forFirst, forSecond] = key.split(3) as [Key, Key, Key];
  const values = random.uniform(forValues, [length, batchSize]);
  const first = random.integers(forFirst, [batchSize], { high: length / 2 });
  const second = random.integers(forSecond, [batchSize], { low: length / 2, high: length });
  const position = arange(length).expandDims(1);
  const marks = position.equal(first).logicalOr(position.equal(second)).astype('float32');
  return { x: stack([values, marks], 2), y: values.mul(marks).sum(0) };
}
