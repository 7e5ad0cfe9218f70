// Takes the lock of a folder again and again for some milliseconds, beside other processes that do the same. Half of the
// times it leaves the lock of a dead process. Fails if another process holds the lock at the same time.
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { FolderLockedError, lockFolder } from '@thetagrad/nn/node';

const folder = process.argv[2]!;
const path = join(folder, '.thetagrad.lock');
const exclusive = join(folder, 'exclusive');
const end = Date.now() + Number(process.argv[3]);
let count = 0;
while (Date.now() < end) {
  let release: () => void;
  try {
    release = await lockFolder(folder);
  } catch (error) {
    if (!(error instanceof FolderLockedError)) throw error;
    continue;
  }
  writeFileSync(exclusive, '', { flag: 'wx' });
  await setTimeout(3 * Math.random());
  rmSync(exclusive);
  if (++count % 2 === 0) {
    const owner = JSON.parse(readFileSync(path, 'utf8')) as object;
    const draft = join(folder, String(process.pid));
    // Above the greatest process number of Linux.
    writeFileSync(draft, JSON.stringify({ ...owner, pid: 2 ** 22 + 1, since: String(Math.random()) }));
    renameSync(draft, path);
  }
  release();
}
console.log(count);
