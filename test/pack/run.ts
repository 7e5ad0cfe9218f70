import { execSync } from 'node:child_process';

/** Runs a command and returns what it wrote to standard output; throws with all it wrote if it fails. */
export function run(command: string, cwd: string): string {
  try {
    return execSync(command, { cwd, encoding: 'utf8', stdio: 'pipe' });
  } catch (error) {
    const { stdout, stderr } = error as { stdout: string; stderr: string };
    throw new Error(`${command} failed\n${stdout}${stderr}`, { cause: error });
  }
}
