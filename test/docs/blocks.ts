import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A fenced TypeScript block of a Markdown document. */
export interface Block {
  /** The 1-based line of the document on which the code starts, after the opening fence. */
  readonly line: number;
  readonly code: string;
  /** False for a block fenced as "ts no-run", which is only type-checked. */
  readonly run: boolean;
}

/** A fence: up to three spaces and at least three backticks. Fences inside lists or quotes are not supported. */
const fence = /^ {0,3}(`{3,})\s*(.*?)\s*$/;

/**
 * The TypeScript blocks of a Markdown text, in order.
 * @throws {Error} if a fence is not closed.
 */
export function typescriptBlocks(markdown: string): Block[] {
  const blocks: Block[] = [];
  let open: { ticks: number; info: string; line: number; lines: string[] } | undefined;
  for (const [index, text] of markdown.split(/\r?\n/).entries()) {
    const [, ticks = '', info = ''] = fence.exec(text) ?? [];
    if (open === undefined) {
      if (ticks !== '' && !info.includes('`')) open = { ticks: ticks.length, info, line: index + 2, lines: [] };
    } else if (ticks.length >= open.ticks && info === '') {
      const [language, ...flags] = open.info.split(/\s+/);
      if (language === 'ts' || language === 'typescript') {
        blocks.push({ line: open.line, code: open.lines.join('\n'), run: !flags.includes('no-run') });
      }
      open = undefined;
    } else {
      open.lines.push(text);
    }
  }
  if (open !== undefined) throw new Error(`line ${open.line - 1}: this code fence is not closed`);
  return blocks;
}

/** The paths of the Markdown documents whose examples are checked, relative to the root, sorted. */
export function documents(root: string): string[] {
  const markdown = (folder: string, recursive: boolean): string[] =>
    readdirSync(join(root, folder), { recursive, encoding: 'utf8' })
      .filter((name) => name.endsWith('.md'))
      .map((name) => join(folder, name));
  const folders = readdirSync(root);
  return [
    ...markdown('.', false),
    ...readdirSync(join(root, 'packages')).flatMap((name) => markdown(join('packages', name), false)),
    ...(folders.includes('docs') ? markdown('docs', true) : []),
  ].toSorted();
}

/** The blocks of the document at `path` (relative to `root`). */
export function readBlocks(root: string, path: string): Block[] {
  try {
    return typescriptBlocks(readFileSync(join(root, path), 'utf8'));
  } catch (error) {
    throw new Error(`${path}: ${(error as Error).message}`, { cause: error });
  }
}
