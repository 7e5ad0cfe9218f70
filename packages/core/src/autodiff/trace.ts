let depth = 0;

/** Runs f while a transformation looks on: evaluated tensors then keep the graph behind them. */
export function trace<Result>(f: () => Result): Result {
  depth++;
  try {
    return f();
  } finally {
    depth--;
  }
}

export function isTracing(): boolean {
  return depth > 0;
}
