// A transformer that continues text, character by character (Vaswani et al., "Attention is all you need", 2017; normalization first, as in
// Radford et al., "Language models are unsupervised multitask learners", 2019). It learns from Markdown files: those of `--data`, or the
// documentation of this repository.
import { arange, compile, random, tensor, valueAndGrad, type Key, type Tensor } from '@thetagrad/core';
import { characterTokenizer, DataFileError } from '@thetagrad/data';
import {
  AdamW,
  clipGradNorm,
  crossEntropy,
  Embedding,
  LayerNorm,
  LearnedPositionalEncoding,
  Linear,
  manualSeed,
  Module,
  schedules,
  TransformerEncoder,
  TransformerEncoderLayer,
} from '@thetagrad/nn';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Options } from './example.ts';

const [width, heads, layers] = [96, 4, 2];
/** The number of characters that a prediction sees, and of pieces of text in a batch. */
const [context, batchSize] = [64, 32];

/** Logits of the character after each one, int32 [N, T] to [N, T, vocabulary]. */
class LanguageModel extends Module {
  readonly embedding: Embedding;
  readonly positions = new LearnedPositionalEncoding(context, width, { batchFirst: true });
  readonly blocks = new TransformerEncoder(
    Array.from(
      { length: layers },
      () =>
        new TransformerEncoderLayer(width, heads, {
          dimFeedforward: 4 * width,
          dropout: 0,
          normFirst: true,
          batchFirst: true,
        }),
    ),
    { norm: new LayerNorm(width) },
  );
  readonly head: Linear;

  constructor(vocabulary: number) {
    super();
    this.embedding = new Embedding(vocabulary, width);
    this.head = new Linear(width, vocabulary);
  }

  override forward(tokens: Tensor): Tensor {
    const x = this.positions.forward(this.embedding.forward(tokens));
    return this.head.forward(this.blocks.forward(x, { isCausal: true }));
  }
}

interface Results {
  readonly losses: number[];
  /** The cross entropy of held-out text in bits per character. */
  readonly bits: number;
}

export async function main({ steps = 800, data }: Options = {}): Promise<Results> {
  const text = await readText(data ?? fileURLToPath(new URL('../docs', import.meta.url)));
  const tokenizer = characterTokenizer(text);
  const tokens = tensor(tokenizer.encode(text));
  const split = Math.floor(0.9 * tokens.size);
  console.log(`${tokens.size} characters, ${tokenizer.vocabulary.length} different ones`);

  manualSeed(0);
  const model = new LanguageModel(tokenizer.vocabulary.length);
  const lossOf = (pieces: Tensor): Tensor => {
    const [seen, next] = [pieces.slice([null, [0, -1]]), pieces.slice([null, [1, null]])];
    return crossEntropy(model.forward(seen).reshape([seen.size, -1]), next.flatten());
  };
  /** Pieces of text that begin between two positions, each one character longer than the context. */
  const draw = (key: Key, low: number, high: number): Tensor => {
    const first = random.integers(key, [batchSize, 1], { low, high: high - context });
    return tokens.take(first.add(arange(context + 1)));
  };

  const lr = schedules.warmup(schedules.cosine(3e-3, { steps }), { steps: Math.min(100, steps) });
  const optimizer = new AdamW(model, { lr, betas: [0.9, 0.98] });
  const lossAndGrads = valueAndGrad(model, lossOf);
  const step = compile((pieces: Tensor) => {
    const { value, grads } = lossAndGrads(pieces);
    optimizer.update(clipGradNorm(grads, 1).grads);
    return value;
  });
  const losses: number[] = [];
  for (let t = 1; t <= steps; t++) {
    losses.push(await (await step(draw(random.key(t), 0, split))).item());
    if (t % 100 === 0) console.log(`step ${t}: ${(losses.at(-1)! / Math.LN2).toFixed(2)} bits per character`);
  }

  model.eval();
  let total = 0;
  for (let i = 0; i < 4; i++) total += await lossOf(draw(random.key(-1 - i), split, tokens.size)).item();
  const bits = total / 4 / Math.LN2;
  console.log(`held-out text: ${bits.toFixed(2)} bits per character`);
  const start = text.slice(0, context);
  const written = steps < 100 ? [] : await generate(model, tokenizer.encode(start), 200);
  console.log(start + tokenizer.decode(written));
  return { losses, bits };
}

/** Draws characters one after the other, each from what the model predicts after the last ones. */
async function generate(model: LanguageModel, start: Int32Array, count: number): Promise<number[]> {
  const seen = [...start];
  const predict = compile((tokens: Tensor) => model.forward(tokens.expandDims(0)).at(0, -1).div(0.8).softmax());
  const stream = random.key(0).stream();
  for (let i = 0; i < count; i++) {
    const probabilities = await (await predict(tensor(Int32Array.from(seen.slice(-context))))).data();
    let rest = stream.uniform();
    const next = probabilities.findIndex((p: number) => (rest -= p) < 0);
    seen.push(Math.max(0, next));
  }
  return seen.slice(start.length);
}

async function readText(folder: string): Promise<string> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.md')).toSorted();
  if (names.length === 0) throw new DataFileError(folder, 'no Markdown files');
  const texts = await Promise.all(names.map((name) => readFile(join(folder, name), 'utf8')));
  return texts.join('\n');
}
