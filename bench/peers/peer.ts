import type { Tensor } from '@thetagrad/core';
import type { Case, Inputs } from '../case.ts';
import type { Contender } from '../contender.ts';

/** Another library, opened. */
export interface Peer {
  /** Name with the version. */
  readonly name: string;
  /** Number of threads that it uses. */
  readonly threads: number;
  /** Prepares a case that {@link PeerLibrary.canRun}. */
  prepare(benchmark: Case, inputs: Inputs<Tensor>): Promise<Contender>;
  close(): Promise<void>;
}

/** Another library, before it is opened. */
export interface PeerLibrary {
  readonly name: string;
  readonly canRun: (benchmark: Case) => boolean;
  /**
   * Opens the library.
   *
   * @param threads Number of threads to use, if the library supports it.
   * @throws {NotInstalled} if it is not installed.
   */
  open(threads: number): Promise<Peer>;
}

/** Reports a library that is not installed, and how to install it. */
export class NotInstalled extends Error {
  constructor(name: string, how: string, cause?: unknown) {
    super(`${name} is not installed: ${how}`, { cause });
  }
}

/**
 * Loads an npm package that may be missing.
 * @throws {NotInstalled} if it is missing.
 */
export async function load<Module>(name: string, loading: Promise<Module>): Promise<Module> {
  try {
    return await loading;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw error;
    throw new NotInstalled(name, 'npx pnpm@10.34.9 install (without --no-optional)', error);
  }
}

/** Maps the values of a record. */
export function mapInputs<From, To>(inputs: Inputs<From>, map: (input: From) => To): Inputs<To> {
  return Object.fromEntries(Object.entries(inputs).map(([name, input]) => [name, map(input)]));
}
