// Display of progress: a bar on a terminal, lines elsewhere.
import { SingleBar } from 'cli-progress';

/** State to display. */
export interface Position {
  /** Share of the whole job that is done. */
  readonly fraction: number;
  /** Seconds left of the whole job, once known. */
  readonly remaining: number | undefined;
  /** Name of the phase. */
  readonly name: string;
  readonly done: number;
  readonly units: number;
  /** What a unit is called; without it units are not counted in words. */
  readonly unit: string | undefined;
  /** Values worth a line at the end of the phase. */
  readonly note?: string;
}

export interface Display {
  show(position: Position): void;
  /** Prints text that stays, ending with a line break. */
  print(text: string): void;
  /** Shows that all is done, and how long it took. */
  finish(seconds: number): void;
  /** Leaves the display as it is. */
  stop(): void;
}

const barSize = 14;
const barTotal = 1000;
/** Seconds between two lines, at least and at most; between them it is a share of the remaining time. */
const lineInterval = { min: 5, max: 60, share: 1 / 20 };

/** Shows a bar on a terminal, a plain line now and then elsewhere. */
export function createDisplay(stream: NodeJS.WriteStream): Display {
  return stream.isTTY ? createBar(stream) : createLines(stream);
}

function createBar(stream: NodeJS.WriteStream): Display {
  let bar: SingleBar | undefined;
  let last = { value: 0, text: '' };
  /** Omits the last values if not all fit. */
  const fit = (text: string): string => {
    const room = (stream.columns || 80) - barSize - 1;
    if (text.length <= room) return text;
    const end = text.lastIndexOf(', ', room);
    return text.slice(0, end < 0 ? room : end);
  };
  const open = (clearOnComplete = false): SingleBar => {
    const created = new SingleBar({
      format: '{bar} {text}',
      barCompleteChar: '█',
      barIncompleteChar: '░',
      barsize: barSize,
      clearOnComplete,
      // Keeps the settings of the terminal, which nothing would restore after a second Ctrl-C.
      linewrap: true,
      stream,
    });
    created.start(barTotal, last.value, { text: last.text });
    return created;
  };
  const update = (value: number, text: string): void => {
    last = { value, text: fit(text) };
    if (bar === undefined) bar = open();
    else bar.update(value, { text: last.text });
  };
  const stop = (): void => {
    bar?.stop();
    bar = undefined;
  };
  return {
    show: ({ fraction, remaining, name, done, units, unit, note }) => {
      const count = unit === undefined ? '' : ` ${done}/${units}`;
      const left = remaining === undefined ? '' : `  ${formatTime(remaining)} left`;
      // The last thousandth is kept for the end.
      const value = Math.min(barTotal - 1, Math.floor(fraction * barTotal));
      update(value, `${formatShare(fraction)}${left}  ${name}${count}${note === undefined ? '' : `, ${note}`}`);
    },
    print: (text) => {
      if (bar !== undefined) {
        // Overwrites the line of the bar, which is drawn anew below the text.
        bar.stop();
        bar = undefined;
        stream.write('\u001B[1A\u001B[2K');
      }
      stream.write(text);
    },
    finish: (seconds) => {
      update(barTotal, `100%  done in ${formatTime(seconds)}`);
      stop();
    },
    stop,
  };
}

function createLines(stream: NodeJS.WriteStream): Display {
  let lastTime = performance.now();
  return {
    show: ({ fraction, remaining, name, done, units, unit, note }) => {
      const now = performance.now();
      const interval = Math.min(lineInterval.max, Math.max(lineInterval.min, (remaining ?? 0) * lineInterval.share));
      if (now - lastTime < interval * 1000 && (note === undefined || done < units)) return;
      lastTime = now;
      const count = unit === undefined ? '' : `: ${unit} ${done} of ${units}`;
      const left = remaining === undefined ? '' : `; ${formatTime(remaining)} left in all`;
      stream.write(
        `${formatShare(fraction).padStart(4)}  ${name}${count}${note === undefined ? '' : `, ${note}`}${left}\n`,
      );
    },
    print: (text) => void stream.write(text),
    finish: (seconds) => void stream.write(`100%  done in ${formatTime(seconds)}\n`),
    stop: () => {},
  };
}

/** Whole percent, 100 only at the end. */
function formatShare(fraction: number): string {
  return `${Math.min(99, Math.floor(100 * fraction))}%`;
}

/** 42 → "42 s", 95 → "1 min 35 s", 7500 → "2 h 5 min". */
export function formatTime(seconds: number): string {
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  const minutes = Math.round(seconds / 60);
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
