// Installs the dependencies unless they already match the lockfile. `npm start` and `npm test` run it first, so it needs Node alone
// and takes milliseconds when there is nothing to do.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = new URL('../', import.meta.url);
const read = (name) => readFileSync(new URL(name, root), 'utf8');

const stampFile = new URL('node_modules/.setup-stamp', root);
const stamp = createHash('sha256')
  .update([process.platform, process.arch, read('pnpm-workspace.yaml'), read('pnpm-lock.yaml')].join('\n'))
  .digest('hex');

if (!existsSync(stampFile) || readFileSync(stampFile, 'utf8') !== stamp) {
  const began = performance.now();
  // A stamp left beside a half-done install would claim more than is there.
  rmSync(stampFile, { force: true });
  const { packageManager } = JSON.parse(read('package.json'));
  // npm is npx.cmd on Windows, which only a shell starts.
  const { status, error, stdout, stderr } = spawnSync(`npx --yes ${packageManager} install --frozen-lockfile`, {
    cwd: fileURLToPath(root),
    env: { ...process.env, CI: 'true' },
    shell: true,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  if (status !== 0) {
    console.error(stdout + stderr + (error ?? ''));
    console.error(`Installing the dependencies failed; try it by hand: npx ${packageManager} install`);
    process.exit(1);
  }
  writeFileSync(stampFile, stamp);
  console.log(`Installed the dependencies in ${((performance.now() - began) / 1000).toFixed(1)} s.`);
}
