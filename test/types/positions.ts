// Checked by `npm run typecheck`: the position of a batch goes into a checkpoint and comes back as the start of a stream.
import { batches, type Batch, type ImageDataset, type Position } from '@thetagrad/data';
import type { Module, Optimizer } from '@thetagrad/nn';
import { loadCheckpoint, saveCheckpoint, type Json } from '@thetagrad/nn/node';

interface Progress {
  readonly data: Position;
  readonly losses: readonly number[];
  readonly best?: { readonly loss: number; readonly name: string | null };
}
interface Parts {
  readonly model: Module;
  readonly optimizer: Optimizer;
}
declare const parts: Parts;
declare const batch: Batch, dataset: ImageDataset, progress: Progress;

await saveCheckpoint('path', parts, batch.next);
await saveCheckpoint('path', {}, progress);
await saveCheckpoint('path', {}, [progress, progress]);
await saveCheckpoint('path', {}, { epoch: 3, progress });
await saveCheckpoint('path', {}, 7);
await saveCheckpoint('path', {});
const position: Json = await loadCheckpoint('path', parts);
await saveCheckpoint('path', {}, position);

batches(dataset, { batchSize: 8, start: batch.next });
batches(dataset, { batchSize: 8, start: position });
batches(dataset, { batchSize: 8, start: await loadCheckpoint('path', {}) });

// @ts-expect-error -- a number among the parts
await saveCheckpoint('path', { parts: 3 }, batch.next);
// @ts-expect-error -- a date
await saveCheckpoint('path', {}, new Date());
// @ts-expect-error -- a date inside
await saveCheckpoint('path', {}, { progress, at: new Date() });
// @ts-expect-error -- a function
await saveCheckpoint('path', {}, () => progress);
// @ts-expect-error -- a batch, with tensors
await saveCheckpoint('path', {}, batch);
// @ts-expect-error -- undefined
await saveCheckpoint('path', {}, { at: undefined });
// @ts-expect-error -- a date
batches(dataset, { batchSize: 8, start: new Date() });
