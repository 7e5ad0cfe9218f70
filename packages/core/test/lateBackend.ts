// An asynchronous backend whose work succeeds or fails when a test says so.
import { portable, type Backend, type Buffer, type DType, type TypedArray } from '../src/index.ts';

/** Elements in host memory that a device may fail to compute. */
export class LateBuffer implements Buffer {
  failure: Error | undefined;
  readonly backend: Backend;
  readonly inner: Buffer;

  constructor(backend: Backend, inner: Buffer) {
    this.backend = backend;
    this.inner = inner;
  }

  get dtype(): DType {
    return this.inner.dtype;
  }

  get size(): number {
    return this.inner.size;
  }

  read(): Promise<TypedArray> {
    return this.inner.read();
  }

  readSync(): TypedArray {
    return this.inner.readSync();
  }
}

export interface LateBackend {
  readonly backend: Backend;
  /** The first output of each plan. */
  readonly outputs: readonly LateBuffer[];
  /** End the asynchronous evaluations in order, with an error if one is given. */
  readonly settle: readonly ((failure?: Error) => void)[];
}

export function lateBackend(): LateBackend {
  const inner = portable();
  const unwrap = (buffers: readonly Buffer[]): Buffer[] => (buffers as readonly LateBuffer[]).map((each) => each.inner);
  const outputs: LateBuffer[] = [];
  const settle: ((failure?: Error) => void)[] = [];
  const backend: Backend = {
    name: 'late',
    dtypes: inner.dtypes,
    isAsynchronous: true,
    upload: (values, dtype) => new LateBuffer(backend, inner.upload(values, dtype)),
    allocate: (dtype, size) => new LateBuffer(backend, inner.allocate(dtype, size)),
    execute: (plan, read, written) => {
      inner.execute(plan, unwrap(read), unwrap(written));
      outputs.push(written[0] as LateBuffer);
    },
    yieldToCollector: () =>
      new Promise<void>((resolve, reject) => settle.push((failure) => (failure ? reject(failure) : resolve()))),
  };
  return { backend, outputs, settle };
}
