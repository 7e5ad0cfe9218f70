import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';

/** Options of the command line. */
export interface Options {
  readonly data: string;
  readonly net: string;
  readonly margins: readonly number[];
  readonly embedding: number;
  readonly steps: number;
  readonly batch: number;
  /** At least one; pictures show the first. */
  readonly seeds: readonly number[];
  readonly backend: BackendName;
  /** Number of threads of the wasm backend. Default: all cores. */
  readonly threads?: number;
  /** Whether to switch 256-bit vectors of the wasm backend on. */
  readonly wide: boolean;
  readonly out: string;
  readonly resume: boolean;
}

/** Mistake of the user, reported in one line with exit code 2. */
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
  'portable',
] as const;
export type BackendName = (typeof backendNames)[number];

const maxSeed = 2 ** 32 - 1;
/** Far above the features of practice; the weights of the last layer still fit in memory. */
const maxEmbedding = 4096;
/** Far above the 4 of the paper; the graph of the loss grows with the margin. */
const maxMargin = 64;
/** The most of the wasm backend. */
const maxThreads = 256;

const description = `Trains a convolutional embedding with softmax, modified softmax and A-Softmax, from the same initial weights, and \
verifies it on classes that were never seen in training. Prints a table and writes a report.`;

const dataHelp = `glyphs (synthetic), mnist:DIR, omniglot:ZIP (trains on some alphabets, verifies on others) or folder:DIR \
(a folder of PNG, JPEG or PGM images for each class)`;

/**
 * Parses the arguments of the command line.
 * @returns `undefined` after printing the requested help.
 * @throws {UsageError} for the first mistake.
 */
export function parseOptions(args: readonly string[]): Options | undefined {
  const command = new Command('npm start --')
    .description(description)
    .option('--data <source>', dataHelp, 'glyphs')
    .addOption(new Option('--net <name>', 'the network').choices(netNames).default('small'))
    .addOption(
      new Option('--margins <m,...>', `margins of A-Softmax, from 1 to ${maxMargin}`)
        .argParser((text) => parseIntegers(text, 1, maxMargin))
        .default([2, 3, 4], '2,3,4'),
    )
    .option('--embedding <size>', 'dimension of a feature', createIntegerParser(1, maxEmbedding), 128)
    .option('--steps <count>', 'training steps for each loss', createIntegerParser(1), 600)
    .option('--batch <size>', 'images in a batch', createIntegerParser(2), 64)
    .addOption(
      new Option(
        '--seed <n,...>',
        'seed of the split of classes, weights, order and augmentation; several train again with each, for the spread',
      )
        .argParser((text) => parseIntegers(text, 0, maxSeed))
        .default([0], '0'),
    )
    .addOption(
      new Option('--backend <name>', 'best is the fastest on the CPU, gpu the first available mode of gpu.js')
        .choices(backendNames)
        .default('best'),
    )
    .option('--threads <count>', 'threads of the wasm backend (default: all cores)', createIntegerParser(1, maxThreads))
    .option('--wide', 'switch 256-bit vectors of the wasm backend on, in Node 24 and later')
    .option('--out <folder>', 'folder for report, results and checkpoints', parseFolder, 'out')
    .option('--resume', 'continue from the checkpoints in the output folder')
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
  const { seed, ...others } = command.opts<Omit<Options, 'resume' | 'seeds' | 'wide'> & { readonly seed: number[] }>();
  return { resume: false, wide: false, ...others, seeds: seed };
}

function parseFolder(text: string): string {
  if (text !== '') return text;
  throw new InvalidArgumentError('It must name a folder.');
}

function createIntegerParser(min: number, max = Number.MAX_SAFE_INTEGER): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() !== '' && Number.isInteger(value) && value >= min && value <= max) return value;
    const range = max < Number.MAX_SAFE_INTEGER ? `from ${min} to ${max}` : `≥ ${min}`;
    throw new InvalidArgumentError(`It must be an integer ${range}.`);
  };
}

function parseIntegers(text: string, min: number, max?: number): number[] {
  return [...new Set(text.split(',').map(createIntegerParser(min, max)))];
}
