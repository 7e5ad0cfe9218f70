import { readFileSync } from 'node:fs';

/** Whether the machine has the instructions that V8 pairs vectors for. Only Linux tells. */
export function hasAvx2(): boolean {
  return (
    process.platform === 'linux' && process.arch === 'x64' && /\bavx2\b/.test(readFileSync('/proc/cpuinfo', 'utf8'))
  );
}
