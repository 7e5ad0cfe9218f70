// Prepares a case for TensorFlow.js on any backend, in Node and in pages.
import { tensor, type Tensor } from '@thetagrad/core';
import type * as TensorFlow from '@tensorflow/tfjs-core';
import type { Case, Inputs } from '../case.ts';
import type { Contender, Values } from '../contender.ts';
import { mapInputs } from './peer.ts';

/** @param sample Times a call that computes, or submits, all results. */
export async function createTfjsContender(
  tf: typeof TensorFlow,
  backend: string,
  { tfjs, tfjsLayout = [] }: Case,
  inputs: Inputs<Tensor>,
  sample: (call: () => void, seconds: number) => Promise<readonly number[]>,
): Promise<Contender> {
  if (!(await tf.setBackend(backend))) throw new Error(`TensorFlow.js ${backend} does not start`);
  const own = mapInputs(inputs, (input) => toTfjs(tf, input));
  const run = tfjs!(own, tf);
  const call = (): void => {
    tf.tidy(() => {
      run();
    });
  };
  return {
    async results() {
      await tf.setBackend(backend);
      const results = tf.tidy(() => [...run()]);
      const values = await Promise.all(results.map((result, i) => readValues(result, tfjsLayout[i])));
      tf.dispose(results);
      return values;
    },
    async sample(seconds) {
      await tf.setBackend(backend);
      return sample(call, seconds);
    },
    async close() {
      tf.disposeVariables();
      tf.dispose(own);
    },
  };
}

function toTfjs(tf: typeof TensorFlow, x: Tensor): TensorFlow.Tensor {
  return tf.tensor(x.dataSync() as Float32Array, [...x.shape], x.dtype === 'int32' ? 'int32' : 'float32');
}

async function readValues(result: TensorFlow.Tensor, axes: readonly number[] | undefined): Promise<Values> {
  const values = (await result.data()) as Float32Array;
  if (!axes) return { shape: result.shape, values };
  const x = tensor(values, { shape: result.shape }).permute(axes);
  return { shape: x.shape, values: await x.data() };
}
