// The page in which ours and other libraries run on WebGPU. The script gives it one case after another.
import { gpu } from '@thetagrad/gpu';
import { wasm } from '@thetagrad/wasm';
import { gpuJs } from '../../../packages/gpu/src/device/gpujs.ts';
import { sampleCalls } from '../../calls.ts';
import { openPeers } from '../../peers/open.ts';
import { spread } from '../../statistics.ts';
import { casesOf } from '../cases.ts';
import { type Device, measure, Remarks } from '../measure.ts';
import type { Bench, Machine, Outcome, Request } from '../settings.ts';
import { handWritten } from './handWritten.ts';
import { jaxWebGpu, tfjsWebGpu } from './peers.ts';

declare global {
  var bench: Bench;
}

/** What drivers in software call themselves. */
const software = /swiftshader|llvmpipe|lavapipe|softpipe|basic render|software/i;

let device: Device;
let remarks: Remarks;

async function start(): Promise<Machine> {
  const host = await wasm({ threads: 1 });
  const backend = await gpu({ mode: 'webgpu' });
  const { adapter, device: own } = await gpuJs.WebGPUContext.acquire();
  const finished = (): Promise<void> => own.queue.onSubmittedWorkDone();
  const pause = async (): Promise<void> => {
    // Chromium has it with --js-flags=--expose-gc.
    globalThis.gc!();
    // Finalisation of what was collected is a task of its own.
    await new Promise((resolve) => setTimeout(resolve, 20));
    await finished();
  };
  device = { host, backend, finished, pause };
  const { vendor, architecture, device: card, description, isFallbackAdapter } = adapter.info;
  const empty = (): Promise<void> => {
    own.queue.submit([own.createCommandEncoder().finish()]);
    return finished();
  };
  const samples = await sampleCalls(empty, 0.5);
  return {
    vendor,
    architecture,
    device: card,
    description,
    isFallback: isFallbackAdapter,
    isSoftware: isFallbackAdapter || software.test(`${vendor} ${architecture} ${card} ${description}`),
    backend: backend.describe(),
    emptySubmission: 1000 * spread(samples).median,
  };
}

const peers = new Map<string, ReturnType<typeof openPeers>>();

function peersNamed(filter: string): ReturnType<typeof openPeers> {
  const known = peers.get(filter);
  if (known) return known;
  const libraries = [tfjsWebGpu, jaxWebGpu, handWritten((message) => remarks.note(message))];
  const opened = openPeers(libraries, filter, ({ message }) => remarks.note(message));
  peers.set(filter, opened);
  return opened;
}

function measureNamed({ name, peer, effort }: Request): Promise<Outcome> {
  remarks = new Remarks();
  const benchmark = casesOf(true).find((each) => each.name === name)!;
  return measure(device, benchmark, () => peersNamed(peer).of(benchmark, 1), effort, remarks);
}

globalThis.bench = { start, measure: measureNamed };
