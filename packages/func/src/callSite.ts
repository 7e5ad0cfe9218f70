// The line of the user's code that called an operation.

/** The stack here, also where the user's code is many calls away, in engines that limit it. */
export function deepStack(): string {
  const errors = Error as { stackTraceLimit?: number };
  const limit = errors.stackTraceLimit;
  if (limit !== undefined) errors.stackTraceLimit = 100;
  const { stack = '' } = new Error('created here');
  if (limit !== undefined) errors.stackTraceLimit = limit;
  return stack;
}

const ownFrame = /node_modules[\\/]@thetagrad|packages[\\/][\w-]+[\\/](?:src|dist)[\\/]/;

/** The first frame of a stack that is not ours. */
export function lineOf(stack: string): string | undefined {
  const frames = stack.split('\n').filter((frame) => /:\d+:\d+/.test(frame));
  return frames
    .find((frame) => !ownFrame.test(frame))
    ?.trim()
    .replace(/^at /, '');
}
