// Times the reference backend against a peer of its kind: `npm run bench -- --help`.
import { cpus, loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import type { Case } from './case.ts';
import { contractions } from './cases/contractions.ts';
import { elementwise } from './cases/elementwise.ts';
import { head } from './cases/head.ts';
import { compare } from './compare.ts';
import { peerName } from './peer.ts';

const all: readonly Case[] = [...contractions, ...elementwise, ...head];

const help = `Usage: npm run bench -- [options]

Times computations on the reference backend and on ${peerName}, in turns, and prints the medians.

Options:
  --filter NAME  only those with NAME in their name
  --json         an object a line instead of a table
  --list         only the names
  --help         this text
`;

process.exitCode = main(process.argv.slice(2));

function main(args: readonly string[]): number {
  let options;
  try {
    options = parseArgs({
      args: [...args],
      options: {
        filter: { type: 'string', default: '' },
        json: { type: 'boolean', default: false },
        list: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    }).values;
  } catch (error) {
    console.error(`error: ${(error as Error).message}; see npm run bench -- --help`);
    return 2;
  }
  if (options.help) {
    console.log(help);
    return 0;
  }
  const { filter, json } = options;
  const chosen = all.filter(({ name }) => name.includes(filter));
  if (chosen.length === 0) {
    console.error(
      `error: no benchmark has '${filter}' in its name; they are ${all.map(({ name }) => name).join('; ')}`,
    );
    return 2;
  }
  if (options.list) {
    for (const { name } of chosen) console.log(name);
    return 0;
  }
  if (!json) {
    console.log(`Node ${process.version}, ${cpus().length} × ${cpus()[0]?.model.trim() ?? 'unknown'}`);
    console.log(
      `load average ${loadavg()[0]!.toFixed(2)}; peer: ${peerName}; ratio: how many times faster than the peer\n`,
    );
    console.log(row('', 'ours ms', 'peer ms', 'ratio'));
  }
  for (const benchmark of chosen) {
    const result = compare(benchmark, peerName);
    const { name, ours_ms, peer_ms, ratio } = result;
    console.log(json ? JSON.stringify(result) : row(name, ours_ms.toFixed(2), peer_ms.toFixed(2), ratio.toFixed(2)));
  }
  return 0;
}

function row(name: string, ...cells: readonly string[]): string {
  return [name.padEnd(56), ...cells.map((cell) => cell.padStart(10))].join('');
}
