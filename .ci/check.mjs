// Runs every check in turn, tests first, and stops at the first that fails. Needs Node alone: the first step installs the rest.
// The last line of output counts the tests, whatever step ends the run: "N passed, N failed".
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../', import.meta.url));
const results = join(root, 'node_modules/.cache/test-results');
const began = performance.now();

function run(command, env = {}) {
  const start = performance.now();
  console.log(`\n# ${command}`);
  // npm is npm.cmd on Windows, which only a shell starts.
  const { status } = spawnSync(command, { cwd: root, env: { ...process.env, ...env }, shell: true, stdio: 'inherit' });
  console.log(`# ${command}: ${status === 0 ? 'passed' : 'FAILED'} after ${seconds(start)} s`);
  if (status !== 0) process.exit(1);
}

const seconds = (start) => Math.round((performance.now() - start) / 1000);

/** A test file that does not load counts as one failure, and so does a run without any results. */
function count() {
  const files = existsSync(results) ? readdirSync(results) : [];
  const runs = files.map((file) => JSON.parse(readFileSync(join(results, file), 'utf8')));
  const isUnloaded = ({ status, assertionResults }) =>
    status === 'failed' && !assertionResults.some((test) => test.status === 'failed');
  const passed = runs.reduce((sum, { numPassedTests }) => sum + numPassedTests, 0);
  const failed = runs.reduce(
    (sum, { numFailedTests, testResults }) => sum + numFailedTests + testResults.filter(isUnloaded).length,
    0,
  );
  return `${passed} passed, ${runs.length === 0 ? 1 : failed} failed`;
}

rmSync(results, { recursive: true, force: true });
process.on('exit', () => console.log(`\n# ${seconds(began)} s in all\n${count()}`));

run('npm run setup');
// Chromium also brings the driver on which the tests of webgpu run in Node.
run('npx tsx test/browser/install.ts');
run('npm test', { TEST_RESULTS: join(results, 'node.json') });
run('npm run test:browser', { TEST_RESULTS: join(results, 'browser.json') });
// On an engine that pairs vectors, which the installed Node may not be.
run('npm run test:wide', { TEST_RESULTS: join(results, 'wide.json') });
run('npm run lint');
run('npm run format:check');
run('npm run typecheck');
// tsc leaves outputs whose source is gone.
for (const name of readdirSync(join(root, 'packages'))) {
  rmSync(join(root, 'packages', name, 'dist'), { recursive: true, force: true });
}
run('npm run build');
run('npm run api:check');
run('npm run budget');
run('npm run test:pack');
