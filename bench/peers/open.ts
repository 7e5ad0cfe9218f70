import type { Case } from '../case.ts';
import { NotInstalled, type Peer, type PeerLibrary } from './peer.ts';

/** The peers of a run. Each is opened when a case first needs it. */
export interface Peers {
  /** Whether a peer of this name was asked for. */
  includes(name: string): boolean;
  /** Those that can run a case, of all or of some names. */
  of(benchmark: Case, threads: number, names?: readonly string[]): Promise<readonly Peer[]>;
  close(): Promise<void>;
}

/**
 * @param libraries are all there are.
 * @param filter is part of their names.
 * @param missing is told once of each that is needed and not installed.
 */
export function openPeers(
  libraries: readonly PeerLibrary[],
  filter: string,
  missing: (error: NotInstalled) => void,
): Peers {
  const opened = new Map<string, Peer | undefined>();
  const includes = (name: string): boolean => name.includes(filter);
  const open = async (library: PeerLibrary, threads: number): Promise<Peer | undefined> => {
    const key = `${library.name} ${threads}`;
    if (!opened.has(key)) {
      try {
        opened.set(key, await library.open(threads));
      } catch (error) {
        if (!(error instanceof NotInstalled)) throw error;
        if (![...opened].some(([name, peer]) => peer === undefined && name.startsWith(library.name))) missing(error);
        opened.set(key, undefined);
      }
    }
    return opened.get(key);
  };
  return {
    includes,
    async of(benchmark, threads, names = libraries.map(({ name }) => name)) {
      const wanted = libraries.filter(
        ({ name, canRun }) => includes(name) && names.includes(name) && canRun(benchmark),
      );
      const peers: Peer[] = [];
      for (const library of wanted) {
        const peer = await open(library, threads);
        if (peer) peers.push(peer);
      }
      return peers;
    },
    async close() {
      for (const peer of opened.values()) await peer?.close();
    },
  };
}
