// Functions that are recorded once for each structure of their arguments, and then replayed without building graphs.
import { isTracing } from '../autodiff/trace.ts';
import { checkOptions } from '../data/checks.ts';
import { IndexError } from '../data/shape.ts';
import { collectWork, confirm, describeFailure, evaluateAsync, getBackend } from '../evaluate.ts';
import { indexSourcesOf, type IndexSource } from '../graph/indexSource.ts';
import { isLeaf } from '../graph/order.ts';
import { checkNotRecording, record, type OutcomeListener, type Recording } from '../graph/recording.ts';
import { setBuffer, Tensor } from '../graph/tensor.ts';
import { atomically, tell } from '../graph/transaction.ts';
import { flattenTensors, type FlatTree } from '../graph/tree.ts';
import type { TensorTreeOf } from '../graph/treeTypes.ts';
import { variableOf } from '../graph/variable.ts';
import { checkFunction } from '../ops/define.ts';
import { replayedKey, type Key } from '../randomKey.ts';
import type { Backend } from '../schedule/backend.ts';
import { transfer } from '../transfer.ts';
import { undoFailedWrites } from '../unconfirmed.ts';
import { flattenArguments, replaceInputs, type Inputs } from './arguments.ts';
import { Program } from './program.ts';

/** The maximum number of recordings that a compiled function keeps. */
const maxEntries = 256;

export interface CompileOptions {
  /** Whether to record every call, and compare it with the recording that would have been replayed. Default: false. */
  readonly check?: boolean;
}

/** A recording, for calls of one structure on one backend. */
interface Entry {
  readonly structure: string;
  readonly backend: Backend;
  readonly program: Program;
  /** Whether it was the same as the one before. */
  readonly isConfirmed: boolean;
}

/**
 * Compiles a function of tensors, such as a training step: it is recorded in the first two calls for each structure of its
 * arguments, and replayed in later ones without being called. A call computes what the function returns and stores what it
 * assigns to variables, as `evaluate` would, with the same bits; after an error everything is as before the call.
 *
 * The function is called with tensors that stand for the arguments. Arguments that are not tensors or random keys are part of
 * the structure: numbers and strings by value, modules and variables by identity. Variables are read and written in each
 * replay; tensors, numbers and JavaScript state that the function captures are as when it was recorded. The second recording
 * finds those that change from call to call, and `check` those that change later.
 * @param f a synchronous function that returns a tensor, a tree of tensors, or nothing.
 * @returns a function of the same arguments, which resolves to the evaluated result.
 * @throws {TypeError} if `f` is not a function. From calls: if an argument is neither a tensor, key, module, variable, number,
 *   string nor boolean, nor an array or plain object of them; or if the result is not a tree of tensors.
 * @throws {Error} from calls: if the function reads a value, or does something else than when it was recorded.
 */
export function compile<Parameters extends unknown[], Result extends TensorTreeOf<Result> | void>(
  f: (...parameters: Parameters) => Result,
  options: CompileOptions = {},
): (...parameters: Parameters) => Promise<Result> {
  checkFunction('compile', f);
  checkOptions('compile', options, ['check']);
  const { check = false } = options;
  let entries: readonly Entry[] = [];
  /** Keeps an entry as the one that was used last. */
  const keep = (entry: Entry): void => {
    entries = [entry, ...entries.filter((other) => other !== entry)].slice(0, maxEntries);
  };
  const call = async (parameters: Parameters): Promise<unknown> => {
    checkNotRecording('compile');
    if (isTracing())
      throw new Error('compile: grad and other transformations cannot differentiate a compiled function');
    const { structure, ...inputs } = flattenArguments(parameters);
    const lazy = inputs.tensors.filter(({ buffer }) => !buffer);
    if (lazy.length > 0) await evaluateAsync('compile', lazy);
    const backend = getBackend();
    const entry = entries.find(
      (other) => other.structure === structure && other.backend === backend && other.program.isCurrent,
    );
    if (entry && entry !== entries[0]) keep(entry);
    if (entry?.isConfirmed && !check) {
      const remote = entry.program.remoteHolders(inputs);
      if (remote.length === 0) return replay(entry.program, inputs, backend, () => recordCall(f, parameters, inputs));
      await Promise.all(remote.map((holder) => transfer(holder, backend)));
      // Looks for a recording again, since other calls may have been made in the meantime.
      return call(parameters);
    }
    entries = entries.filter((other) => other !== entry);
    const { result, program } = await run(recordCall(f, parameters, inputs), inputs, entry?.program);
    if (program) keep({ structure, backend, program, isConfirmed: entry !== undefined });
    return result;
  };
  return (...parameters) => call(parameters) as Promise<Result>;
}

/** A call whose graph is built. */
interface Call {
  readonly recording: Recording;
  /** What the function returned. */
  readonly tree: FlatTree;
  readonly placeholders: readonly Tensor[];
  readonly keys: Key[];
}

/** Calls the function with placeholders for its tensors and keys. If it throws, nothing has changed. */
function recordCall(f: (...parameters: never[]) => unknown, parameters: readonly unknown[], inputs: Inputs): Call {
  const keys = [...inputs.keys];
  const placeholders = inputs.tensors.map((tensor) => {
    const placeholder = new Tensor({ kind: 'source', name: 'data' }, [], tensor);
    setBuffer(placeholder, tensor.buffer);
    return placeholder;
  });
  const replaced = { tensors: placeholders, keys: keys.map((_, i) => replayedKey(() => keys[i]!)) };
  return atomically(() => {
    const { result, recording } = record(() => f(...(replaceInputs(parameters, replaced) as never[])));
    const tree: FlatTree =
      result === undefined
        ? { leaves: [], paths: [], rebuild: () => undefined }
        : flattenTensors('compile', result, Infinity);
    return { recording, tree, placeholders, keys };
  });
}

/** Evaluates a recorded call. Returns its result, and the program that replays it if that is possible. */
async function run(
  { recording, tree, placeholders, keys }: Call,
  inputs: Inputs,
  known: Program | undefined,
): Promise<{ readonly result: unknown; readonly program: Program | undefined }> {
  const backend = getBackend();
  const returned = tree.leaves;
  let program: Program | undefined;
  await evaluateAsync('compile', [...returned, ...recording.variables], (work, plan) => {
    if (!isReplayable(recording, work.targets.order, returned)) return;
    const { rebuild } = tree;
    program = new Program({ backend, recording, work, plan, placeholders, keys, returned, rebuild });
    const difference = known && program.differenceFrom(known);
    if (difference === undefined) return;
    throw new Error(
      `compile: the function does something else than when it was recorded (${difference}); pass what changes from call to call as an argument`,
    );
  });
  const argumentOf = new Map(placeholders.map((placeholder, i) => [placeholder, inputs.tensors[i]!]));
  return { result: tree.rebuild(returned.map((tensor) => argumentOf.get(tensor) ?? tensor)), program };
}

/** Whether replays can compute what the recorded call does. */
function isReplayable(recording: Recording, order: readonly Tensor[], returned: readonly Tensor[]): boolean {
  return (
    recording.isRepeatable &&
    // A value of a variable from before the call is the same one in every call.
    !order.some((tensor) => isLeaf(tensor) && variableOf(tensor) && tensor.id < recording.start) &&
    !returned.some((tensor) => tensor.buffer && recording.renewed.has(tensor))
  );
}

async function replay(program: Program, inputs: Inputs, backend: Backend, recordAgain: () => Call): Promise<unknown> {
  let listeners: readonly (OutcomeListener | undefined)[] = [];
  try {
    const replayed = program.replay(inputs);
    ({ listeners } = replayed);
    await confirm(backend);
    tell(listeners, true);
    return replayed.result;
  } catch (error) {
    undoFailedWrites(backend);
    tell(listeners, false);
    if (!(error instanceof IndexError)) throw error;
    throw await describeFailure(error, backend, indexSources(backend, recordAgain));
  }
}

/** The indices that a call uses. */
function indexSources(backend: Backend, recordAgain: () => Call): readonly IndexSource[] {
  const undo = new Error('undo');
  let sources: readonly IndexSource[] = [];
  try {
    atomically(() => {
      const { tree, recording } = recordAgain();
      sources = indexSourcesOf(collectWork('compile', backend, [...tree.leaves, ...recording.variables]).targets.order);
      throw undo;
    });
  } catch (error) {
    if (error !== undo) throw error;
  }
  return sources;
}
