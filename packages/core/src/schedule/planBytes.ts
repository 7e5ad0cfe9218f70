import { operandsOf } from './body.ts';
import type { Body, Plan } from './kernel.ts';

/** About what a kernel, an operand and a step take in memory, in core and in backends that lower them. */
const bytesPer = { kernel: 1024, operand: 320, step: 128 };

/** An estimate of the host memory of a plan and of what a backend keeps for it, in bytes; the arena is shared by all plans. */
export function planBytes({ kernels }: Plan): number {
  let bytes = 0;
  for (const kernel of kernels) {
    const body: Body | undefined = kernel.kind === 'routine' ? kernel.epilogue : kernel.body;
    const steps = body?.steps.length ?? 0;
    if (kernel.kind === 'routine' && kernel.definition.loop) bytes += planBytes(kernel.definition.loop.plan);
    bytes += bytesPer.kernel + bytesPer.operand * operandsOf(kernel).length + bytesPer.step * steps;
  }
  return bytes;
}
