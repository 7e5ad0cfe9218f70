// Matrix products in WGSL written by hand for exact sizes, as a bound for generated kernels: tiles of both operands in
// workgroup memory, vectors of four, a tile of the result in the registers of each thread.
import { sampleCalls } from '../../sampleCalls.ts';
import type { Product } from '../../case.ts';
import type { Contender } from '../../contender.ts';
import type { PeerLibrary } from '../../peers/peer.ts';

/** Tile sizes of a kernel. */
interface Tiling {
  /** Tile of a workgroup. */
  readonly rows: number;
  readonly columns: number;
  /** Tile of a thread; columns are a multiple of four. */
  readonly threadRows: number;
  readonly threadColumns: number;
}

const tilings: readonly Tiling[] = [
  { rows: 32, columns: 32, threadRows: 4, threadColumns: 4 },
  { rows: 32, columns: 32, threadRows: 8, threadColumns: 8 },
  { rows: 64, columns: 64, threadRows: 4, threadColumns: 4 },
  { rows: 64, columns: 64, threadRows: 8, threadColumns: 8 },
  { rows: 128, columns: 64, threadRows: 8, threadColumns: 8 },
  { rows: 128, columns: 128, threadRows: 8, threadColumns: 8 },
];

/** Number of elements along the inner dimension in workgroup memory at a time. */
const depth = 16;
/** Seconds to try each tiling. */
const trialSeconds = 0.05;

const fits = ({ m, k, n }: Product, { rows, columns }: Tiling): boolean =>
  m % rows === 0 && n % columns === 0 && k % depth === 0;

/** @param onNote Receives the fastest tiling. */
export function createHandWritten(onNote: (message: string) => void): PeerLibrary {
  const name = 'hand-written WGSL';
  return {
    name,
    // Checks no bounds, so all tiles must be full.
    canRun: ({ product }) => product !== undefined && fits(product, tilings[0]!),
    async open() {
      const adapter = await navigator.gpu.requestAdapter({ powerPreference: 'high-performance' });
      if (!adapter) throw new Error(`${name}: no WebGPU adapter`);
      const { maxBufferSize, maxStorageBufferBindingSize } = adapter.limits;
      const device = await adapter.requestDevice({ requiredLimits: { maxBufferSize, maxStorageBufferBindingSize } });
      return {
        name,
        threads: 1,
        async prepare({ name, product }, inputs): Promise<Contender> {
          const [a, b] = Object.values(inputs).map((x) => upload(device, x.dataSync() as Float32Array<ArrayBuffer>));
          const { m, n, batches } = product!;
          const result = upload(device, new Float32Array(batches * m * n));
          const buffers = [a!, b!, result];
          let best: { readonly tiling: Tiling; readonly call: () => Promise<void>; readonly time: number } | undefined;
          for (const tiling of tilings.filter((each) => fits(product!, each))) {
            const call = await compile(device, product!, tiling, buffers);
            await call();
            const time = Math.min(...(await sampleCalls(call, trialSeconds)));
            if (!best || time < best.time) best = { tiling, call, time };
          }
          const { tiling, call } = best!;
          const { rows, columns, threadRows, threadColumns } = tiling;
          onNote(
            `${name}: hand-written WGSL is fastest with tiles of ${rows}×${columns}, ${threadRows}×${threadColumns} to a thread`,
          );
          return {
            async results() {
              await call();
              const shape = [...(batches > 1 ? [batches] : []), m, n];
              return [{ shape, values: await read(device, result) }];
            },
            sample: (seconds) => sampleCalls(call, seconds),
            async close() {
              for (const buffer of buffers) buffer.destroy();
            },
          };
        },
        async close() {
          device.destroy();
        },
      };
    },
  };
}

function upload(device: GPUDevice, values: Float32Array<ArrayBuffer>): GPUBuffer {
  const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST | GPUBufferUsage.COPY_SRC;
  const buffer = device.createBuffer({ size: values.byteLength, usage });
  device.queue.writeBuffer(buffer, 0, values);
  return buffer;
}

async function read(device: GPUDevice, buffer: GPUBuffer): Promise<Float32Array> {
  const { size } = buffer;
  const staging = device.createBuffer({ size, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST });
  const encoder = device.createCommandEncoder();
  encoder.copyBufferToBuffer(buffer, 0, staging, 0, size);
  device.queue.submit([encoder.finish()]);
  await staging.mapAsync(GPUMapMode.READ);
  const values = new Float32Array(staging.getMappedRange().slice(0));
  staging.destroy();
  return values;
}

/** Compiles a product. Returns a call that submits it and waits for its end. */
async function compile(
  device: GPUDevice,
  product: Product,
  tiling: Tiling,
  buffers: readonly GPUBuffer[],
): Promise<() => Promise<void>> {
  const { m, n, batches } = product;
  const module = device.createShaderModule({ code: generateSource(product, tiling) });
  const pipeline = await device.createComputePipelineAsync({ layout: 'auto', compute: { module } });
  const group = device.createBindGroup({
    layout: pipeline.getBindGroupLayout(0),
    entries: buffers.map((buffer, binding) => ({ binding, resource: { buffer } })),
  });
  return () => {
    const encoder = device.createCommandEncoder();
    const pass = encoder.beginComputePass();
    pass.setPipeline(pipeline);
    pass.setBindGroup(0, group);
    pass.dispatchWorkgroups(n / tiling.columns, m / tiling.rows, batches);
    pass.end();
    device.queue.submit([encoder.finish()]);
    return device.queue.onSubmittedWorkDone();
  };
}

/** Generates the WGSL, with loops over registers unrolled. */
function generateSource({ m, k, n }: Product, { rows, columns, threadRows, threadColumns }: Tiling): string {
  const threadsPerRow = columns / threadColumns;
  const threads = (rows / threadRows) * threadsPerRow;
  const vectors = threadColumns / 4;
  const repeat = (count: number, line: (i: number) => string): string =>
    Array.from({ length: count }, (_, i) => line(i)).join('\n');
  const forEachCell = (line: (i: number, j: number) => string): string =>
    repeat(threadRows, (i) => repeat(vectors, (j) => line(i, j)));
  // Transposes the left tile, whose rows are `depth / 4` vectors in memory.
  const copyLeft = repeat((rows * depth) / 4 / threads, (step) => {
    const index = `(thread + ${step * threads}u)`;
    return `{
      let row = ${index} / ${depth / 4}u;
      let inner = 4u * (${index} % ${depth / 4}u);
      let four = a[(fromA + row * ${k}u + inner + start) / 4u];
      ${repeat(4, (i) => `left[(inner + ${i}u) * ${rows}u + row] = four[${i}];`)}
    }`;
  });
  const copyRight = repeat((depth * columns) / 4 / threads, (step) => {
    const index = `(thread + ${step * threads}u)`;
    return `right[${index}] = b[(fromB + (start + ${index} / ${columns / 4}u) * ${n}u) / 4u + ${index} % ${columns / 4}u];`;
  });
  return `
@group(0) @binding(0) var<storage, read> a : array<vec4f>;
@group(0) @binding(1) var<storage, read> b : array<vec4f>;
@group(0) @binding(2) var<storage, read_write> result : array<vec4f>;
var<workgroup> left : array<f32, ${rows * depth}>;
var<workgroup> right : array<vec4f, ${(depth * columns) / 4}>;

@compute @workgroup_size(${threads})
fn main(@builtin(workgroup_id) group : vec3u, @builtin(local_invocation_index) thread : u32) {
  let fromA = group.z * ${m * k}u + group.y * ${rows * k}u;
  let fromB = group.z * ${k * n}u + group.x * ${columns}u;
  let row = thread / ${threadsPerRow}u * ${threadRows}u;
  let column = thread % ${threadsPerRow}u * ${vectors}u;
  ${forEachCell((i, j) => `var sum${i}_${j} = vec4f();`)}
  for (var start = 0u; start < ${k}u; start += ${depth}u) {
    ${copyLeft}
    ${copyRight}
    workgroupBarrier();
    for (var inner = 0u; inner < ${depth}u; inner++) {
      ${repeat(vectors, (j) => `let y${j} = right[inner * ${columns / 4}u + column + ${j}u];`)}
      ${repeat(threadRows, (i) => `let x${i} = left[inner * ${rows}u + row + ${i}u];`)}
      ${forEachCell((i, j) => `sum${i}_${j} += x${i} * y${j};`)}
    }
    workgroupBarrier();
  }
  let to = (group.z * ${m * n}u + (group.y * ${rows}u + row) * ${n}u + group.x * ${columns}u) / 4u + column;
  ${forEachCell((i, j) => `result[to + ${(i * n) / 4 + j}u] = sum${i}_${j};`)}
}`;
}
