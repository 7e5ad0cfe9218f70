import { getBackend, setBackend, type Backend } from '@thetagrad/core';

/** Runs `f` with a backend, then restores the previous one; if `f` is asynchronous, after its promise settles. */
export function withBackend<Result>(backend: Backend, f: () => Result): Result {
  const before = getBackend();
  setBackend(backend);
  let isPending = false;
  try {
    const result = f();
    if (!(result instanceof Promise)) return result;
    isPending = true;
    return result.finally(() => setBackend(before)) as Result;
  } finally {
    if (!isPending) setBackend(before);
  }
}
