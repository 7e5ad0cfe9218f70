// Names of temporary files, and the removal of those that dead processes left.
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { getFileSystem } from './fileSystem.ts';
import { identifyProcess, isRunning } from './processes.ts';

const pattern = /^\.thetagrad-(\d+)-(\d+)-([0-9a-f]{8})-[0-9a-f]{8}\.tmp$/;
/** How long a temporary file of another machine must be unchanged to count as left behind: a day. */
const foreignAge = 86_400_000;

/** A new name, which tells the process: `.thetagrad-PID-START-PLACE-RANDOM.tmp`. */
export function createTemporaryName(): string {
  const { pid, start, place } = identifyProcess();
  return `.thetagrad-${pid}-${start}-${place}-${randomUUID().slice(0, 8)}.tmp`;
}

/**
 * Removes the temporary files that killed processes left in a folder, `.thetagrad-….tmp`. Those of running processes
 * stay; those of other machines go after a day. Never fails: what cannot be removed stays.
 */
export async function removeStaleTemporaries(folder: string): Promise<void> {
  const fs = getFileSystem();
  const names = await fs.readdir(folder).catch(() => []);
  for (const name of names) {
    const [, pid, start, place] = pattern.exec(name) ?? [];
    if (pid === undefined) continue;
    const path = join(folder, name);
    const running = isRunning({ pid: Number(pid), start: start!, place: place! });
    if (running) continue;
    try {
      if (running === undefined && Date.now() - (await fs.stat(path)).mtimeMs < foreignAge) continue;
      await fs.unlink(path);
    } catch {
      // Removed by another process, or not ours.
    }
  }
}
