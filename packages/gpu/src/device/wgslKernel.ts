import type { Code } from '../code/code.ts';
import { gpuJs, type DeviceContext } from './gpujs.ts';

const compute = 4;

/**
 * A kernel of gpu.js that is not translated from JavaScript, but comes as WGSL. It is compiled at once, with errors going to
 * the device's error scopes, and is added to a pass together with others instead of being submitted by itself.
 */
export class WgslKernel extends gpuJs.WebGPUKernel {
  readonly #code: Code;
  readonly #device: GPUDevice;
  readonly #layout: GPUBindGroupLayout;
  #bound: readonly GPUBuffer[] = [];
  #group: GPUBindGroup | undefined;

  constructor(code: Code, context: DeviceContext) {
    super('function kernel() {}', { output: [Math.max(1, code.output.size)], precision: 'single' });
    const { name: label, source, inputs, reports = false } = code;
    const device = (this.#device = context.device);
    this.#code = code;
    this.context = context;
    this.compiledSource = source;
    const types: GPUBufferBindingType[] = [...inputs.map(() => 'read-only-storage' as const), 'storage'];
    if (reports) types.push('storage');
    this.#layout = device.createBindGroupLayout({
      label,
      entries: types.map((type, binding) => ({ binding, visibility: compute, buffer: { type } })),
    });
    this.computePipeline = device.createComputePipeline({
      label,
      layout: device.createPipelineLayout({ label, bindGroupLayouts: [this.#layout] }),
      compute: { module: device.createShaderModule({ label, code: source }), entryPoint: 'main' },
    });
  }

  /** Adds the kernel to a pass, from and to these buffers. */
  encode(pass: GPUComputePassEncoder, buffers: readonly GPUBuffer[]): void {
    // A training loop binds the same buffers in every step.
    if (!this.#group || buffers.some((buffer, i) => buffer !== this.#bound[i])) {
      this.#bound = buffers;
      this.#group = this.#device.createBindGroup({
        label: this.#code.name,
        layout: this.#layout,
        entries: buffers.map((buffer, binding) => ({ binding, resource: { buffer } })),
      });
    }
    pass.setPipeline(this.computePipeline!);
    pass.setBindGroup(0, this.#group);
    pass.dispatchWorkgroups(...this.#code.workgroups!);
  }
}
