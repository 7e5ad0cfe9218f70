// What the commands that measure have in common.

/** Options of all of them, for `parseArgs`. */
export const commonOptions = {
  filter: { type: 'string', default: '' },
  peer: { type: 'string', default: '' },
  quick: { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
  list: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
} as const;

interface Common {
  readonly filter: string;
  readonly list: boolean;
  readonly help: boolean;
}

/** A command of `npm run`. */
export interface Command<Options extends Common> {
  readonly name: string;
  readonly help: string;
  /** @throws {Error} with one line that says what is wrong. */
  readonly parse: (args: readonly string[]) => Options;
  /** What there is to measure. */
  readonly names: (options: Options) => readonly string[];
  /** Measures these; whether nothing failed. */
  readonly run: (options: Options, chosen: ReadonlySet<string>) => Promise<boolean>;
}

/** Runs a command; the exit code: 1 if something failed, 2 if it was asked for something that there is not. */
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
  const chosen = new Set(names(options).filter((each) => each.includes(options.filter)));
  if (chosen.size === 0) {
    console.error(`error: no benchmark has '${options.filter}' in its name; --list shows them all`);
    return 2;
  }
  if (options.list) {
    for (const each of chosen) console.log(each);
    return 0;
  }
  return (await run(options, chosen)) ? 0 : 1;
}
