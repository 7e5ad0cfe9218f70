// PyTorch, in a child process that computes and measures times: `torch_worker.py`.
import { type ChildProcessWithoutNullStreams, spawn, spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Tensor } from '@thetagrad/core';
import type { Case, Inputs } from '../case.ts';
import type { Contender, Values } from '../contender.ts';
import { NotInstalled, type PeerLibrary } from './peer.ts';

/** Python of Debian, which has the packages of Debian, rather than the first in the path. */
export const python = '/usr/bin/python3';
const script = fileURLToPath(new URL('torch_worker.py', import.meta.url));

export const pyTorch: PeerLibrary = {
  name: 'PyTorch',
  canRun: ({ torch }) => torch !== undefined,
  async open(threads) {
    const worker = await TorchWorker.start(threads);
    return {
      name: `PyTorch ${worker.version}`,
      threads,
      async prepare(benchmark, inputs): Promise<Contender> {
        await worker.prepare(benchmark, inputs);
        return {
          results: () => worker.results(),
          sample: (seconds) => worker.ask({ do: 'sample', seconds }),
          async close() {},
        };
      },
      close: () => worker.close(),
    };
  },
};

/** @throws {NotInstalled} if PyTorch is not installed. */
export function requireTorch(): void {
  const { status } = spawnSync(python, [
    '-c',
    'import importlib.util as u, sys; sys.exit(u.find_spec("torch") is None)',
  ]);
  if (status !== 0) throw new NotInstalled('PyTorch', `apt-get install python3-torch libopenblas0 (for ${python})`);
}

interface Description {
  readonly file: string;
  readonly shape: readonly number[];
}

/** Python process with PyTorch. */
export class TorchWorker {
  readonly #folder: string;
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #lines: AsyncIterator<string>;
  #stderr = '';
  version = '';

  private constructor(folder: string, threads: number) {
    this.#folder = folder;
    this.#child = spawn(python, ['-B', script, folder, String(threads)]);
    this.#child.stderr.on('data', (text: Buffer) => (this.#stderr += text.toString()));
    this.#lines = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
  }

  /**
   * Starts the process.
   * @throws {NotInstalled} if PyTorch is not installed.
   */
  static async start(threads: number): Promise<TorchWorker> {
    requireTorch();
    const worker = new TorchWorker(await mkdtemp(join(tmpdir(), 'bench-torch-')), threads);
    worker.version = await worker.#readAnswer();
    return worker;
  }

  /** Sends the inputs of a case and its Python source. */
  async prepare({ torch }: Case, inputs: Inputs<Tensor>): Promise<void> {
    const descriptions: Record<string, Description & { readonly dtype: string }> = {};
    for (const [i, [name, input]] of Object.entries(inputs).entries()) {
      const file = join(this.#folder, `input${i}`);
      await writeFile(file, input.dataSync());
      descriptions[name] = { file, shape: input.shape, dtype: input.dtype };
    }
    await this.ask({ do: 'prepare', source: torch!, inputs: descriptions });
  }

  async results(): Promise<readonly Values[]> {
    const descriptions: readonly Description[] = await this.ask({ do: 'results' });
    return Promise.all(
      descriptions.map(async ({ file, shape }) => {
        const { buffer, byteOffset, byteLength } = await readFile(file);
        return { shape, values: new Float32Array(buffer.slice(byteOffset, byteOffset + byteLength)) };
      }),
    );
  }

  /**
   * Sends a request and waits for the answer.
   * @throws {Error} with the message of Python, if it fails.
   */
  ask<Answer>(request: { readonly do: string; readonly [argument: string]: unknown }): Promise<Answer> {
    this.#child.stdin.write(`${JSON.stringify(request)}\n`);
    return this.#readAnswer();
  }

  async close(): Promise<void> {
    this.#child.stdin.end();
    await rm(this.#folder, { recursive: true, force: true });
  }

  async #readAnswer<Answer>(): Promise<Answer> {
    const { value: line, done } = await this.#lines.next();
    if (done) throw new Error(`the PyTorch process ended: ${this.#stderr.trim()}`);
    const { answer, error } = JSON.parse(line) as { answer: Answer; error?: string };
    if (error !== undefined) throw new Error(`PyTorch: ${error}`);
    return answer;
  }
}
