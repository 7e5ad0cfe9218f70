import type { Case } from '../case.ts';
import { NotInstalled, type Peer, type PeerLibrary } from './peer.ts';

/** Peers of a run, each opened when a case first needs it. */
export interface Peers {
  /** Whether a peer of this name is selected. */
  includes(name: string): boolean;
  /** Opens the peers that can run a case, of all or of some names. */
  of(benchmark: Case, threads: number, names?: readonly string[]): Promise<readonly Peer[]>;
  close(): Promise<void>;
}

/**
 * Selects the peers of a run.
 *
 * @param filter Part of the names of the selected peers.
 * @param onMissing Called once for each peer that is needed and not installed.
 */
export function openPeers(
  libraries: readonly PeerLibrary[],
  filter: string,
  onMissing: (error: NotInstalled) => void,
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
        if (![...opened].some(([name, peer]) => peer === undefined && name.startsWith(library.name))) onMissing(error);
        opened.set(key, undefined);
      }
    }
    return opened.get(key);
  };
  return {
    includes,
    async of(benchmark, threads, names = libraries.map(({ name }) => name)) {
      const selected = libraries.filter(
        ({ name, canRun }) => includes(name) && names.includes(name) && canRun(benchmark),
      );
      const peers: Peer[] = [];
      for (const library of selected) {
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
