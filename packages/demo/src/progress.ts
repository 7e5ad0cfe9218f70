import { SingleBar } from 'cli-progress';

/** Display of the progress of a training. */
export interface ProgressDisplay {
  update(step: number, loss: number, imagesPerSecond: number): void;
  stop(): void;
}

/** Seconds between two lines if the stream is not a terminal. */
const lineInterval = 5;

/** Shows a bar on a terminal, a plain line every few seconds elsewhere. */
export function showProgress(
  name: string,
  steps: number,
  start: number,
  stream: NodeJS.WriteStream = process.stdout,
): ProgressDisplay {
  return stream.isTTY ? createBar(name, steps, start, stream) : createLines(name, steps, stream);
}

function createBar(name: string, steps: number, start: number, stream: NodeJS.WriteStream): ProgressDisplay {
  const bar = new SingleBar({
    // Fits 80 columns.
    format: `${name.padEnd(21)} {bar} {value}/{total}  loss {loss}  {rate} images/s  ETA {eta_formatted}`,
    barCompleteChar: '█',
    barIncompleteChar: '░',
    barsize: 12,
    // Keeps the settings of the terminal, which nothing would restore after a second Ctrl-C.
    linewrap: true,
    stream,
  });
  bar.start(steps, start, { loss: '–', rate: '–' });
  return {
    update: (step, loss, rate) => bar.update(step, { loss: loss.toFixed(3), rate: rate.toFixed(0) }),
    stop: () => bar.stop(),
  };
}

function createLines(name: string, steps: number, stream: NodeJS.WriteStream): ProgressDisplay {
  const startTime = performance.now();
  let previousSteps: number | undefined;
  let lastTime = startTime;
  return {
    update: (step, loss, rate) => {
      previousSteps ??= step - 1;
      const now = performance.now();
      if (now - lastTime < lineInterval * 1000 && step < steps) return;
      lastTime = now;
      const left = ((now - startTime) / 1000 / (step - previousSteps)) * (steps - step);
      stream.write(
        `${name}: step ${step} of ${steps}, loss ${loss.toFixed(3)}, ${rate.toFixed(0)} images/s, ${left.toFixed(0)} s left\n`,
      );
    },
    stop: () => {},
  };
}
