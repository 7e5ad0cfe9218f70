import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';

/** What the command line asks for. */
export interface Options {
  readonly data: string;
  readonly net: string;
  readonly margins: readonly number[];
  readonly embedding: number;
  readonly steps: number;
  readonly batch: number;
  readonly seed: number;
  readonly backend: BackendName;
  /** For the wasm backend; all that the machine has if it is missing. */
  readonly threads?: number;
  readonly out: string;
  readonly resume: boolean;
}

/** Something the user can put right: one clear line, and exit code 2. */
export class UsageError extends Error {}

export const netNames = ['small', 'sphereface4', 'sphereface10', 'sphereface20', 'sphereface36', 'sphereface64'];
export const backendNames = [
  'best',
  'wasm',
  'gpu',
  'gpu:webgpu',
  'gpu:headlessgl',
  'gpu:webasm',
  'gpu:cpu',
  'reference',
] as const;
export type BackendName = (typeof backendNames)[number];

/** What every generator of random numbers takes. */
const largestSeed = 2 ** 32 - 1;

const description = `Trains a convolutional embedding with softmax, modified softmax and A-Softmax, each from the same start, and \
measures how well its features tell apart classes that were never seen in training. Prints a table and writes a report.`;

const dataHelp = `glyphs (drawn on the spot), mnist:DIR, omniglot:ZIP (trains on some alphabets, verifies on others) or folder:DIR \
(a folder of PNG, JPEG or PGM images for each class)`;

/**
 * Reads the command line, without the names of node and script.
 * @returns `undefined` if it only asked for help, which has been printed.
 * @throws {UsageError} at the first mistake.
 */
export function parseOptions(args: readonly string[]): Options | undefined {
  const command = new Command('npm start --')
    .description(description)
    .option('--data <source>', dataHelp, 'glyphs')
    .addOption(new Option('--net <name>', 'the network').choices(netNames).default('small'))
    .addOption(
      new Option('--margins <m,...>', 'margins of A-Softmax, integers from 1')
        .argParser(integers)
        .default([2, 3, 4], '2,3,4'),
    )
    .option('--embedding <size>', 'length of a feature', integerFrom(1), 128)
    .option('--steps <count>', 'training steps for each loss', integerFrom(1), 600)
    .option('--batch <size>', 'images in a step', integerFrom(2), 64)
    .option('--seed <number>', 'of classes, weights, order and augmentation', integerFrom(0, largestSeed), 0)
    .addOption(
      new Option(
        '--backend <name>',
        'what computes; best is the fastest on the CPU, gpu the first mode of gpu.js that works here',
      )
        .choices(backendNames)
        .default('best'),
    )
    .option('--threads <count>', 'threads of the wasm backend (default: all cores)', integerFrom(1))
    .option('--out <folder>', 'where report, results and checkpoints go', 'out')
    .option('--resume', 'go on from the checkpoints in the output folder')
    .allowExcessArguments(false)
    .exitOverride()
    .configureOutput({ writeErr: () => {} });
  try {
    command.parse(args, { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return undefined;
    const problem = error.message
      .replace(/^error: /, '')
      .replaceAll('\n', ' ')
      .replace(/\.$/, '');
    throw new UsageError(`${problem}; see npm start -- --help`);
  }
  return { resume: false, ...command.opts<Omit<Options, 'resume'>>() };
}

function integerFrom(least: number, most = Number.MAX_SAFE_INTEGER): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() !== '' && Number.isInteger(value) && value >= least && value <= most) return value;
    const range = most < Number.MAX_SAFE_INTEGER ? `from ${least} to ${most}` : `of at least ${least}`;
    throw new InvalidArgumentError(`It must be an integer ${range}.`);
  };
}

function integers(text: string): number[] {
  return [...new Set(text.split(',').map(integerFrom(1)))];
}
