// Differences of WebGL 2: synchronous reads, errors at once or at the end of an evaluation, and lost contexts.
import { evaluate, evaluateSync, profile, portable, setBackend, tensor, Variable, zeros } from '@thetagrad/core';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { valuesOn } from '../../../test/support/backends.ts';
import { acquireGlContext, type GlMode } from '../src/device/glContext.ts';
import { gpu } from '../src/index.ts';
import { backendOf, modes } from './modes.ts';

const glModes = modes.filter((mode): mode is GlMode => mode === 'webgl2' || mode === 'headlessgl');

afterEach(() => {
  vi.restoreAllMocks();
  setBackend(portable());
});

async function contextOf(mode: GlMode): Promise<WebGL2RenderingContext> {
  return (await acquireGlContext(mode)).context!;
}

const isNode = globalThis.document === undefined;

test.runIf(isNode)('in Node the mode webgl2 is an error that names the alternatives', async () => {
  await expect(gpu({ mode: 'webgl2' })).rejects.toThrow(`take 'webgpu', 'headlessgl' or 'webasm'`);
});

test.runIf(!modes.includes('headlessgl'))(
  'the mode headlessgl is an error that says why where it cannot run',
  async () => {
    await expect(gpu({ mode: 'headlessgl' })).rejects.toThrow(
      /^gpu: (mode 'headlessgl' runs in Node with|the package)/,
    );
  },
);

describe.each(glModes)('%s', (mode) => {
  test('values are read and transferred synchronously', async () => {
    setBackend(await backendOf(mode));
    const x = tensor([1, 2]).add(1);
    expect(x.dataSync()).toEqual(Float32Array.of(2, 3));
    const large = tensor(new Float32Array(3000).fill(2), { shape: [3000] }).mul(3);
    evaluateSync(large);
    setBackend(portable());
    expect(large.sum().itemSync()).toBe(18_000);
    expect(x.add(1).dataSync()).toEqual(Float32Array.of(3, 4));
  });

  test('an index out of range is an error, also synchronously', async () => {
    setBackend(await backendOf(mode));
    const indices = tensor(new Int32Array(3000).fill(1).with(2999, -4), { shape: [3000], dtype: 'int32' });
    const taken = tensor([1, 2, 3]).take(indices);
    expect(() => taken.dataSync()).toThrow('take: index -4 is out of range for axis 0 of length 3; use -3 to 2');
    await expect(tensor([1, 2, 3]).take(indices).mul(2).data()).rejects.toThrow('take: index -4 is out of range');
    expect(await tensor([1, 2, 3]).take(indices.abs().mod(3)).sum().item()).toBe(2 * 2999 + 2);
  });

  test('an array larger than textures can be is an error, and nothing is lost', async () => {
    const backend = await backendOf(mode);
    const build = (): ReturnType<typeof zeros>[] => [
      zeros([1])
        .broadcastTo([2 ** 15, 2 ** 14])
        .add(1),
    ];
    await expect(valuesOn(backend, build)).rejects.toThrow(/an array of 2147483648 bytes is more than the \d+ that/);
    expect(await valuesOn(backend, () => [tensor([1]).add(1)])).toEqual([Float32Array.of(2)]);
  });

  test('out of memory is an error that names the kernel; the evaluation can be repeated', async () => {
    setBackend(await backendOf(mode));
    const gl = await contextOf(mode);
    const x = new Variable(tensor([1, 2]));
    await x.value.data();
    const getError = vi.spyOn(gl, 'getError').mockReturnValue(gl.OUT_OF_MEMORY);
    x.assign(x.value.mul(2));
    const huge = zeros([1])
      .broadcastTo([2 ** 20])
      .exp();
    await expect(evaluate(x, huge)).rejects.toThrow(
      `gpu: the device is out of memory in the kernel 'exp', which takes 4194304 bytes more`,
    );
    getError.mockRestore();
    await evaluate(x, huge);
    expect(await x.value.data()).toEqual(Float32Array.of(2, 4));
    expect((await huge.data())[9]).toBe(1);
  });

  test('idle memory is freed before an allocation fails', async () => {
    const backend = await backendOf(mode);
    setBackend(backend);
    const gl = await contextOf(mode);
    await evaluate(zeros([2 ** 16]).add(1));
    await evaluate(
      zeros([2 ** 17])
        .add(1)
        .sum(),
    );
    const before = backend.bytesAllocated;
    const getError = vi.spyOn(gl, 'getError').mockReturnValueOnce(gl.OUT_OF_MEMORY);
    const x = zeros([2 ** 19]).add(1);
    await evaluate(x);
    expect(getError).toHaveBeenCalled();
    expect(backend.bytesAllocated).toBeLessThan(before + 2 ** 21);
    expect(await x.sum().item()).toBe(2 ** 19);
  });

  test('a kernel that is refused is an error that names it, every time', async () => {
    setBackend(await backendOf(mode));
    const gl = await contextOf(mode);
    const x = new Variable(tensor([1, 2]));
    await x.value.data();
    const shaderSource = gl.shaderSource.bind(gl);
    const planted = vi
      .spyOn(gl, 'shaderSource')
      .mockImplementation((shader, source) => shaderSource(shader, source.replace('result =', 'nonsense =')));
    x.assign(x.value.mul(2).sub(7));
    for (let i = 0; i < 2; i++) {
      await expect(evaluate(x)).rejects.toThrow(/^gpu: the device refuses the kernel 'mul → sub': .*nonsense/s);
    }
    planted.mockRestore();
    await evaluate(x);
    expect(await x.value.data()).toEqual(Float32Array.of(-5, -3));
  });

  test('an error that drivers report afterwards undoes the evaluation, which can be repeated', async () => {
    setBackend(await backendOf(mode));
    const gl = await contextOf(mode);
    const x = new Variable(tensor([1, 2]));
    await x.value.data();
    const drawArrays = vi.spyOn(gl, 'drawArrays').mockImplementation(() => gl.enable(0));
    x.assign(x.value.mul(3).sub(11).relu());
    await expect(evaluate(x)).rejects.toThrow(
      'gpu: the device reports an error (1280) in an evaluation of the kernels mul → sub → relu',
    );
    drawArrays.mockRestore();
    expect(await x.buffer!.read()).toEqual(Float32Array.of(1, 2));
    await evaluate(x);
    expect(await x.value.data()).toEqual(Float32Array.of(0, 0));
  });

  test('kernels are timed separately', async () => {
    setBackend(await backendOf(mode));
    const x = zeros([256, 256]).add(1);
    await evaluate(x);
    const { kernels } = await profile(() => evaluate(x.matmul(x)));
    expect(kernels.map(({ name }) => name)).toEqual(['matmul']);
    expect(kernels[0]!.milliseconds).toBeGreaterThan(0);
  });
});

// Last, since all backends share the context. The package `gl` cannot lose it.
test.runIf(modes.includes('webgl2'))(
  'a lost context is an error that says what to do, and the next one works',
  async () => {
    const message = 'gpu: the device was lost, and all values on it; take a new one with setBackend(await gpu())';
    setBackend(await gpu({ mode: 'webgl2' }));
    const x = tensor([1, 2]).add(1);
    await evaluate(x);
    const reading = x.data();
    (await contextOf('webgl2')).getExtension('WEBGL_lose_context')!.loseContext();
    await expect(reading).rejects.toThrow(message);
    await expect(evaluate(tensor([1]).add(1))).rejects.toThrow(message);
    await expect(x.data()).rejects.toThrow(message);
    expect(() => x.dataSync()).toThrow(message);
    setBackend(await gpu({ mode: 'webgl2' }));
    expect(await tensor([1, 2]).add(1).data()).toEqual(Float32Array.of(2, 3));
  },
);
