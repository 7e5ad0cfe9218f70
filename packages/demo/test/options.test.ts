import { afterEach, describe, expect, test, vi } from 'vitest';
import { backendNames, netNames, type Options, parseOptions, UsageError } from '../src/options.ts';

afterEach(() => vi.restoreAllMocks());

const defaults: Options = {
  data: 'glyphs',
  net: 'small',
  margins: [2, 3, 4],
  embedding: expect.any(Number) as number,
  steps: expect.any(Number) as number,
  batch: expect.any(Number) as number,
  seeds: [0],
  backend: 'best',
  out: 'out',
  resume: false,
  wide: false,
};

function messageOf(...args: string[]): string {
  try {
    parseOptions(args);
  } catch (error) {
    if (error instanceof UsageError) return error.message;
    throw error;
  }
  throw new Error('expected a UsageError');
}

test('no options give the defaults', () => {
  expect(parseOptions([])).toEqual(defaults);
});

describe('parses each option:', () => {
  test.each<[keyof Options, string[], unknown]>([
    ['data', ['--data', 'mnist:some where'], 'mnist:some where'],
    ['data', ['--data=folder:a:b'], 'folder:a:b'],
    ...netNames.map((net): [keyof Options, string[], unknown] => ['net', ['--net', net], net]),
    ['margins', ['--margins', '3'], [3]],
    ['margins', ['--margins', '1, 4,2'], [1, 4, 2]],
    ['margins', ['--margins', '2,2,3,2'], [2, 3]],
    ['embedding', ['--embedding', '2'], 2],
    ['steps', ['--steps', '1'], 1],
    ['batch', ['--batch', '2'], 2],
    ['seeds', ['--seed', '4294967295'], [4294967295]],
    ['seeds', ['--seed', '0,1, 2,1'], [0, 1, 2]],
    ...backendNames.map((name): [keyof Options, string[], unknown] => ['backend', ['--backend', name], name]),
    ['threads', ['--threads', '3'], 3],
    ['wide', ['--wide'], true],
    ['out', ['--out', '/some/where else'], '/some/where else'],
    ['resume', ['--resume'], true],
  ])('%s from %j', (option, args, value) => {
    expect(parseOptions(args)).toEqual({ ...defaults, [option]: value });
  });
});

test.each(['--help', '-h'])('%s prints every option with its default and returns nothing', (flag) => {
  let printed = '';
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    printed += String(text);
    return true;
  });
  expect(parseOptions([flag])).toBeUndefined();
  for (const option of Object.keys(defaults)) expect(printed).toContain(`--${option.replace('seeds', 'seed')}`);
  for (const text of ['npm start --', 'default: 2,3,4', 'default: "glyphs"', ...netNames, ...backendNames]) {
    expect(printed).toContain(text);
  }
});

describe('each mistake gives one line that names it:', () => {
  const integer = (option: string, value: string, range: string): [string[], string] => [
    [`${option.split(' ')[0]}=${value}`],
    `option '${option}' argument '${value}' is invalid. It must be an integer ${range}; see npm start -- --help`,
  ];
  test.each<[string[], string]>([
    [['--stepz', '3'], "unknown option '--stepz' (Did you mean --steps?); see npm start -- --help"],
    [['-x'], "unknown option '-x'; see npm start -- --help"],
    [['glyphs'], 'too many arguments. Expected 0 arguments but got 1; see npm start -- --help'],
    [['--steps'], "option '--steps <count>' argument missing; see npm start -- --help"],
    integer('--steps <count>', 'many', '≥ 1'),
    integer('--steps <count>', '0', '≥ 1'),
    integer('--steps <count>', '2.5', '≥ 1'),
    integer('--steps <count>', 'Infinity', '≥ 1'),
    integer('--steps <count>', '', '≥ 1'),
    integer('--batch <size>', '1', '≥ 2'),
    integer('--embedding <size>', '-8', 'from 1 to 4096'),
    integer('--embedding <size>', '1e9', 'from 1 to 4096'),
    integer('--threads <count>', '100000', 'from 1 to 256'),
    [['--out='], "option '--out <folder>' argument '' is invalid. It must name a folder; see npm start -- --help"],
    integer('--seed <n,...>', '-1', 'from 0 to 4294967295'),
    integer('--seed <n,...>', '4294967296', 'from 0 to 4294967295'),
    integer('--margins <m,...>', '2;3', 'from 1 to 64'),
    integer('--margins <m,...>', '2,0', 'from 1 to 64'),
    integer('--margins <m,...>', '2,', 'from 1 to 64'),
    integer('--margins <m,...>', '1000000', 'from 1 to 64'),
    integer('--margins <m,...>', '', 'from 1 to 64'),
    [
      ['--net', 'resnet'],
      `option '--net <name>' argument 'resnet' is invalid. Allowed choices are ${netNames.join(', ')}; see npm start -- --help`,
    ],
    [
      ['--backend', 'cuda'],
      `option '--backend <name>' argument 'cuda' is invalid. Allowed choices are ${backendNames.join(', ')}; see npm start -- --help`,
    ],
  ])('%j', (args, message) => {
    expect(messageOf(...args)).toBe(message);
  });

  test('and prints nothing', () => {
    const printed = [process.stdout, process.stderr].map((stream) => vi.spyOn(stream, 'write').mockReturnValue(true));
    messageOf('--nothing');
    for (const write of printed) expect(write).not.toHaveBeenCalled();
  });
});
