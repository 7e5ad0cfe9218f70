// Random programs that assign variables and evaluate, with failures among them, against an interpreter without plans.
import { evaluate, portable, stack, tensor, Variable, type Backend, type Tensor } from '@thetagrad/core';
import { snapshot } from '@thetagrad/core/backend';
import { wasm } from '@thetagrad/wasm';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { fuzz } from '../support/torture.ts';
import { withBackend } from '../support/withBackend.ts';

type Values = readonly [number, number];

/** A tensor of the interpreter, which computes at once. Its failures are found by walking the graph. */
class Node {
  inputs: readonly Node[];
  readonly value: Values;
  /** What evaluating it depends on: nothing, an index out of range, or a value of a variable that may be overwritten. */
  source: 'bad' | { cell: Cell; version: number } | undefined;
  isComputed = false;

  constructor(value: Values, inputs: readonly Node[] = [], source?: Node['source']) {
    this.value = value;
    this.inputs = inputs;
    this.source = source;
  }

  get isLeaf(): boolean {
    return this.isComputed || typeof this.source === 'object';
  }

  /** All nodes that evaluating it involves. */
  nodes(found = new Set<Node>()): Set<Node> {
    if (found.has(this)) return found;
    found.add(this);
    if (!this.isLeaf) for (const input of this.inputs) input.nodes(found);
    return found;
  }

  get isFailing(): boolean {
    return [...this.nodes()].some(({ isComputed, source }) => {
      if (isComputed || source === undefined) return false;
      return source === 'bad' || source.version !== source.cell.version;
    });
  }
}

interface Failure {
  readonly nodes: ReadonlyMap<Cell, Node>;
  readonly results: readonly Node[];
}

let retriable: Failure | undefined;

/** A variable of the interpreter. */
class Cell {
  stored: Values;
  version = 0;
  assigned: { node: Node; before: Node | undefined } | undefined;
  failure: Failure | undefined;
  #read: Node | undefined;

  constructor(value: Values) {
    this.stored = value;
  }

  get value(): Node {
    if (this.assigned) return this.assigned.node;
    if (!this.#read || (this.#read.source as { version: number }).version !== this.version) {
      this.#read = new Node(this.stored, [], { cell: this, version: this.version });
    }
    return this.#read;
  }

  assign(node: Node): void {
    this.assigned = node === this.#read ? undefined : { node, before: this.assigned?.node };
    this.failure = undefined;
  }

  store(node: Node): void {
    this.stored = node.value;
    this.version++;
    this.assigned = this.failure = undefined;
  }

  fail(failure: Failure): void {
    if (this.assigned?.node === failure.nodes.get(this)) {
      const { before } = this.assigned!;
      this.assigned = before && !before.isFailing ? { node: before, before: undefined } : undefined;
      if (before && this.assigned) compute(before);
    }
    this.failure = failure;
  }
}

function compute(node: Node): void {
  if (typeof node.source === 'object') node.source = undefined;
  node.isComputed = true;
  node.inputs = [];
}

/** Evaluates in the interpreter. Returns whether it succeeds. */
function interpret(results: readonly Node[], cells: readonly Cell[]): boolean {
  const isRetry = (failure: Failure | undefined): failure is Failure =>
    failure !== undefined &&
    failure === retriable &&
    results.every((node) => failure.results.includes(node)) &&
    [...failure.nodes.keys()].every((cell) => cells.includes(cell) && cell.failure === failure) &&
    cells.every((cell) => failure.nodes.has(cell) || !cell.assigned);
  const updates = cells.flatMap((cell) => {
    const node = isRetry(cell.failure) ? cell.failure.nodes.get(cell) : cell.assigned?.node;
    return node ? [{ cell, node }] : [];
  });
  const targets = [...results, ...updates.map(({ node }) => node)];
  if (targets.some((node) => node.isFailing)) {
    if (updates.length > 0) {
      retriable = { nodes: new Map(updates.map(({ cell, node }) => [cell, node])), results };
      for (const { cell } of updates) cell.fail(retriable);
    }
    return false;
  }
  for (const node of results) compute(node);
  for (const { cell, node } of updates) cell.store(node);
  if (updates.length > 0) retriable = undefined;
  return true;
}

const cellCount = 3;
const cellNumber = fc.nat({ max: cellCount - 1 });
const cellNumbers = fc.uniqueArray(cellNumber, { minLength: 0, maxLength: cellCount });
const expression = fc.record({
  kind: fc.constantFrom('add', 'swap', 'double', 'one', 'constant', 'bad'),
  from: cellNumber,
  other: cellNumber,
});
const command = fc.oneof(
  fc.record({ name: fc.constant('assign' as const), to: cellNumber, expression }),
  fc.record({ name: fc.constant('keep' as const), expression }),
  fc.record({
    name: fc.constant('evaluate' as const),
    cells: cellNumbers,
    kept: fc.array(fc.nat(), { maxLength: 2 }),
    expressions: fc.array(expression, { maxLength: 1 }),
  }),
  fc.record({ name: fc.constant('snapshot' as const), of: cellNumber }),
);

type Expression = typeof expression extends fc.Arbitrary<infer Value> ? Value : never;
type Command = typeof command extends fc.Arbitrary<infer Value> ? Value : never;

const swap = tensor([1, 0], { dtype: 'int32' });
const outOfRange = tensor([0, 2], { dtype: 'int32' });

/** Runs a program on both sides. Returns the values and errors that differ from the interpreter's. */
async function run(program: readonly Command[]): Promise<[actual: unknown[], expected: unknown[]]> {
  const start = Array.from({ length: cellCount }, (_, i): Values => [i + 1, 10 * (i + 1)]);
  const cells = start.map((value) => new Cell(value));
  const variables = start.map((value) => new Variable(tensor([...value])));
  const kept: [Node, Tensor][] = [];
  const snapshots: [Values, Tensor][] = [];
  const actual: unknown[] = [];
  const expected: unknown[] = [];
  // Values stay small integers, which are exact.
  const wrap = (n: number): number => n % 1000;
  const build = ({ kind, from, other }: Expression): [Node, Tensor] => {
    const [a, b] = [cells[from]!.value, cells[other]!.value];
    const [x, y] = [variables[from]!.value, variables[other]!.value];
    const node = (f: (i: number) => number, inputs: Node[], source?: 'bad'): Node =>
      new Node([wrap(f(0)), wrap(f(1))], inputs, source);
    switch (kind) {
      case 'add':
        return [node((i) => a.value[i]! + b.value[i]!, [a, b]), x.add(y).mod(1000)];
      case 'swap':
        return [node((i) => a.value[1 - i]!, [a]), x.take(swap).mod(1000)];
      case 'double':
        return [node((i) => 2 * a.value[i]!, [a]), stack([x, x]).sum(0).mod(1000)];
      case 'one':
        return [node((i) => a.value[i]! + 1, [a]), x.add(1).mod(1000)];
      case 'constant': {
        const constant = node(() => from + 5, []);
        constant.isComputed = true;
        return [constant, tensor([from + 5, from + 5])];
      }
      default:
        return [node((i) => a.value[i]!, [a], 'bad'), x.take(outOfRange).mod(1000)];
    }
  };
  const evaluateBoth = async (targets: readonly [Node, Tensor][], numbers: readonly number[]): Promise<void> => {
    expected.push(
      interpret(
        targets.map(([node]) => node).filter((node) => !node.isComputed),
        numbers.map((i) => cells[i]!),
      ),
    );
    const succeeded = await evaluate(
      targets.map(([, x]) => x),
      numbers.map((i) => variables[i]!),
    ).then(
      () => true,
      () => false,
    );
    actual.push(succeeded);
  };
  const readBoth = async (node: Node, x: Tensor): Promise<void> => {
    await evaluateBoth([[node, x]], []);
    if (!expected.at(-1) || !actual.at(-1)) return;
    expected.push([...node.value]);
    actual.push([...(await x.data())]);
  };
  for (const step of program) {
    switch (step.name) {
      case 'assign': {
        const [node, x] = build(step.expression);
        cells[step.to]!.assign(node);
        variables[step.to]!.assign(x);
        break;
      }
      case 'keep':
        kept.push(build(step.expression));
        break;
      case 'evaluate': {
        const targets = step.kept.flatMap((n) => (kept.length > 0 ? [kept[n % kept.length]!] : []));
        await evaluateBoth([...targets, ...step.expressions.map(build)], step.cells);
        break;
      }
      case 'snapshot': {
        const node = cells[step.of]!.value;
        if (typeof node.source !== 'object') expected.push(node.isComputed || interpret([node], []));
        else expected.push(true);
        try {
          snapshots.push([node.value, snapshot('test', { of: variables[step.of]! })['of']!]);
          actual.push(true);
        } catch {
          actual.push(false);
        }
      }
    }
  }
  for (const [i, cell] of cells.entries()) await readBoth(cell.value, variables[i]!.value);
  for (const [value, copy] of snapshots) {
    expected.push([...value]);
    actual.push([...(await copy.data())]);
  }
  return [actual, expected];
}

test.each<[string, () => Promise<Backend>]>([
  ['portable', async () => portable()],
  ['wasm', () => wasm({ threads: 2 })],
])('%s', async (_, create) => {
  const backend = await create();
  let failed = 0;
  await withBackend(backend, () =>
    fc.assert(
      fc.asyncProperty(fc.array(command, { minLength: 1, maxLength: 12 }), async (program) => {
        const [actual, expected] = await run(program);
        if (expected.includes(false)) failed++;
        expect(actual).toEqual(expected);
      }),
      fuzz(100),
    ),
  );
  expect(failed).toBeGreaterThan(20);
});
