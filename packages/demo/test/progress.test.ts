import { Writable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { showProgress } from '../src/progress.ts';

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

describe('on a terminal', () => {
  test('one bar with step, loss, rate and remaining time, on one line of 80 columns', () => {
    const { stream, text } = makeStream(true);
    const display = showProgress('A-Softmax, m = 4, 3-D', 400, 0, stream);
    for (let step = 1; step <= 200; step++) {
      vi.advanceTimersByTime(500);
      display.update(step, 6 - step / 100, 123.4);
    }
    vi.advanceTimersByTime(500);
    display.stop();
    const frames = text()
      .split(String.fromCharCode(27))
      .map((frame) => frame.replace(/^\[[0-9;?]*[A-Za-z]/, ''));
    const last = frames.findLast((frame) => frame.includes('images/s'))!;
    expect(last).toBe('A-Softmax, m = 4, 3-D ██████░░░░░░ 200/400  loss 4.000  123 images/s  ETA 1m40s');
    expect(last.length).toBeLessThanOrEqual(80);
    expect(text().match(/\n/g)).toHaveLength(1);
    expect(text().endsWith('\n')).toBe(true);
  });

  test('starts at the step of the checkpoint', () => {
    const { stream, text } = makeStream(true);
    showProgress('softmax', 400, 300, stream).stop();
    expect(text()).toContain('█████████░░░ 300/400');
  });

  test('keeps cursor and line wrapping of the terminal, which nothing would restore after a kill', () => {
    const { stream, text } = makeStream(true);
    showProgress('softmax', 2, 0, stream).update(1, 1, 1);
    vi.advanceTimersByTime(1000);
    expect(text()).not.toContain('[?25l');
    expect(text()).not.toContain('[?7l');
  });
});

describe('elsewhere', () => {
  test('a plain line every five seconds and at the end', () => {
    const { stream, text } = makeStream(false);
    const display = showProgress('softmax', 21, 0, stream);
    for (let step = 1; step <= 21; step++) {
      vi.advanceTimersByTime(1000);
      display.update(step, 4 - step / 10, 63.7);
    }
    display.stop();
    expect(text()).toBe(
      [
        'softmax: step 5 of 21, loss 3.500, 64 images/s, 16 s left',
        'softmax: step 10 of 21, loss 3.000, 64 images/s, 11 s left',
        'softmax: step 15 of 21, loss 2.500, 64 images/s, 6 s left',
        'softmax: step 20 of 21, loss 2.000, 64 images/s, 1 s left',
        'softmax: step 21 of 21, loss 1.900, 64 images/s, 0 s left',
        '',
      ].join('\n'),
    );
  });

  test('the remaining time counts only the steps of this run', () => {
    const { stream, text } = makeStream(false);
    const display = showProgress('softmax', 400, 300, stream);
    for (let step = 301; step <= 305; step++) {
      vi.advanceTimersByTime(1000);
      display.update(step, 1, 64);
    }
    expect(text()).toBe('softmax: step 305 of 400, loss 1.000, 64 images/s, 95 s left\n');
  });
});
