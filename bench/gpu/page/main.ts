// Page in which ours and other libraries run on WebGPU, one case at a time.
import { gpu } from '@thetagrad/gpu';
import { wasm } from '@thetagrad/wasm';
import { gpuJs } from '../../../packages/gpu/src/device/gpujs.ts';
import { sampleCalls } from '../../sampleCalls.ts';
import { openPeers } from '../../peers/openPeers.ts';
import { summarize } from '../../statistics.ts';
import { selectCases } from '../cases.ts';
import { type Device, measure, Messages } from '../measure.ts';
import type { Bench, Machine, Outcome, Request } from '../settings.ts';
import { createHandWritten } from './handWritten.ts';
import { jaxWebGpu, tfjsWebGpu } from './peers.ts';

declare global {
  var bench: Bench;
}

/** Names of drivers in software. */
const software = /swiftshader|llvmpipe|lavapipe|softpipe|basic render|software/i;

let device: Device;
let messages: Messages;

async function start(): Promise<Machine> {
  const host = await wasm({ threads: 1 });
  const backend = await gpu({ mode: 'webgpu' });
  const { adapter, device: own } = await gpuJs.WebGPUContext.acquire();
  const wait = (): Promise<void> => own.queue.onSubmittedWorkDone();
  const pause = async (): Promise<void> => {
    // Defined by --js-flags=--expose-gc.
    globalThis.gc!();
    // Lets finalizers run.
    await new Promise((resolve) => setTimeout(resolve, 20));
    await wait();
  };
  device = { host, backend, wait, pause };
  const { vendor, architecture, device: card, description, isFallbackAdapter } = adapter.info;
  const submitEmpty = (): Promise<void> => {
    own.queue.submit([own.createCommandEncoder().finish()]);
    return wait();
  };
  const samples = await sampleCalls(submitEmpty, 0.5);
  return {
    vendor,
    architecture,
    device: card,
    description,
    isFallback: isFallbackAdapter,
    isSoftware: isFallbackAdapter || software.test(`${vendor} ${architecture} ${card} ${description}`),
    backend: backend.describe(),
    emptySubmission: 1000 * summarize(samples).median,
  };
}

const peers = new Map<string, ReturnType<typeof openPeers>>();

function selectPeers(filter: string): ReturnType<typeof openPeers> {
  const cached = peers.get(filter);
  if (cached) return cached;
  const libraries = [tfjsWebGpu, jaxWebGpu, createHandWritten((message) => messages.addNote(message))];
  const opened = openPeers(libraries, filter, ({ message }) => messages.addNote(message));
  peers.set(filter, opened);
  return opened;
}

function measureCase({ name, peer, effort }: Request): Promise<Outcome> {
  messages = new Messages();
  const benchmark = selectCases(true).find((each) => each.name === name)!;
  return measure(device, benchmark, () => selectPeers(peer).of(benchmark, 1), effort, messages);
}

globalThis.bench = { start, measure: measureCase };
