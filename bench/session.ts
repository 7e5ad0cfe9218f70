import { useBackend } from './backends.ts';
import type { Case } from './case.ts';
import { cases } from './cases/index.ts';
import { type Comparison, efforts, measure } from './measure.ts';
import type { Options } from './options.ts';
import { libraries } from './peers/index.ts';
import { openPeers, type Peers } from './peers/openPeers.ts';
import { compareMemory, sphereFace20Memory } from './processes/memory.ts';
import { measureStartUps } from './processes/startUp.ts';
import * as report from './report.ts';
import { engineNames, type Target, targets } from './targets.ts';

const startUpName = 'start-up and package size';

/** Names of all measurements. */
export const measurements: readonly string[] = [...cases.map(({ name }) => name), sphereFace20Memory, startUpName];

/** Runs measurements and prints them. Holds the opened peers and counts failures. */
export class Session {
  /** Number of errors and missed targets. */
  failures = 0;
  readonly #options: Options;
  readonly #peers: Peers;

  constructor(options: Options) {
    this.#options = options;
    this.#peers = openPeers(libraries, options.peer, ({ message }) => console.error(message));
  }

  /** Runs the selected measurements. */
  async runAll(selected: ReadonlySet<string>): Promise<void> {
    const { threads, backend, json } = this.#options;
    const selectedCases = cases.filter(({ name }) => selected.has(name));
    if (selectedCases.length > 0) this.#print(report.comparisonHeading);
    for (const benchmark of selectedCases) {
      for (const comparison of await this.#measure(benchmark, threads)) {
        this.#print(report.formatComparison(comparison), report.toComparisonObject(comparison));
      }
    }
    if (selected.has(sphereFace20Memory) && this.#peers.includes('PyTorch')) {
      await this.#attempt(sphereFace20Memory, async () => {
        const comparison = await compareMemory(backend, threads);
        this.#print(`\n${report.memoryHeading}`);
        this.#print(report.formatMemory(comparison), report.toMemoryObject(comparison));
      });
    }
    if (selected.has(startUpName)) {
      await this.#attempt(startUpName, async () => {
        const [own, ...others] = await measureStartUps(backend, ({ message }) => console.error(message));
        if (!json) console.log(`\n${report.startUpHeading}`);
        if (!json) for (const startUp of [own!, ...others]) console.log(report.formatStartUp(startUp));
        else for (const other of others) this.#printAll(report.toStartUpObjects(own!, other, threads));
      });
    }
  }

  /** Runs the measurements of the selected targets, each case once for all of its peers. */
  async runTargets(selected: ReadonlySet<string>): Promise<void> {
    const isRelaxed = Number(process.versions.node.split('.')[0]) >= 22;
    const engine = this.#options.wide ? 'wide' : isRelaxed ? 'relaxed' : 'simd';
    const selectedTargets = targets.filter(
      (target) => selected.has(target.name) && target.engine === engine && this.#peers.includes(target.peer),
    );
    if (!this.#options.json) console.log(`Targets for ${engineNames[engine]}.\n`);
    this.#print(report.targetHeading);
    const isSameRun = (one: Target) => (other: Target) => one.name === other.name && one.threads === other.threads;
    for (const first of selectedTargets.filter((target, i) => selectedTargets.findIndex(isSameRun(target)) === i)) {
      const group = selectedTargets.filter(isSameRun(first));
      for (const outcome of await this.#measureTargets(group)) {
        const pass = report.isPassed(outcome);
        if (!pass) this.failures++;
        const { target, ratio, best } = outcome;
        const { name, peer, threads, atLeast } = target;
        this.#print(report.formatTarget(outcome), {
          name,
          peer,
          threads,
          target: atLeast,
          ratio,
          best_ratio: best,
          pass,
        });
      }
    }
  }

  close(): Promise<void> {
    return this.#peers.close();
  }

  async #measureTargets(group: readonly Target[]): Promise<readonly report.Outcome[]> {
    const { name, threads } = group[0]!;
    if (name === sphereFace20Memory) {
      const outcomes: report.Outcome[] = [];
      await this.#attempt(name, async () => {
        const { ratio } = await compareMemory(this.#options.backend, threads);
        outcomes.push(...group.map((target) => ({ target, ratio })));
      });
      return outcomes;
    }
    const benchmark = cases.find((each) => each.name === name)!;
    const names = group.map(({ peer }) => peer);
    const comparisons = await this.#measure(benchmark, threads, names);
    return group.flatMap((target) => {
      const found = comparisons.find(({ peer }) => peer.startsWith(target.peer));
      return found ? { target, ratio: found.ratio, best: found.bestRatio, rounds: found.roundRatios } : [];
    });
  }

  async #measure(benchmark: Case, threads: number, peers?: readonly string[]): Promise<readonly Comparison[]> {
    let comparisons: readonly Comparison[] = [];
    await this.#attempt(benchmark.name, async () => {
      const { backend, quick, wide } = this.#options;
      const effort = efforts[quick ? 'quick' : 'usual'];
      await useBackend(backend, threads, wide);
      const opened = await this.#peers.of(benchmark, threads, peers);
      comparisons = await measure(benchmark, opened, threads, effort, (error) => this.#fail(error));
    });
    return comparisons;
  }

  /** Runs a measurement and counts its error, so that the run continues. */
  async #attempt(name: string, f: () => Promise<void>): Promise<void> {
    try {
      await f();
    } catch (error) {
      this.#fail(new Error(`${name}: ${(error as Error).message}`));
    }
  }

  #fail(error: Error): void {
    this.failures++;
    console.error(`error: ${error.message}`);
  }

  #printAll(objects: readonly object[]): void {
    for (const object of objects) this.#print('', object);
  }

  /** Prints a line of text, or with `--json` the object, if there is one. */
  #print(text: string, object?: object): void {
    if (!this.#options.json) console.log(text);
    else if (object) console.log(JSON.stringify(object));
  }
}
