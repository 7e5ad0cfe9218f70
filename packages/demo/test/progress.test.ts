import { Writable } from 'node:stream';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { JobProgress } from '../src/progress.ts';
import { formatTime } from '../src/progressDisplay.ts';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

/** Creates a stream that looks like a terminal or a file, and collects its text. */
function makeStream(isTTY: boolean): { stream: NodeJS.WriteStream; text: () => string } {
  let written = '';
  const stream = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      written += chunk.toString();
      done();
    },
  });
  return {
    stream: Object.assign(stream, { isTTY, columns: 80 }) as unknown as NodeJS.WriteStream,
    text: () => written,
  };
}

/** States of the bar on a terminal, in order. */
function framesOf(text: string): string[] {
  return text
    .split(String.fromCharCode(27))
    .map((frame) => frame.replace(/^\[[0-9;?]*[A-Za-z]/, ''))
    .filter((frame) => /^[█░]/.test(frame));
}

/** Runs a phase of steps that take so many milliseconds each. */
function runSteps(progress: JobProgress, name: string, steps: number, milliseconds: (step: number) => number): void {
  const phase = progress.start('step', name, steps);
  for (let step = 1; step <= steps; step++) {
    vi.advanceTimersByTime(milliseconds(step));
    phase.update(step, `loss ${(6 - step / 100).toFixed(3)}`);
  }
}

describe('on a terminal', () => {
  test('one bar over all phases, on one line of 80 columns, that ends full', () => {
    const { stream, text } = makeStream(true);
    const progress = new JobProgress({ load: 1, step: 800, report: 1 }, stream);
    const loading = progress.start('load', 'loading data', 1);
    vi.advanceTimersByTime(400);
    loading.update(1);
    progress.print('what is trained\n');
    runSteps(progress, 'A-Softmax, m = 4, seed 4294967295', 400, () => 100);
    vi.advanceTimersByTime(200);
    runSteps(progress, 'A-Softmax, m = 4, 3-D', 400, () => 100);
    const writing = progress.start('report', 'writing the report', 1);
    vi.advanceTimersByTime(500);
    writing.update(1);
    progress.finish();
    progress.stop();

    const frames = framesOf(text());
    expect(frames[0]).toBe('░░░░░░░░░░░░░░ 0%  loading data');
    expect(frames).toContain('███████░░░░░░░ 49%  41 s left  A-Softmax, m = 4, seed 4294967295 399/400');
    expect(frames).toContain('██████████░░░░ 74%  21 s left  A-Softmax, m = 4, 3-D 200/400, loss 4.000');
    expect(frames.at(-1)!.trimEnd()).toBe('██████████████ 100%  done in 1 min 21 s');
    for (const frame of frames) expect(frame.trimEnd().length).toBeLessThanOrEqual(80);
    const shares = frames.map((frame) => Number(/ (\d+)%/.exec(frame)![1]));
    expect(shares).toEqual([...shares].sort((a, b) => a - b));
    expect(text()).toContain('what is trained\n');
    // The line of the bar is erased before the text, so that only the text and the last bar stay.
    expect(text().match(/\n/g)).toHaveLength(3);
    expect(text()).toContain('\u001B[1A\u001B[2Kwhat is trained');
  });

  test('keeps the bar of an earlier run when it continues', () => {
    const { stream, text } = makeStream(true);
    const progress = new JobProgress({ step: 400 }, stream);
    const phase = progress.start('step', 'softmax', 400);
    phase.skip(300);
    for (let step = 301; step <= 320; step++) {
      vi.advanceTimersByTime(100);
      phase.update(step);
    }
    vi.advanceTimersByTime(200);
    progress.stop();
    expect(framesOf(text()).at(-1)).toBe('███████████░░░ 80%  8 s left  softmax 320/400');
  });

  test('keeps cursor and line wrapping of the terminal, which nothing would restore after a kill', () => {
    const { stream, text } = makeStream(true);
    const progress = new JobProgress({ step: 2 }, stream);
    runSteps(progress, 'softmax', 1, () => 1000);
    expect(text()).not.toContain('[?25l');
    expect(text()).not.toContain('[?7l');
    progress.stop();
  });
});

describe('elsewhere', () => {
  test('a plain line every five seconds and at the end of a training, with the rest of the whole job', () => {
    const { stream, text } = makeStream(false);
    const progress = new JobProgress({ step: 42 }, stream);
    runSteps(progress, 'softmax', 21, () => 1000);
    runSteps(progress, 'modified softmax', 21, () => 1000);
    progress.finish();
    expect(text()).toBe(
      [
        ' 11%  softmax: step 5 of 21, loss 5.950; 37 s left in all',
        ' 23%  softmax: step 10 of 21, loss 5.900; 32 s left in all',
        ' 35%  softmax: step 15 of 21, loss 5.850; 27 s left in all',
        ' 47%  softmax: step 20 of 21, loss 5.800; 22 s left in all',
        ' 50%  softmax: step 21 of 21, loss 5.790; 21 s left in all',
        ' 61%  modified softmax: step 5 of 21, loss 5.950; 16 s left in all',
        ' 73%  modified softmax: step 10 of 21, loss 5.900; 11 s left in all',
        ' 85%  modified softmax: step 15 of 21, loss 5.850; 6 s left in all',
        ' 97%  modified softmax: step 20 of 21, loss 5.800; 1 s left in all',
        ' 99%  modified softmax: step 21 of 21, loss 5.790; 0 s left in all',
        '100%  done in 42 s',
        '',
      ].join('\n'),
    );
  });

  test('at most a line in a minute of a job of hours', () => {
    const { stream, text } = makeStream(false);
    const progress = new JobProgress({ step: 10_000 }, stream);
    runSteps(progress, 'softmax', 1000, () => 5000);
    expect(text().split('\n').length).toBeLessThan(1.05 * ((1000 * 5) / 60));
    expect(text()).toMatch(/ 12 h \d+ min left in all\n$/);
  });
});

test('the remaining time counts down without jumps while the speed of the machine varies', () => {
  const factor = fc.double({ min: 0.5, max: 2, noNaN: true });
  fc.assert(
    fc.property(fc.array(factor, { minLength: 6, maxLength: 6 }), (factors) => {
      const { stream, text } = makeStream(true);
      const steps = 150;
      const progress = new JobProgress({ step: 6 * steps }, stream);
      for (const [i, slowness] of factors.entries()) runSteps(progress, `network ${i}`, steps, () => 400 * slowness);
      progress.finish();
      const left = framesOf(text()).flatMap((frame) => {
        const match = /(?:(\d+) min )?(\d+) s left/.exec(frame);
        return match ? [60 * Number(match[1] ?? 0) + Number(match[2])] : [];
      });
      expect(left.length).toBeGreaterThan(100);
      for (let i = 1; i < left.length; i++) {
        expect(Math.abs(left[i]! - left[i - 1]!)).toBeLessThanOrEqual(3 + 0.05 * left[i - 1]!);
      }
      expect(left.at(-1)).toBeLessThanOrEqual(2);
    }),
    { numRuns: 6 },
  );
});

test('kinds that are not measured yet cost as much more as those that are', () => {
  const { stream, text } = makeStream(false);
  // Ten times as slow as the reference: 200 steps take 28 s, and 100 steps of pictures are then expected to take 13 s.
  const progress = new JobProgress({ step: 200, pictureStep: 100 }, stream);
  runSteps(progress, 'softmax', 200, () => 140);
  expect(text()).toMatch(/step 200 of 200, loss 4\.000; 13 s left in all\n$/);
});

test('formatTime', () => {
  expect([0.4, 59.4, 59.6, 95, 3599, 7500].map(formatTime)).toEqual([
    '0 s',
    '59 s',
    '1 min 0 s',
    '1 min 35 s',
    '59 min 59 s',
    '2 h 5 min',
  ]);
});
