import { evaluate, ones, zeros, type Tensor } from '@thetagrad/core';
import { BatchNorm } from '../layers/batchNorm.ts';
import type { AnyModule, Module } from '../module.ts';

type Batches<Batch> = Iterable<Batch> | AsyncIterable<Batch>;

/**
 * Sets the running statistics of batch normalization to the means over batches, for weights that were averaged or changed otherwise
 * (PyTorch's `update_bn`). The modules keep their modes. If it fails, the statistics are as before.
 * @param loader the batches
 * @param forward calls the model on a batch. Default: `model.forward(batch)`.
 */
export function updateBn(loader: Batches<Tensor>, model: Module<[Tensor], unknown>): Promise<void>;
export function updateBn<Batch>(
  loader: Batches<Batch>,
  model: AnyModule,
  forward: (batch: Batch) => unknown,
): Promise<void>;
export async function updateBn(
  loader: Batches<unknown>,
  model: AnyModule,
  forward: (batch: never) => unknown = (batch) => model.forward(batch),
): Promise<void> {
  const modules = [...model.modules().values()];
  const layers = modules.filter((module) => module instanceof BatchNorm);
  const before = layers.map((layer) => ({ layer, momentum: layer.momentum, state: layer.stateDict() }));
  const modes = modules.map((module) => ({ module, training: module.training }));
  if (layers.length === 0) return;
  try {
    model.train();
    let count = 0;
    for await (const batch of loader) {
      count++;
      for (const layer of layers) {
        // The k-th batch has the share 1 / k.
        layer.momentum = 1 / count;
        if (count > 1) continue;
        const { shape, dtype } = layer.runningMean;
        layer.runningMean.assign(zeros(shape, { dtype }));
        layer.runningVar.assign(ones(shape, { dtype }));
      }
      forward(batch as never);
      await evaluate(layers);
    }
  } catch (error) {
    for (const { layer, state } of before) {
      layer.runningMean.assign(state['runningMean']!);
      layer.runningVar.assign(state['runningVar']!);
    }
    await evaluate(layers);
    throw error;
  } finally {
    for (const { module, training } of modes) module.training = training;
    for (const { layer, momentum } of before) layer.momentum = momentum;
  }
}
