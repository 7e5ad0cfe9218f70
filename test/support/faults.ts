// Faults that tests inject into training steps.
import { defineUnary, type Backend, type Tensor, type Unary } from '@thetagrad/core';

/** An operation that is the identity until {@link arm} makes one of its next elements throw. */
export class FragileIdentity {
  #remaining = Infinity;
  readonly #operation: Unary;

  constructor() {
    this.#operation = defineUnary({
      name: 'fragile',
      dtypes: 'float',
      value: (x) => {
        if (this.#remaining-- <= 0) {
          this.disarm();
          throw new Error('a fault of the user');
        }
        return x;
      },
      derivatives: [(t) => this.apply(t)],
      domain: [{ from: -1, to: 1 }],
    });
  }

  apply(x: Tensor): Tensor {
    return this.#operation(x);
  }

  /** Makes the element after the next `count` throw. */
  arm(count: number): void {
    this.#remaining = count;
  }

  disarm(): void {
    this.#remaining = Infinity;
  }
}

/** Runs f while the call after the next `count` calls of the backend throws. Returns whether one did. */
export async function withFailingBackend(backend: Backend, count: number, f: () => unknown): Promise<boolean> {
  let remaining = count;
  let hasFailed = false;
  const methods = ['upload', 'allocate', 'execute'] as const;
  const patched: Record<string, unknown> = {};
  for (const name of methods) {
    const original = backend[name].bind(backend) as (...parameters: unknown[]) => unknown;
    patched[name] = (...parameters: unknown[]): unknown => {
      if (remaining-- !== 0) return original(...parameters);
      hasFailed = true;
      throw new RangeError(`out of memory in ${name}`);
    };
  }
  Object.assign(backend, patched);
  try {
    await f();
  } finally {
    for (const name of methods) Reflect.deleteProperty(backend, name);
  }
  return hasFailed;
}
