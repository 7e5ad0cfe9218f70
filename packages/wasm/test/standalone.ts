// A program that a test starts: many runs, and nothing that ends it or its threads.
import { affine, affineWords, at, command, input, machine, output, Plans } from './machine.ts';

const n = 256;
const plans = new Plans();
const backend = machine(plans, { threads: 2 });
await backend.ready();
const plan = plans.of([command(affine, affineWords(at(output(0, n)), at(input(0, n)), n / 4, 1, 1), 4)]);
let value = backend.upload(new Float32Array(n), 'float32');
let most = 0;
for (let run = 0; run < 10_000; run++) {
  const next = backend.allocate('float32', n);
  backend.execute(plan, [value], [next]);
  value = next;
  if (run % 100 === 0) await new Promise((resolve) => setImmediate(resolve));
  most = Math.max(most, backend.bytesInUse);
}
const isRight = value.readSync().every((element) => element === 10_000);
console.log(isRight && most < 65 * 2 ** 20 ? 'flat' : `${most} bytes, ${value.readSync()[0]}`);
