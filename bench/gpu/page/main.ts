// The page in which ours and other libraries run on WebGPU. The script gives it one case after another.
import { setBackend, tensor, type Backend } from '@thetagrad/core';
import { gpu } from '@thetagrad/gpu';
import { wasm } from '@thetagrad/wasm';
import { gpuJs } from '../../../packages/gpu/src/device/gpujs.ts';
import { sampleCalls } from '../../calls.ts';
import { computed, ours } from '../../ours.ts';
import { openPeers } from '../../peers/open.ts';
import { mapInputs } from '../../peers/peer.ts';
import { spread } from '../../statistics.ts';
import { timeInTurns, type Surroundings } from '../../turns.ts';
import { casesOf } from '../cases.ts';
import type { Bench, Machine, Outcome, Request } from '../settings.ts';
import { handWritten } from './handWritten.ts';
import { jaxWebGpu, tfjsWebGpu } from './peers.ts';

declare global {
  var bench: Bench;
}

/** The text of the adapter's information tells software from cards: `isFallbackAdapter` does not, if there is nothing else. */
const software = /swiftshader|llvmpipe|lavapipe|softpipe|basic render|software/i;

let backend: Backend & { describe(): string };
/** Where inputs are made, for peers to read. */
let host: Backend;
let finished: () => Promise<void>;
let outcome: { readonly timings: Outcome['timings']; readonly notes: string[]; readonly errors: string[] };

const note = (message: string): void => void outcome.notes.push(message);
const failed = ({ message }: Error): void => void outcome.errors.push(message);
const surroundings: Surroundings = {
  async pause() {
    // Chromium has it with --js-flags=--expose-gc.
    globalThis.gc!();
    // Finalisation of what was collected is a task of its own.
    await new Promise((resolve) => setTimeout(resolve, 20));
    await finished();
  },
  failed,
  note,
};

async function start(): Promise<Machine> {
  host = await wasm({ threads: 1 });
  backend = await gpu({ mode: 'webgpu' });
  const { adapter, device } = await gpuJs.WebGPUContext.acquire();
  finished = () => device.queue.onSubmittedWorkDone();
  const { vendor, architecture, device: card, description, ...rest } = infoOf(adapter);
  const empty = (): Promise<void> => {
    device.queue.submit([device.createCommandEncoder().finish()]);
    return finished();
  };
  const samples = await sampleCalls(empty, 0.5);
  return {
    vendor,
    architecture,
    device: card,
    description,
    isSoftware: rest.isFallbackAdapter || software.test(`${vendor} ${architecture} ${card} ${description}`),
    backend: backend.describe(),
    emptySubmission: 1000 * spread(samples).median,
  };
}

/** As an object of its own: the browser's gives its members through getters. */
function infoOf({ info }: GPUAdapter): Pick<GPUAdapterInfo, 'vendor' | 'architecture' | 'device' | 'description'> & {
  readonly isFallbackAdapter: boolean;
} {
  const { vendor, architecture, device, description } = info;
  const { isFallbackAdapter = false } = info as { isFallbackAdapter?: boolean };
  return { vendor, architecture, device, description, isFallbackAdapter };
}

const peers = new Map<string, ReturnType<typeof openPeers>>();

function peersNamed(filter: string): ReturnType<typeof openPeers> {
  const known = peers.get(filter);
  if (known) return known;
  const libraries = [tfjsWebGpu, jaxWebGpu, handWritten((message) => note(message))];
  const opened = openPeers(libraries, filter, (missing) => note(missing.message));
  peers.set(filter, opened);
  return opened;
}

async function measure({ name, peer, effort }: Request): Promise<Outcome> {
  outcome = { timings: [], notes: [], errors: [] };
  try {
    const benchmark = casesOf(true).find((each) => each.name === name)!;
    const opened = await peersNamed(peer).of(benchmark, 1);
    setBackend(host);
    const inputs = computed(benchmark.inputs());
    // Ours has tensors of its own, as its values move to the device.
    const copies = mapInputs(inputs, (x) => tensor(x.dataSync(), { shape: x.shape, dtype: x.dtype }));
    setBackend(backend);
    const own = ours(benchmark, copies, sampleCalls, finished);
    const timings = await timeInTurns(benchmark, own, inputs, opened, effort, surroundings);
    return { ...outcome, timings: [...timings.values()] };
  } catch (error) {
    failed(new Error(`${name}: ${(error as Error).message}`));
    return outcome;
  }
}

globalThis.bench = { start, measure };
