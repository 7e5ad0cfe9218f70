import type { Code } from '../code/command.ts';
import { gpuJs, type DeviceContext } from './gpujs.ts';
import type { CachedKernel } from './kernelCache.ts';

/** ShaderStage.COMPUTE, whose name is a global in browsers only. */
const computeStage = 4;

/** The memory of a pipeline, and that of a compiled character: measured with SwiftShader. */
const kernelOverhead = 32_768;
const bytesPerCharacter = 16;

/**
 * A kernel of gpu.js that runs given WGSL, instead of WGSL translated from JavaScript. Compile errors go to the device's error
 * scopes. Kernels are encoded into a pass together, rather than each submitted by itself.
 */
export class WgslKernel extends gpuJs.WebGPUKernel implements CachedKernel {
  readonly bytes: number;
  readonly #code: Code;
  readonly #device: GPUDevice;
  readonly #layout: GPUBindGroupLayout;
  #boundBuffers: readonly GPUBuffer[] = [];
  #bindGroup: GPUBindGroup | undefined;

  constructor(code: Code, context: DeviceContext) {
    super('function kernel() {}', { output: [Math.max(1, code.output.size)], precision: 'single' });
    const { name: label, source, inputs } = code;
    const device = (this.#device = context.device);
    this.#code = code;
    this.bytes = kernelOverhead + bytesPerCharacter * source.length;
    this.context = context;
    this.compiledSource = source;
    const types: GPUBufferBindingType[] = [...inputs.map(() => 'read-only-storage' as const), 'storage'];
    this.#layout = device.createBindGroupLayout({
      label,
      entries: types.map((type, binding) => ({ binding, visibility: computeStage, buffer: { type } })),
    });
    this.computePipeline = device.createComputePipeline({
      label,
      layout: device.createPipelineLayout({ label, bindGroupLayouts: [this.#layout] }),
      compute: { module: device.createShaderModule({ label, code: source }), entryPoint: 'main' },
    });
  }

  /** Adds the kernel to a pass, with its inputs and output in `buffers`. */
  encode(pass: GPUComputePassEncoder, buffers: readonly GPUBuffer[]): void {
    // A training loop binds the same buffers in every step.
    if (!this.#bindGroup || buffers.some((buffer, i) => buffer !== this.#boundBuffers[i])) {
      this.#boundBuffers = buffers;
      this.#bindGroup = this.#device.createBindGroup({
        label: this.#code.name,
        layout: this.#layout,
        entries: buffers.map((buffer, binding) => ({ binding, resource: { buffer } })),
      });
    }
    pass.setPipeline(this.computePipeline!);
    pass.setBindGroup(0, this.#bindGroup);
    pass.dispatchWorkgroups(...this.#code.workgroups!);
  }
}
