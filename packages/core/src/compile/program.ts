// What is left of a recorded call: a plan, and where its inputs come from in each replay.
import { bindValue, bindVariable } from '../binding.ts';
import type { Buffer } from '../data/buffer.ts';
import { checkIdle, runPlan, type Work } from '../evaluate.ts';
import { countEvaluation } from '../graph/assignment.ts';
import type { TensorType } from '../graph/primitive.ts';
import type { OutcomeListener, Recording } from '../graph/recording.ts';
import { checkNotDisposed, setBuffer, Tensor } from '../graph/tensor.ts';
import { atomically } from '../graph/transaction.ts';
import type { Variable } from '../graph/variable.ts';
import type { Key } from '../randomKey.ts';
import { usePlan } from '../planCache.ts';
import type { Backend } from '../schedule/backend.ts';
import type { Plan } from '../schedule/kernel.ts';
import type { Inputs } from './arguments.ts';
import { differenceBetween, holderOf, sourcesOf, type Source } from './source.ts';

/** Where a result comes from. */
type Result =
  | { readonly kind: 'argument'; readonly index: number }
  | { readonly kind: 'constant'; readonly tensor: Tensor }
  | { readonly kind: 'computed'; readonly index: number };

/** What is recorded: the call's work, and its placeholders for arguments. */
export interface Recorded {
  readonly backend: Backend;
  readonly recording: Recording;
  readonly work: Work;
  readonly plan: Plan;
  /** The tensors that stood for those of the arguments. */
  readonly placeholders: readonly Tensor[];
  /** The keys that those of the arguments stand for; of this array the function's keys are read. */
  readonly keys: Key[];
  /** The tensors that the function returned. */
  readonly returned: readonly Tensor[];
  /** Builds the function's result of such tensors. */
  readonly rebuild: (tensors: readonly Tensor[]) => unknown;
}

/** The replay of a call. */
export interface Replay {
  readonly result: unknown;
  /** Must learn whether the backend succeeds. */
  readonly listeners: readonly (OutcomeListener | undefined)[];
}

/** A call that can be replayed with other arguments of the same structure. */
export class Program {
  readonly #backend: Backend;
  readonly #plan: Plan;
  readonly #recording: Pick<Recording, 'guards' | 'effects' | 'listeners'>;
  readonly #keys: Key[];
  readonly #sources: readonly Source[];
  readonly #types: readonly TensorType[];
  readonly #updated: readonly Variable[];
  readonly #variables: readonly Variable[];
  readonly #results: readonly Result[];
  readonly #rebuild: Recorded['rebuild'];

  constructor({ backend, recording, work, plan, placeholders, keys, returned, rebuild }: Recorded) {
    const { guards, effects, listeners } = recording;
    this.#backend = backend;
    this.#plan = plan;
    this.#recording = { guards, effects, listeners };
    this.#keys = keys;
    this.#sources = sourcesOf(work, recording, placeholders, backend);
    this.#types = work.results.map(({ dtype, shape }) => ({ dtype, shape }));
    this.#updated = work.variables;
    const read = this.#sources.flatMap((source) => (source.kind === 'variable' ? source.variable : []));
    this.#variables = [...new Set([...read, ...work.variables])];
    this.#results = returned.map((tensor) => resultOf(tensor, work, placeholders));
    this.#rebuild = rebuild;
  }

  /** Whether the recorded call is what a call would be now: with the same settings, and variables without assigned values. */
  get isCurrent(): boolean {
    return (
      this.#recording.guards.every(([read, value]) => Object.is(read(), value)) &&
      this.#variables.every(({ buffer, pending }) => buffer && !pending) &&
      usePlan(this.#backend, this.#plan)
    );
  }

  /** The tensors and variables whose values are in the memory of another backend. */
  remoteHolders({ tensors }: Inputs): (Tensor | Variable)[] {
    const remote: (Tensor | Variable)[] = [];
    for (const source of this.#sources) {
      const holder = holderOf(source, tensors);
      const home = holder?.buffer?.backend;
      if (home && home !== this.#backend) remote.push(holder);
    }
    return remote;
  }

  /** Computes the call with other tensors and keys. If it throws, nothing has changed. */
  replay(inputs: Inputs): Replay {
    checkIdle('compile');
    inputs.keys.forEach((key, i) => (this.#keys[i] = key));
    return atomically(() => {
      for (const effect of this.#recording.effects) effect();
      const listeners = this.#recording.listeners.map((listener) => listener());
      countEvaluation();
      const computed = runPlan(this.#backend, this.#plan, this.#bind(inputs), this.#types, this.#updated);
      const tensors = computed.map((buffer, i) => {
        const tensor = new Tensor({ kind: 'source', name: 'data' }, [], this.#types[i]!);
        setBuffer(tensor, buffer);
        return tensor;
      });
      return { result: this.#rebuild(this.#results.map((result) => tensorOf(result, tensors, inputs))), listeners };
    });
  }

  #bind({ tensors }: Inputs): Buffer[] {
    const backend = this.#backend;
    const bound: Buffer[] = [];
    for (const source of this.#sources) bound.push(this.#bindOne(source, tensors, bound, backend));
    return bound;
  }

  #bindOne(source: Source, tensors: readonly Tensor[], bound: readonly Buffer[], backend: Backend): Buffer {
    switch (source.kind) {
      case 'argument':
        return bindTensor(tensors[source.index]!, backend);
      case 'variable':
        return bindVariable('compile', source.variable, backend);
      case 'constant':
        return bindTensor(source.tensor, backend);
      case 'number':
        return source.buffer;
      case 'renewed':
        return backend.upload(source.elements(), source.dtype);
      case 'slice':
        return backend.subarray!(bound[source.of]!, source.start, source.size);
    }
  }

  /** What differs from another recording of the same function with arguments of the same structure, if anything does. */
  differenceFrom(other: Program): string | undefined {
    if (this.#plan !== other.#plan || this.#sources.length !== other.#sources.length) return 'other operations';
    for (const [i, source] of this.#sources.entries()) {
      const difference = differenceBetween(other.#sources[i]!, source);
      if (difference !== undefined) return difference;
    }
    const isSameResult = this.#results.every((result, i) => sameResult(result, other.#results[i]));
    return isSameResult && this.#results.length === other.#results.length ? undefined : 'other results';
  }
}

function bindTensor(tensor: Tensor, backend: Backend): Buffer {
  checkNotDisposed('compile', tensor);
  return bindValue('compile', tensor, tensor.buffer!, backend);
}

function resultOf(tensor: Tensor, { results }: Work, placeholders: readonly Tensor[]): Result {
  const argument = placeholders.indexOf(tensor);
  if (argument >= 0) return { kind: 'argument', index: argument };
  const computed = results.indexOf(tensor);
  return computed >= 0 ? { kind: 'computed', index: computed } : { kind: 'constant', tensor };
}

function tensorOf(result: Result, computed: readonly Tensor[], { tensors }: Inputs): Tensor {
  if (result.kind === 'constant') return result.tensor;
  return (result.kind === 'argument' ? tensors : computed)[result.index]!;
}

function sameResult(result: Result, other: Result | undefined): boolean {
  if (result.kind === 'constant' || other?.kind === 'constant') return result.kind === other?.kind;
  return result.kind === other?.kind && result.index === other.index;
}
