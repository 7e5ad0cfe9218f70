// Saves a checkpoint and a text, again and again, for a test that kills this process.
import { join } from 'node:path';
import { Variable, zeros } from '@thetagrad/core';
import { Module } from '@thetagrad/nn';
import { saveCheckpoint, writeFileAtomic } from '@thetagrad/nn/node';

class Model extends Module {
  readonly weight = new Variable(zeros([200_000]));
  override forward<T>(x: T): T {
    return x;
  }
}

const [folder, first] = [process.argv[2]!, Number(process.argv[3])];
const model = new Model();
for (let i = first; ; i++) {
  await saveCheckpoint(join(folder, 'run.safetensors'), { model }, i);
  await writeFileAtomic(join(folder, 'results.json'), JSON.stringify({ i, padding: String(i).repeat(50_000) }));
  console.log(i);
}
