// The garbage collector: how it is told of memory that it does not see, and given time for finalizers.

/**
 * Host memory that is never touched, and so costs next to nothing, but that the collector counts: it would not hurry to
 * collect an object that looks like a few words.
 * @returns `undefined` if there is no memory for it: what it stands for is there all the same.
 */
export function allocateSizeHint(bytes: number): ArrayBufferView | ArrayBuffer | undefined {
  try {
    return globalThis.Buffer?.allocUnsafeSlow(bytes) ?? new ArrayBuffer(bytes);
  } catch {
    return undefined;
  }
}

/** Resolves in the event loop's next turn, after finalizers. (Browsers throttle timers.) */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    if (typeof setImmediate === 'function') {
      setImmediate(resolve);
      return;
    }
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(undefined);
  });
}
