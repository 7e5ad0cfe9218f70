import type { Tensor } from '@thetagrad/core';
import type { Case, Inputs } from '../case.ts';
import type { Contender } from '../contender.ts';

/** Another library, opened. */
export interface Peer {
  /** With its version. */
  readonly name: string;
  /** How many it computes with. */
  readonly threads: number;
  /** Gives it the inputs of a case that {@link PeerLibrary.canRun}. */
  prepare(benchmark: Case, inputs: Inputs<Tensor>): Promise<Contender>;
  close(): Promise<void>;
}

/** What is known of another library before it is opened. */
export interface PeerLibrary {
  readonly name: string;
  readonly canRun: (benchmark: Case) => boolean;
  /**
   * @param threads that it may use, where that can be told to it.
   * @throws {NotInstalled}
   */
  open(threads: number): Promise<Peer>;
}

export class NotInstalled extends Error {
  /** @param how to install it. */
  constructor(name: string, how: string, cause?: unknown) {
    super(`${name} is not installed: ${how}`, { cause });
  }
}

/**
 * Loads an npm package that may be missing.
 * @throws {NotInstalled}
 */
export async function load<Module>(name: string, loading: Promise<Module>): Promise<Module> {
  try {
    return await loading;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw error;
    throw new NotInstalled(name, 'npx pnpm@10 install (without --no-optional)', error);
  }
}

/** All entries of a record, each changed. */
export function mapInputs<From, To>(inputs: Inputs<From>, change: (input: From) => To): Inputs<To> {
  return Object.fromEntries(Object.entries(inputs).map(([name, input]) => [name, change(input)]));
}
