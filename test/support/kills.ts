// Processes that are killed at random moments.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Starts Node on the sources of the packages: a script of this repository with arguments. */
export function startNode(args: readonly string[], stdin: 'ignore' | 'pipe' = 'ignore'): ChildProcess {
  return spawn(process.execPath, ['--conditions=@thetagrad/source', '--import=tsx', ...args], {
    cwd: root,
    stdio: [stdin, 'pipe', 'inherit'],
  });
}

export interface KillOptions {
  /** Starts the process; the first line that it prints says that it works. */
  readonly start: (round: number) => ChildProcess;
  readonly rounds: number;
  /** The longest time from that line to the kill. */
  readonly maxMs: number;
  /** Checks what is left, after the process has ended. */
  readonly check: (round: number) => void | Promise<void>;
}

/** Kills a process at a random moment of its work, again and again. */
export async function killRepeatedly({ start, rounds, maxMs, check }: KillOptions): Promise<void> {
  for (let round = 0; round < rounds; round++) {
    const child = start(round);
    const ended = once(child, 'close');
    await Promise.race([once(child.stdout!, 'data'), ended]);
    await setTimeout(Math.random() * maxMs);
    child.kill('SIGKILL');
    await ended;
    await check(round);
  }
}
