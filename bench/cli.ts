// Common parts of the commands that measure.
import { cpus, loadavg } from 'node:os';

/** Options of all commands, for `parseArgs`. */
export const commonOptions = {
  filter: { type: 'string', default: '' },
  peer: { type: 'string', default: '' },
  quick: { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
  list: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
} as const;

/** Help for the last four of them. */
export const commonHelp = `  --quick         one short round each, to check that results agree, not for times
  --json          one JSON object per line instead of a table
  --list          print the names only
  --help          print this text
`;

interface Common {
  readonly filter: string;
  readonly list: boolean;
  readonly help: boolean;
}

/** A command of `npm run`. */
export interface Command<Options extends Common> {
  readonly name: string;
  readonly help: string;
  /** @throws {Error} with a message of one line. */
  readonly parse: (args: readonly string[]) => Options;
  /** Names of all measurements. */
  readonly names: (options: Options) => readonly string[];
  /** Runs measurements by name. Resolves to whether all succeeded. */
  readonly run: (options: Options, selected: ReadonlySet<string>) => Promise<boolean>;
}

/** Runs a command. Resolves to the exit code: 1 if a measurement failed, 2 if the options are wrong. */
export async function runCommand<Options extends Common>(
  { name, help, parse, names, run }: Command<Options>,
  args: readonly string[],
): Promise<number> {
  let options: Options;
  try {
    options = parse(args);
  } catch (error) {
    console.error(`error: ${(error as Error).message}; see npm run ${name} -- --help`);
    return 2;
  }
  if (options.help) {
    console.log(help);
    return 0;
  }
  const selected = new Set(names(options).filter((each) => each.includes(options.filter)));
  if (selected.size === 0) {
    console.error(`error: no benchmark has '${options.filter}' in its name; see --list`);
    return 2;
  }
  if (options.list) {
    for (const each of selected) console.log(each);
    return 0;
  }
  return (await run(options, selected)) ? 0 : 1;
}

/**
 * Parses the value of an option.
 * @throws {Error} if it is not an integer ≥ 1.
 */
export function parseCount(option: string, text: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value >= 1) return value;
  throw new Error(`${option} must be an integer ≥ 1, got '${text}'`);
}

/** Describes the processor and its load. */
export function describeProcessor(): string {
  const model = cpus()[0]?.model.trim() ?? 'unknown';
  return `${cpus().length} × ${model}, load average ${loadavg()[0]!.toFixed(2)}`;
}
