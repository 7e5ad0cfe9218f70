// The module that runs commands: a loop for one thread, and one that shares each command's chunks among threads.
import {
  call,
  f64,
  i32,
  i64,
  memory,
  ModuleBuilder,
  type Code,
  type FunctionRef,
  type Local,
  type Value,
} from '../assembler/index.ts';
import { commandEntry, controlWords, outcome, threadLine, threadWords } from './layout.ts';

/**
 * How long a worker spins for the next command before it sleeps, in milliseconds: enough for the gap between the steps
 * of a training loop, in which the main thread builds the next graph. Waking it up takes 0.05 ms to several.
 */
const spinMs = 2;

/** The type of kernel functions: (args, chunk, workspace). */
const kernelParams = ['i32', 'i32', 'i32'] as const;
const at = i32.const;
const zero = at(0);
const mainWorkspace = i32.load(at(controlWords.workspaces));
/** How often a word is polled between two readings of the clock. */
const pollsPerReading = 256;

/**
 * Assembles the module. Exports `invoke(index, args, chunk, workspace)`, through which kernel functions call each other,
 * `runAlone(list, count)` and, for a shared memory, `run(list, count)`, `abandon()` and
 * `work(thread, version)`, the loop of workers. Imports `env.now`, a clock in milliseconds, and `env.watch`, which is
 * called while the main thread waits and may throw.
 */
export function runtimeModule(shared: boolean): Uint8Array<ArrayBuffer> {
  const module = new ModuleBuilder({ memory: { minimum: 1, maximum: 65_536, shared }, table: true });
  const now = module.importFunction('env', 'now', [], ['f64']);
  const watch = module.importFunction('env', 'watch', ['i32'], []);
  module.function(
    ['i32', ...kernelParams],
    [],
    (code, index, ...args) => code.emit(code.callIndirect(index, kernelParams, [], ...args)),
    { export: 'invoke' },
  );
  module.function(
    ['i32', 'i32'],
    [],
    (code, list, count) => emitCommands(code, list, count, () => emitChunksAlone(code, list)),
    { export: 'runAlone' },
  );
  if (shared) {
    defineRun(module, watch);
    defineAbandon(module, watch);
    defineWork(module, now);
  }
  return module.toBytes();
}

type Watch = FunctionRef<readonly ['i32'], readonly []>;
type Clock = FunctionRef<readonly [], readonly ['f64']>;

/** Runs a list of commands and shares their chunks with the workers. */
function defineRun(module: ModuleBuilder, watch: Watch): void {
  module.function(
    ['i32', 'i32'],
    ['i32'],
    (code, list, count) => {
      const ticket = code.local('i64');
      emitCommands(code, list, count, () => {
        const chunks = i32.load(list, { offset: commandEntry.chunks });
        const alone = i32.or(i32.leU(chunks, at(1)), i32.load(list, { offset: commandEntry.mainOnly }));
        code.if(
          alone,
          () => emitChunksAlone(code, list),
          () => {
            code.emit(i32.atomic.store(at(controlWords.done), zero));
            code.set(ticket, i64.or(i64.atomic.load(at(controlWords.ticket)), i64.extendI32U(chunks)));
            code.emit(i64.atomic.store(at(controlWords.ticket), ticket));
            emitWakeSleepers(code);
            emitTakeChunks(
              code,
              ticket,
              () => i32.wrapI64(ticket),
              () => emitChunk(code, list, chunkOf(list, ticket), mainWorkspace),
            );
            emitAwaitDone(code, chunks, watch);
            code.if(i32.atomic.load(at(controlWords.failed)), () => code.return(at(outcome.failed)));
          },
        );
      });
      code.return(at(outcome.finished));
    },
    { export: 'run' },
  );
}

/** After a trap of the main thread's chunk: withdraws the chunks that no thread has taken and waits for the others. */
function defineAbandon(module: ModuleBuilder, watch: Watch): void {
  module.function(
    [],
    [],
    (code) => {
      const ticket = code.local('i64');
      code.loop((again) => {
        code.set(ticket, i64.atomic.load(at(controlWords.ticket)));
        const version = i64.and(ticket, i64.const(-(2n ** 32n)));
        again(i64.ne(i64.atomic.rmw.cmpxchg(at(controlWords.ticket), ticket, version), ticket));
      });
      const command = code.local('i32', i32.load(at(controlWords.command)));
      // All but the chunk that trapped.
      emitAwaitDone(code, i32.sub(chunkOf(command, ticket), at(1)), watch);
    },
    { export: 'abandon' },
  );
}

/** The loop of a worker; returns when taking chunks requires newer code. */
function defineWork(module: ModuleBuilder, now: Clock): void {
  module.function(
    ['i32', 'i32'],
    [],
    (code, thread, version) => {
      const ticket = code.local('i64');
      const command = code.local('i32');
      const polls = code.local('i32');
      const seen = code.local('i32');
      const woken = code.local('i32');
      const since = code.local('f64');
      const line = code.local('i32', i32.add(at(threadLine(0)), i32.mul(thread, at(threadLine(1) - threadLine(0)))));
      const setBusy = (busy: number): void => code.emit(i32.store(line, at(busy), { offset: threadWords.busy }));
      const isCurrent = (): Value<'i32'> => i32.leU(i32.wrapI64(i64.shrU(ticket, i64.const(32n))), version);
      code.loop((again) => {
        emitTakeChunks(
          code,
          ticket,
          () => i32.and(isCurrent(), i32.ne(i32.wrapI64(ticket), zero)),
          () => {
            // Read after the chunk was taken: from here to the chunk's end the command stays published.
            code.set(command, i32.atomic.load(at(controlWords.command)));
            const stride = i32.load(at(controlWords.workspaceStride));
            const workspace = i32.add(mainWorkspace, i32.mul(thread, stride));
            emitChunk(code, command, chunkOf(command, ticket), workspace);
            code.set(polls, zero);
          },
          // Ordered by the atomic operations that take a chunk and count it as done.
          { before: () => setBusy(1), after: () => setBusy(0) },
        );
        code.if(i32.eqz(isCurrent()), () => code.return());
        code.if(i32.eqz(polls), () => code.set(since, call(now)));
        code.add(polls, at(1));
        again(i32.and(polls, at(pollsPerReading - 1)));
        again(f64.lt(f64.sub(call(now), since), f64.const(spinMs)));
        // The main thread looks for sleepers after it publishes: it finds this one, or this one finds the command.
        code.set(seen, i32.atomic.load(at(controlWords.wake)));
        code.emit(i32.atomic.store(at(controlWords.sleepers), at(1)));
        code.if(i64.eq(i64.atomic.load(at(controlWords.ticket)), ticket), () =>
          code.set(woken, memory.atomic.wait32(at(controlWords.wake), seen, i64.const(-1n))),
        );
        code.set(polls, zero);
        again();
      });
    },
    { export: 'work' },
  );
}

/** Calls a command's function for one chunk. */
function emitChunk(code: Code, command: Local<'i32'>, chunk: Value<'i32'>, workspace: Value<'i32'>): void {
  const index = i32.load(command, { offset: commandEntry.code });
  const args = i32.load(command, { offset: commandEntry.args });
  code.emit(code.callIndirect(index, kernelParams, [], args, chunk, workspace));
}

/** Runs all chunks of a command on the main thread. */
function emitChunksAlone(code: Code, command: Local<'i32'>): void {
  const chunk = code.local('i32');
  const chunks = i32.load(command, { offset: commandEntry.chunks });
  code.for(chunk, zero, chunks, 1, () => emitChunk(code, command, chunk, mainWorkspace));
}

/** A loop over `count` commands; `list` moves from one to the next. */
function emitCommands(code: Code, list: Local<'i32'>, count: Local<'i32'>, body: () => void): void {
  const end = code.local('i32', i32.add(list, i32.mul(count, at(commandEntry.bytes))));
  code.while(i32.ltU(list, end), () => {
    code.emit(i32.store(at(controlWords.command), list));
    body();
    code.add(list, at(commandEntry.bytes));
  });
}

function emitWakeSleepers(code: Code): void {
  code.if(i32.atomic.load(at(controlWords.sleepers)), () => {
    code.emit(i32.atomic.store(at(controlWords.sleepers), zero));
    code.drop(i32.atomic.rmw.add(at(controlWords.wake), at(1)));
    code.drop(memory.atomic.notify(at(controlWords.wake), at(-1)));
  });
}

/**
 * Takes chunks of the published command as long as the ticket permits, and leaves the last ticket in `ticket`. `before` and
 * `after` are emitted around each attempt.
 */
function emitTakeChunks(
  code: Code,
  ticket: Local<'i64'>,
  mayTake: () => Value<'i32'>,
  perform: () => void,
  attempt: { readonly before?: () => void; readonly after?: () => void } = {},
): void {
  code.loop((again) => {
    code.set(ticket, i64.atomic.load(at(controlWords.ticket)));
    code.if(mayTake(), () => {
      attempt.before?.();
      const found = i64.atomic.rmw.cmpxchg(at(controlWords.ticket), ticket, i64.sub(ticket, i64.const(1n)));
      code.if(i64.eq(found, ticket), () => {
        perform();
        code.drop(i32.atomic.rmw.add(at(controlWords.done), at(1)));
      });
      attempt.after?.();
      again();
    });
  });
}

/** The number of the chunk that a ticket stands for, from 0. */
function chunkOf(command: Local<'i32'>, ticket: Local<'i64'>): Value<'i32'> {
  return i32.sub(i32.load(command, { offset: commandEntry.chunks }), i32.wrapI64(ticket));
}

/** Waits until `chunks` chunks are done, calling `watch` now and then. */
function emitAwaitDone(code: Code, chunks: Value<'i32'>, watch: Watch): void {
  const polls = code.local('i32', zero);
  const turn = code.local('i32', zero);
  code.while(i32.ne(i32.atomic.load(at(controlWords.done)), chunks), () => {
    code.add(polls, at(1));
    code.if(i32.eqz(i32.and(polls, at(16 * pollsPerReading - 1))), () => {
      code.emit(call(watch, turn));
      code.add(turn, at(1));
    });
  });
}
