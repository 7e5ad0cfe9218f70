let depth = 0;

/** Runs f inside a transformation: tensors evaluated in it keep the graph behind them. */
export function trace<Result>(f: () => Result): Result {
  depth++;
  try {
    return f();
  } finally {
    depth--;
  }
}

/** Whether a transformation is running. */
export function isTracing(): boolean {
  return depth > 0;
}

/** The number of transformations that are running, one inside of another. */
export function traceDepth(): number {
  return depth;
}
