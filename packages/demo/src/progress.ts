import { SingleBar } from 'cli-progress';

/** What a training shows while it runs. */
export interface Progress {
  update(step: number, loss: number, imagesPerSecond: number): void;
  stop(): void;
}

/** Seconds between two lines where there is no terminal. */
const lineInterval = 5;

/** A bar on a terminal, a plain line every few seconds elsewhere. */
export function showProgress(
  name: string,
  steps: number,
  start: number,
  stream: NodeJS.WriteStream = process.stdout,
): Progress {
  return stream.isTTY ? bar(name, steps, start, stream) : lines(name, steps, stream);
}

function bar(name: string, steps: number, start: number, stream: NodeJS.WriteStream): Progress {
  const shown = new SingleBar({
    // Fits 80 columns.
    format: `${name.padEnd(21)} {bar} {value}/{total}  loss {loss}  {rate} images/s  ETA {eta_formatted}`,
    barCompleteChar: '█',
    barIncompleteChar: '░',
    barsize: 12,
    // Leaves the terminal's settings alone: there would be none to restore them after a second Ctrl-C.
    linewrap: true,
    stream,
  });
  shown.start(steps, start, { loss: '–', rate: '–' });
  return {
    update: (step, loss, rate) => shown.update(step, { loss: loss.toFixed(3), rate: rate.toFixed(0) }),
    stop: () => shown.stop(),
  };
}

function lines(name: string, steps: number, stream: NodeJS.WriteStream): Progress {
  const began = performance.now();
  let first: number | undefined;
  let last = began;
  return {
    update: (step, loss, rate) => {
      first ??= step - 1;
      const now = performance.now();
      if (now - last < lineInterval * 1000 && step < steps) return;
      last = now;
      const left = ((now - began) / 1000 / (step - first)) * (steps - step);
      stream.write(
        `${name}: step ${step} of ${steps}, loss ${loss.toFixed(3)}, ${rate.toFixed(0)} images/s, ${left.toFixed(0)} s left\n`,
      );
    },
    stop: () => {},
  };
}
