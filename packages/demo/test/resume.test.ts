// What --resume makes of checkpoints that someone changed, with checksums that fit.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { tensor, type Tensor, zeros } from '@thetagrad/core';
import { glyphs } from '@thetagrad/data';
import { decodeSafetensors, encodeSafetensors } from '@thetagrad/nn';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createMethods } from '../src/methods.ts';
import { UsageError } from '../src/options.ts';
import { train, type Training } from '../src/training.ts';
import { createTemporaryFolder } from './helpers.ts';

const checkpoint = join(createTemporaryFolder(), 'run.safetensors');
const training: Training = {
  title: 'A-Softmax',
  method: createMethods([3], 4)[2]!,
  net: 'small',
  dataset: glyphs({ classes: 3, perClass: 4, size: 12 }),
  augmentation: {},
  embedding: 2,
  steps: 4,
  batch: 8,
  seed: 3,
  checkpoint,
  resume: true,
};

let saved: Buffer | undefined;
beforeEach(async () => {
  vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  saved ??= await interruptAtStep2();
});
afterEach(() => vi.restoreAllMocks());

async function interruptAtStep2(): Promise<Buffer> {
  const controller = new AbortController();
  let steps = 0;
  const method: Training['method'] = {
    ...training.method,
    createHead: (...args) => {
      const head = training.method.createHead(...args);
      const loss = head.loss.bind(head);
      return Object.assign(head, {
        loss: (...inputs: Parameters<typeof loss>) => {
          if (++steps === 2) controller.abort();
          return loss(...inputs);
        },
      });
    },
  };
  await train({ ...training, method, resume: false }, controller.signal).catch(() => {});
  return readFileSync(checkpoint);
}

type Fields = Record<string, unknown>;

/** Continues from a checkpoint with another position and other tensors. */
async function resumeWith(
  changePosition: (position: Fields) => unknown,
  changeTensors: (tensors: Record<string, Tensor>) => void = () => {},
): Promise<unknown> {
  const { tensors, metadata } = decodeSafetensors(saved!);
  changeTensors(tensors);
  const position = changePosition(JSON.parse(metadata['position']!) as Fields);
  const text = typeof position === 'string' ? position : JSON.stringify(position);
  writeFileSync(checkpoint, await encodeSafetensors(tensors, { position: text }));
  return train(training, new AbortController().signal);
}

async function refusal(resumed: Promise<unknown>): Promise<string> {
  const error: unknown = await resumed.catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(UsageError);
  const { message } = error as UsageError;
  expect(message).toContain(`'${checkpoint}'`);
  expect(message).toMatch(/^--resume: [^\p{Cc}]+$/u);
  return message;
}

/** Sets the field at a path, or removes it. */
function set(position: Fields, path: string, value: unknown): Fields {
  const names = path.split('.');
  const last = names.pop()!;
  let parent = position;
  for (const name of names) parent = parent[name] as Fields;
  if (value === undefined) delete parent[last];
  else parent[last] = value;
  return position;
}

test('a checkpoint that is only written anew is accepted', async () => {
  await expect(resumeWith((position) => position)).resolves.toMatchObject({ curve: { length: 4 } });
});

test.for<[string, unknown, string]>([
  ['task', undefined, 'it belongs to another training (unknown)'],
  ['task', 7, 'it belongs to another training (unknown)'],
  ['task', 'x\u001b[2J', String.raw`it belongs to another training (x\u001b[2J)`],
  ['step', undefined, "the position lacks 'step'"],
  ['step', '2', 'step must be an integer from 1 to 4, got "2"'],
  ['step', 0, 'step must be an integer from 1 to 4, got 0'],
  ['step', -1, 'step must be an integer from 1 to 4, got -1'],
  ['step', 1.5, 'step must be an integer from 1 to 4, got 1.5'],
  ['step', 5, 'step must be an integer from 1 to 4, got 5'],
  ['step', 1e308, 'step must be an integer from 1 to 4, got 1e+308'],
  ['step', 1, 'next.epoch must be 1, got 2'],
  ['step', null, 'step must be an integer from 1 to 4, got null'],
  ['next', undefined, "the position lacks 'next'"],
  ['next', null, 'next must be an object of epoch, step, got null'],
  ['next', [2, 0], 'next must be an object of epoch, step, got [2,0]'],
  ['next.epoch', 1, 'next.epoch must be 2, got 1'],
  ['next.epoch', -1, 'next.epoch must be 2, got -1'],
  ['next.epoch', 1e15, 'next.epoch must be 2, got 1000000000000000'],
  ['next.epoch', undefined, "next lacks 'epoch'"],
  ['next.step', 1, 'next.step must be 0, got 1'],
  ['next.step', '0', 'next.step must be 0, got "0"'],
  ['next.batch', 0, "next has the unknown field 'batch'"],
  ['curve', undefined, "the position lacks 'curve'"],
  ['curve', {}, 'curve must be a list, got {}'],
  ['curve', [], "the length of 'curve' must be 2, got 0"],
  ['curve.2', { step: 3, loss: 1, accuracy: 1, lambda: 5 }, "the length of 'curve' must be 2, got 3"],
  ['curve.0', null, 'curve[0] must be an object of step, loss, accuracy, lambda, got null'],
  ['curve.0.step', 2, 'curve[0].step must be 1, got 2'],
  ['curve.1.loss', null, 'curve[1].loss must be a finite number, got null'],
  ['curve.1.loss', '1', 'curve[1].loss must be a finite number, got "1"'],
  ['curve.1.loss', undefined, "curve[1] lacks 'loss'"],
  ['curve.1.accuracy', 1.1, 'curve[1].accuracy must be a finite number from 0 to 1, got 1.1'],
  ['curve.1.accuracy', -0.1, 'curve[1].accuracy must be a finite number from 0 to 1, got -0.1'],
  ['curve.1.lambda', undefined, "curve[1] lacks 'lambda'"],
  ['curve.1.lambda', -5, 'curve[1].lambda must be a finite number ≥ 0, got -5'],
  ['curve.1.\u001b', 0, String.raw`curve[1] has the unknown field '\u001b'`],
  ['seconds', undefined, "the position lacks 'seconds'"],
  ['seconds', -1, 'seconds must be a finite number from 0 to 10000000000, got -1'],
  ['seconds', 'soon\u001b', String.raw`seconds must be a finite number from 0 to 10000000000, got "soon\u001b"`],
  ['seconds', null, 'seconds must be a finite number from 0 to 10000000000, got null'],
  ['seconds', 1e300, 'seconds must be a finite number from 0 to 10000000000, got 1e+300'],
  ['other', 1, "the position has the unknown field 'other'"],
])('%s = %j is refused', async ([path, value, message]) => {
  expect(await refusal(resumeWith((position) => set(position, path, value)))).toContain(message);
});

test.for<[string, string]>([
  ['null', 'it belongs to another training (unknown)'],
  ['[]', 'it belongs to another training (unknown)'],
  ['"task"', 'it belongs to another training (unknown)'],
  ['{"task":', 'its position: '],
  ['', 'its position: '],
  ['1e999', 'it belongs to another training (unknown)'],
  [`{"a":${'['.repeat(1e5)}`, 'its position: it is nested deeper than 64'],
])('the position %.20s is refused', async ([text, message]) => {
  expect(await refusal(resumeWith(() => text))).toContain(message);
});

test.for<[string, (value: Tensor) => Tensor | undefined, string]>([
  ['optimizer.step', () => tensor(3, { dtype: 'int32' }), 'optimizer.step must be 2, got 3'],
  ['optimizer.step', () => tensor(-1, { dtype: 'int32' }), 'step must be an integer ≥ 0, got -1'],
  ['optimizer.step', () => tensor(2), 'step (expected int32 [], got float32 [])'],
  ['head.iteration', (value) => value.sub(1), 'head.iteration must be 2, got 1'],
  ['head.weight', (value) => value.mul(NaN), 'head.weight has values that are not finite'],
  ['model.1.runningVar', (value) => value.neg(), 'model.1.runningVar has negative values'],
  [
    'head.weight',
    (value) => zeros([...value.shape, 1]),
    'mismatched: weight (expected float32 [3, 2], got float32 [3, 2, 1])',
  ],
  ['head.weight', () => undefined, 'missing: weight'],
])('%s of other values is refused: %#', async ([name, change, message]) => {
  const resumed = resumeWith(
    (position) => position,
    (tensors) => {
      const changed = change(tensors[name]!);
      if (changed) tensors[name] = changed;
      else delete tensors[name];
    },
  );
  expect(await refusal(resumed)).toContain(message);
});
