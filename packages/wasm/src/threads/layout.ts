// Where threads meet in memory: control words at its start, each in a pair of cache lines so that none slows another.

const lineBytes = 128;
const line = (number: number): number => number * lineBytes;

/**
 * Addresses of control words. Line 0 is unused, so that 0 is never an address.
 *
 * `ticket` (64 bits) permits taking a chunk: its low half counts the chunks of the published command that no thread has
 * taken, its high half is the version of the code that taking one requires. A thread takes a chunk by decrementing it
 * with compare-and-exchange. Success implies that the published command is unfinished, and it stays published until its
 * last chunk is done: a late thread can never take work with stale arguments.
 */
export const controlWords: Readonly<
  Record<
    'ticket' | 'command' | 'done' | 'wake' | 'sleepers' | 'failed' | 'workspaces' | 'workspaceStride' | 'code',
    number
  >
> = {
  ticket: line(1),
  /** The address of the command that the main thread is executing, which is the published one if there is one. */
  command: line(2),
  /** The number of its chunks that are done. */
  done: line(3),
  /** The word that sleeping threads wait on, and whether there may be any. */
  wake: line(4),
  sleepers: line(5),
  /** The number of a thread whose chunk trapped, or 0. */
  failed: line(6),
  /** The workspace of thread t is at `workspaces` + t · `workspaceStride`. */
  workspaces: line(7),
  workspaceStride: line(7) + 4,
  /** The first of the linked code records, or 0: see {@link codeRecord}. */
  code: line(8),
};

/** The address of the words of a thread. */
export const threadLine = (thread: number): number => line(16 + thread);
/** Offsets of a thread's words from {@link threadLine}. */
export const threadWords: Readonly<Record<'version' | 'busy' | 'messageLength' | 'message' | 'messageBytes', number>> =
  {
    /**
     * The version of the code that it has loaded completely. Before it is up, minus the number of its start, which only that
     * start's worker replaces; {@link failedVersion} once its script has failed.
     */
    version: 0,
    /** 1 from before it takes chunks until they are done. */
    busy: 4,
    /** The length of the message of its trap, and its characters, a byte each. */
    messageLength: 8,
    message: 12,
    messageBytes: lineBytes - 12,
  };

export const failedVersion: number = -(2 ** 31);

export const maxThreads = 256;
/** The size of the control words. */
export const controlBytes: number = threadLine(maxThreads);

/**
 * Offsets in a record of a module for workers, in a linked list: words, followed by the table's entries to be emptied, and
 * the module's code, of `length` bytes. Each record is a version of the code.
 */
export const codeRecord = { next: 0, version: 4, emptied: 8, length: 12, words: 16 } as const;

/** Offsets in an entry of a list of commands. Workers take no part in main-only ones. */
export const commandEntry = { code: 0, args: 4, chunks: 8, mainOnly: 12, bytes: 16 } as const;

/** What the runtime's `run` returns. */
export const outcome = { finished: 0, failed: 1 } as const;
