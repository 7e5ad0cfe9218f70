// The module that runs commands: a loop for one thread, and one that shares each command's chunks among threads. Threads
// meet in control words at the start of the memory, each in a cache line pair of its own so that none slows another.
import { call, f64, i32, i64, memory, ModuleBuilder, type Code, type Local, type Value } from '../assembler/index.ts';

const lineBytes = 128;
const line = (number: number): number => number * lineBytes;

/**
 * Addresses of control words. Line 0 is nobody's: 0 is never an address.
 *
 * `ticket` (64 bits) is the permission to take a chunk: its low half counts the chunks of the published command that
 * nobody has taken, its high half is the version of the code that taking one requires. A thread takes a chunk by
 * counting down with compare-and-exchange. That it succeeds says that the published command is still unfinished, and it
 * stays published until its last chunk is done: so a late thread can never take work with stale arguments.
 */
export const control: Readonly<
  Record<'ticket' | 'command' | 'done' | 'wake' | 'sleepers' | 'failed' | 'scratch' | 'scratchStride' | 'code', number>
> = {
  ticket: line(1),
  /** The address of the command that the main thread is at: the published one, if one is. */
  command: line(2),
  /** How many of its chunks are done. */
  done: line(3),
  /** What sleeping threads wait on, and whether there may be any. */
  wake: line(4),
  sleepers: line(5),
  /** The number of a thread whose chunk trapped, or 0. */
  failed: line(6),
  /** Thread t has its scratch memory at `scratch` + t · `scratchStride`. */
  scratch: line(7),
  scratchStride: line(7) + 4,
  /** The first of the linked code records, see {@link record}. */
  code: line(8),
};

/** Words of thread t, from `threadLine(t)` on. */
export const threadLine = (thread: number): number => line(16 + thread);
export const threadWords: Readonly<Record<'version' | 'ready' | 'messageLength' | 'message' | 'messageBytes', number>> =
  {
    /** The version of the code it has; 0 until it is up. */
    version: 0,
    /** 1 when it is up. */
    ready: 4,
    /** The length of the message of its trap, and its characters, a byte each. */
    messageLength: 8,
    message: 12,
    messageBytes: lineBytes - 12,
  };

export const mostThreads = 256;
/** How much of the memory's start the control words take. */
export const controlBytes: number = threadLine(mostThreads);

/** A module's code in shared memory: words, then its bytes. Each module makes a version. */
export const record = { next: 0, version: 4, length: 8, bytes: 16 } as const;

/** A command in a list: words. A main-only one is not shared with workers. */
export const listed = { code: 0, args: 4, chunks: 8, mainOnly: 12, bytes: 16 } as const;

/**
 * How long a worker spins for a next command before it sleeps, in milliseconds: long enough for the gap between the steps
 * of a training loop, in which the main thread builds the next graph. Waking it takes from 0.05 ms to several.
 */
const spinTime = 2;

/** What `run` returns. */
export const outcome = { finished: 0, failed: 1 } as const;

/** The type of kernel functions: (args, chunk, scratch). */
const kernelParams = ['i32', 'i32', 'i32'] as const;
const at = i32.const;
const nothing = at(0);
/** So many looks at a word between two looks at the clock. */
const looks = 256;

/**
 * The module: `runAlone(list, count)` always, and for a shared memory `run(list, count)`, `abandon()` and
 * `work(thread, version)`, the loop that workers live in. It imports `env.now`, a clock in milliseconds, and
 * `env.watch`, which is called while the main thread waits and may throw.
 */
export function runtimeModule(shared: boolean): Uint8Array<ArrayBuffer> {
  const module = new ModuleBuilder({ memory: { minimum: 1, maximum: 65_536, shared }, table: true });
  const now = module.importFunction('env', 'now', [], ['f64']);
  const watch = module.importFunction('env', 'watch', ['i32'], []);

  /** One chunk of the command at `command`, on thread `thread`. */
  const doChunk = (code: Code, command: Local<'i32'>, chunk: Value<'i32'>, scratch: Value<'i32'>): void =>
    code.emit(
      code.callIndirect(
        i32.load(command, { offset: listed.code }),
        kernelParams,
        [],
        i32.load(command, { offset: listed.args }),
        chunk,
        scratch,
      ),
    );
  const mainScratch = i32.load(at(control.scratch));

  const chunksAlone = (code: Code, command: Local<'i32'>): void => {
    const chunk = code.local('i32');
    const chunks = i32.load(command, { offset: listed.chunks });
    code.for(chunk, at(0), chunks, 1, () => doChunk(code, command, chunk, mainScratch));
  };
  const eachCommand = (code: Code, list: Local<'i32'>, count: Local<'i32'>, body: () => void): void => {
    const end = code.local('i32', i32.add(list, i32.mul(count, at(listed.bytes))));
    code.while(i32.ltU(list, end), () => {
      code.emit(i32.store(at(control.command), list));
      body();
      code.add(list, at(listed.bytes));
    });
  };
  module.function(
    ['i32', 'i32'],
    [],
    (code, list, count) => eachCommand(code, list, count, () => chunksAlone(code, list)),
    { export: 'runAlone' },
  );
  if (!shared) return module.toBytes();

  const wakeSleepers = (code: Code): void =>
    code.if(i32.atomic.load(at(control.sleepers)), () => {
      code.emit(i32.atomic.store(at(control.sleepers), nothing));
      code.drop(i32.atomic.rmw.add(at(control.wake), at(1)));
      code.drop(memory.atomic.notify(at(control.wake), at(-1)));
    });
  /** Takes chunks of the published command as long as the ticket allows, then leaves what it found in `ticket`. */
  const takeChunks = (code: Code, ticket: Local<'i64'>, mayTake: () => Value<'i32'>, perform: () => void): void =>
    code.loop((again) => {
      code.set(ticket, i64.atomic.load(at(control.ticket)));
      code.if(mayTake(), () => {
        const found = i64.atomic.rmw.cmpxchg(at(control.ticket), ticket, i64.sub(ticket, i64.const(1n)));
        code.if(i64.eq(found, ticket), () => {
          perform();
          code.drop(i32.atomic.rmw.add(at(control.done), at(1)));
        });
        again();
      });
    });
  /** The number of the chunk that a ticket stands for: from 0 on. */
  const chunkOf = (command: Local<'i32'>, ticket: Local<'i64'>): Value<'i32'> =>
    i32.sub(i32.load(command, { offset: listed.chunks }), i32.wrapI64(ticket));

  const awaitDone = (code: Code, chunks: Value<'i32'>): void => {
    const rounds = code.local('i32', at(0));
    const turn = code.local('i32', at(0));
    code.while(i32.ne(i32.atomic.load(at(control.done)), chunks), () => {
      code.add(rounds, at(1));
      code.if(i32.eqz(i32.and(rounds, at(16 * looks - 1))), () => {
        code.emit(call(watch, turn));
        code.add(turn, at(1));
      });
    });
  };

  module.function(
    ['i32', 'i32'],
    ['i32'],
    (code, list, count) => {
      const ticket = code.local('i64');
      eachCommand(code, list, count, () => {
        const chunks = i32.load(list, { offset: listed.chunks });
        const alone = i32.or(i32.leU(chunks, at(1)), i32.load(list, { offset: listed.mainOnly }));
        code.if(
          alone,
          () => chunksAlone(code, list),
          () => {
            code.emit(i32.atomic.store(at(control.done), nothing));
            code.set(ticket, i64.or(i64.atomic.load(at(control.ticket)), i64.extendI32U(chunks)));
            code.emit(i64.atomic.store(at(control.ticket), ticket));
            wakeSleepers(code);
            takeChunks(
              code,
              ticket,
              () => i32.wrapI64(ticket),
              () => doChunk(code, list, chunkOf(list, ticket), mainScratch),
            );
            awaitDone(code, chunks);
            code.if(i32.atomic.load(at(control.failed)), () => code.return(at(outcome.failed)));
          },
        );
      });
      code.return(at(outcome.finished));
    },
    { export: 'run' },
  );

  module.function(
    [],
    [],
    (code) => {
      const ticket = code.local('i64');
      code.loop((again) => {
        code.set(ticket, i64.atomic.load(at(control.ticket)));
        const version = i64.and(ticket, i64.const(-(2n ** 32n)));
        again(i64.ne(i64.atomic.rmw.cmpxchg(at(control.ticket), ticket, version), ticket));
      });
      const command = code.local('i32', i32.load(at(control.command)));
      // All but the one that trapped here.
      awaitDone(code, i32.sub(chunkOf(command, ticket), at(1)));
    },
    { export: 'abandon' },
  );

  module.function(
    ['i32', 'i32'],
    [],
    (code, thread, version) => {
      const ticket = code.local('i64');
      const command = code.local('i32');
      const round = code.local('i32');
      const seen = code.local('i32');
      const woken = code.local('i32');
      const since = code.local('f64');
      const isCurrent = (): Value<'i32'> => i32.leU(i32.wrapI64(i64.shrU(ticket, i64.const(32n))), version);
      code.loop((again) => {
        takeChunks(
          code,
          ticket,
          () => i32.and(isCurrent(), i32.ne(i32.wrapI64(ticket), nothing)),
          () => {
            // Read after the chunk was taken: from here to the chunk's end the command stays published.
            code.set(command, i32.atomic.load(at(control.command)));
            const stride = i32.load(at(control.scratchStride));
            const scratch = i32.add(mainScratch, i32.mul(thread, stride));
            doChunk(code, command, chunkOf(command, ticket), scratch);
            code.set(round, nothing);
          },
        );
        code.if(i32.eqz(isCurrent()), () => code.return());
        code.if(i32.eqz(round), () => code.set(since, call(now)));
        code.add(round, at(1));
        again(i32.and(round, at(looks - 1)));
        again(f64.lt(f64.sub(call(now), since), f64.const(spinTime)));
        // Whoever publishes looks for sleepers afterwards: either it finds this one, or this one finds what it published.
        code.set(seen, i32.atomic.load(at(control.wake)));
        code.emit(i32.atomic.store(at(control.sleepers), at(1)));
        code.if(i64.eq(i64.atomic.load(at(control.ticket)), ticket), () =>
          code.set(woken, memory.atomic.wait32(at(control.wake), seen, i64.const(-1n))),
        );
        code.set(round, nothing);
        again();
      });
    },
    { export: 'work' },
  );
  return module.toBytes();
}
