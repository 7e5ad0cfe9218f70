// Processes that own temporary files and locks, and whether they still run.
import { createHash } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

/** A process by what tells it from others, later ones of the same number included. */
export interface ProcessIdentity {
  readonly pid: number;
  /** When it was started, in the kernel's ticks; '0' where the system does not tell. */
  readonly start: string;
  /** Digest of the machine and the process namespace (a container) in which the number counts. */
  readonly place: string;
}

let own: ProcessIdentity | undefined;

/** The identity of this process. */
export function identifyProcess(): ProcessIdentity {
  return (own ??= { pid: process.pid, start: readStart(process.pid) ?? '0', place: identifyPlace() });
}

/** Whether a process runs; `undefined` if it belongs to another machine or container. */
export function isRunning({ pid, start, place }: ProcessIdentity): boolean | undefined {
  const { start: ownStart, place: ownPlace } = identifyProcess();
  if (place !== ownPlace) return undefined;
  try {
    process.kill(pid, 0);
  } catch (error) {
    // Other errors say that it exists but is not ours.
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
  }
  if (start === '0' || ownStart === '0') return true;
  return readStart(pid) === start;
}

function identifyPlace(): string {
  let namespace = '';
  try {
    namespace = readlinkSync('/proc/self/ns/pid');
  } catch {
    // Not Linux.
  }
  return createHash('sha256').update(`${hostname()} ${namespace}`).digest('hex').slice(0, 8);
}

/** The start of a process, from Linux's `/proc`; `undefined` if it is dead or cannot be seen. */
function readStart(pid: number): string | undefined {
  let line: string;
  try {
    line = readFileSync(`/proc/${pid}/stat`, 'latin1');
  } catch {
    return undefined;
  }
  // The name of the program, in parentheses, may contain spaces.
  const fields = line.slice(line.lastIndexOf(')') + 2).split(' ');
  return fields[0] === 'Z' || fields[0] === 'X' ? undefined : fields[19];
}
