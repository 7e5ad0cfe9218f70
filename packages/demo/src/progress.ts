// Progress over everything that the job does: how much of it is done, and how long the rest takes.
import { createDisplay, type Display } from './progressDisplay.ts';

/**
 * Kinds of work, each with a unit: a data set to load, a training step, a step for a picture, a batch whose features are
 * extracted, a pair of images to verify, and the report.
 */
export type WorkKind = 'load' | 'step' | 'pictureStep' | 'batch' | 'pair' | 'report';

/** Units of work that are left, by kind. */
export type Work = Readonly<Partial<Record<WorkKind, number>>>;

/** Part of the job that is under way. */
export interface PhaseProgress {
  /** Skips units that an earlier run has done. */
  skip(done: number): void;
  /** Reports how many units of the phase are done. */
  update(done: number, note?: string): void;
}

/** Phase that shows nothing. */
export const silentPhase: PhaseProgress = { skip: () => {}, update: () => {} };

/**
 * Seconds per unit before anything is measured: those of the default settings on one present machine. Kinds that
 * compute with a network scale with the first of them that is measured, as they depend on it alike.
 */
const priors: Readonly<
  Record<WorkKind, { readonly unit?: string; readonly seconds: number; readonly network: boolean }>
> = {
  load: { seconds: 0.4, network: false },
  step: { unit: 'step', seconds: 0.014, network: true },
  pictureStep: { unit: 'step', seconds: 0.013, network: true },
  batch: { unit: 'batch', seconds: 0.004, network: true },
  pair: { seconds: 6e-7, network: false },
  report: { seconds: 0.7, network: false },
};
const kinds = Object.keys(priors) as WorkKind[];

/** Seconds over which the speed of a kind is averaged: a machine may become busy. */
const speedWindow = 20;
/** Seconds of measured work before the bar moves, and before the remaining time is shown. */
const minMeasured = { bar: 0.3, time: 1.5 };
/** Seconds in which the displayed remaining time approaches a new estimate, and the share of it if that is less. */
const settling = { max: 15, min: 0.5, share: 0.2 };

interface Tally {
  /** Units that an earlier run has done. */
  skipped: number;
  /** Units left. */
  left: number;
  /** Recent seconds and units, which fade with age. */
  seconds: number;
  units: number;
}

/** Progress of a job over all of its phases. */
export class JobProgress {
  readonly #display: Display;
  readonly #startTime = performance.now();
  readonly #tallies: Record<WorkKind, Tally>;
  #fraction = 0;
  #measured = 0;
  /** Measured seconds per unit divided by those expected, for kinds that compute with a network. */
  #slowness = 1;
  #remaining: { readonly seconds: number; readonly time: number } | undefined;

  /** @param work what is expected before {@link setWork} */
  constructor(work: Work, stream: NodeJS.WriteStream = process.stdout) {
    this.#display = createDisplay(stream);
    this.#tallies = Object.fromEntries(
      kinds.map((kind) => [kind, { skipped: 0, left: work[kind] ?? 0, seconds: 0, units: 0 }]),
    ) as Record<WorkKind, Tally>;
  }

  /** Replaces the units that are left of each kind. */
  setWork(work: Work): void {
    for (const kind of kinds) this.#tallies[kind].left = work[kind] ?? 0;
  }

  /** Prints lines above the bar. */
  print(text: string): void {
    this.#display.print(text);
  }

  /** Begins a phase of `units` units; the next one ends it. */
  start(kind: WorkKind, name: string, units: number): PhaseProgress {
    const tally = this.#tallies[kind];
    let done = 0;
    let time = performance.now();
    const advance = (to: number): number => {
      const count = to - done;
      done = to;
      tally.left = Math.max(0, tally.left - count);
      return count;
    };
    const show = (now: number, note?: string): void => {
      const position = { ...this.#estimate(now), name, done, units, unit: priors[kind].unit };
      this.#display.show(note === undefined ? position : { ...position, note });
    };
    show(time);
    return {
      skip: (to) => {
        tally.skipped += advance(to);
        time = performance.now();
      },
      update: (to, note) => {
        const now = performance.now();
        // The first of several steps also compiles, which no other does.
        if (done > 0 || units === 1 || to === units) this.#measure(kind, (now - time) / 1000, to - done);
        advance(to);
        time = now;
        show(now, note);
      },
    };
  }

  /** Fills the bar. */
  finish(): void {
    this.setWork({});
    this.#fraction = 1;
    this.#display.finish((performance.now() - this.#startTime) / 1000);
  }

  /** Leaves the bar as it is, after an error. Does nothing after {@link finish}. */
  stop(): void {
    this.#display.stop();
  }

  #measure(kind: WorkKind, seconds: number, count: number): void {
    const tally = this.#tallies[kind];
    const fading = Math.exp(-seconds / speedWindow);
    tally.seconds = tally.seconds * fading + seconds;
    tally.units = tally.units * fading + count;
    if (!priors[kind].network) return;
    this.#measured += seconds;
    this.#slowness = tally.seconds / tally.units / priors[kind].seconds;
  }

  #secondsPerUnit(kind: WorkKind): number {
    const { seconds, units } = this.#tallies[kind];
    if (units > 0) return seconds / units;
    return priors[kind].seconds * (priors[kind].network ? this.#slowness : 1);
  }

  /** Estimates the share that is done, which never falls, and the remaining seconds; neither jumps. */
  #estimate(now: number): { fraction: number; remaining: number | undefined } {
    const cost = (part: 'skipped' | 'left') =>
      kinds.reduce((sum, kind) => sum + this.#tallies[kind][part] * this.#secondsPerUnit(kind), 0);
    // Before the network is measured the share would be too large on a slow machine, and the bar never goes back.
    if (this.#measured < minMeasured.bar) return { fraction: this.#fraction, remaining: undefined };
    const seconds = this.#settle(cost('left'), now);
    this.#remaining = { seconds, time: now };
    const done = (now - this.#startTime) / 1000 + cost('skipped');
    this.#fraction = Math.max(this.#fraction, done / (done + seconds));
    return { fraction: this.#fraction, remaining: this.#measured < minMeasured.time ? undefined : seconds };
  }

  /** Counts down from the last estimate, and approaches the new one gradually. */
  #settle(estimate: number, now: number): number {
    if (this.#remaining === undefined) return estimate;
    const passed = (now - this.#remaining.time) / 1000;
    if (this.#measured < minMeasured.time) return estimate;
    const expected = Math.max(0, this.#remaining.seconds - passed);
    const period = Math.min(settling.max, Math.max(settling.min, settling.share * estimate));
    return expected + (estimate - expected) * (1 - Math.exp(-passed / period));
  }
}
