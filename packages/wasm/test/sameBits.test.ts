// Kernels that are shaped for engines that pair vectors compute the same bits as the others.
import { setFlagsFromString } from 'node:v8';
import { test } from 'vitest';
import { expectEqual, valuesOnSync } from '../../../test/support/backends.ts';
import { ThreadPoolBackend } from '../src/backend.ts';
import type { Features } from '../src/command.ts';
import { lower } from '../src/lower/index.ts';
import { switchWide, whyNotSwitchable } from '../src/wide/flag.ts';
import { graphs } from './graphs.ts';
import { variants } from './views.ts';

// Where the engine has the flag, its optimizing compiler pairs vectors, here from the second run of each kernel on.
if (whyNotSwitchable() === undefined) {
  switchWide(true);
  for (const flag of ['--wasm-tiering-budget=1', '--wasm-sync-tier-up']) setFlagsFromString(flag);
}

function makeBackend(features: Features): ThreadPoolBackend {
  return new ThreadPoolBackend({
    threads: 1,
    shared: false,
    memoryLimit: 2 ** 30,
    lower: (kernel) => lower(kernel, { features, winograd: true }),
  });
}

/** Each narrow variant with the wide one of the same instructions. */
const pairs = variants
  .filter(({ wide }) => !wide)
  .map((narrow) => [narrow, variants.find(({ wide, relaxed }) => wide && relaxed === narrow.relaxed)!] as const)
  .map((pair) => pair.map(makeBackend) as [ThreadPoolBackend, ThreadPoolBackend]);
await Promise.all(pairs.flat().map((backend) => backend.ready()));

test.each(Object.keys(graphs))('%s', (name) => {
  for (const [narrow, wide] of pairs) {
    // All bits but those of NaNs, which the specification of WebAssembly leaves open.
    const expected = valuesOnSync(narrow, graphs[name]!);
    for (let run = 0; run < 2; run++) expectEqual(valuesOnSync(wide, graphs[name]!), expected);
  }
});
