// The page of equivalents: read from docs/equivalents.tsv and rendered as docs/equivalents.md.
import { readFileSync } from 'node:fs';

/** The libraries whose names the page lists, with the words before a name in their code. */
export const libraries = { numpy: 'NumPy', torch: 'PyTorch', tfjs: 'TensorFlow.js', jax: 'JAX' } as const;
export type Library = keyof typeof libraries;

/** What one or several functions of other libraries are here. */
export interface Row extends Readonly<Record<Library, readonly string[]>> {
  /** The package, without its scope; a heading for what is absent. */
  readonly section: string;
  /** The names of exports, methods or properties here; none if it is absent. */
  readonly ours: readonly string[];
  /** How it is called or what differs; for what is absent, why. */
  readonly note: string;
}

export const rowsFile: URL = new URL('../../docs/equivalents.tsv', import.meta.url);
export const pageFile: URL = new URL('../../docs/equivalents.md', import.meta.url);

const words = (cell: string): string[] => cell.split(' ').filter((word) => word !== '');

/** Reads the rows: section, our names, NumPy's, PyTorch's, TensorFlow.js', JAX's, note; names are separated by spaces. */
export function readRows(): Row[] {
  const [, ...lines] = readFileSync(rowsFile, 'utf8').replace(/\n$/, '').split('\n');
  return lines.map((line) => {
    const cells = line.split('\t');
    if (cells.length !== 7) throw new Error(`docs/equivalents.tsv: expected 7 columns: ${line}`);
    const [section, ours, numpy, torch, tfjs, jax, note] = cells as [
      string,
      string,
      string,
      string,
      string,
      string,
      string,
    ];
    const names = { numpy: words(numpy), torch: words(torch), tfjs: words(tfjs), jax: words(jax) };
    return { section, ours: words(ours), ...names, note };
  });
}

const code = (names: readonly string[]): string => names.map((name) => `\`${name}\``).join(', ');

function table(rows: readonly Row[], isAbsent: boolean): string {
  const heads = [...(isAbsent ? [] : ['Thetagrad']), ...Object.values(libraries), isAbsent ? 'Why' : ''];
  const body = rows.map((row) => [
    ...(isAbsent ? [] : [code(row.ours)]),
    code(row.numpy),
    code(row.torch),
    code(row.tfjs),
    code(row.jax),
    row.note.replaceAll('|', String.raw`\|`),
  ]);
  return [heads, heads.map(() => '---'), ...body].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

/** The text of the page. */
export function renderPage(rows: readonly Row[]): string {
  const sections = [...new Set(rows.map(({ section }) => section))];
  const parts = sections.map((section) => {
    const inSection = rows.filter((row) => row.section === section);
    const isAbsent = inSection.every(({ ours }) => ours.length === 0);
    return `## ${isAbsent ? section : `@thetagrad/${section}`}\n\n${table(inSection, isAbsent)}`;
  });
  const introduction = `# Equivalents

Where to find what other libraries call by another name, and what is not here, with the reason. It lists every public function of
NumPy 1.24 (with \`linalg\` and \`fft\`), PyTorch 1.13 (\`torch\`, \`nn.functional\`, \`linalg\`, \`special\`, \`fft\`, \`nn.init\`, \`optim\`; of the modules
in \`nn\`, those that have a counterpart or a reason), TensorFlow.js 4.22 and JAX 0.11 (\`jax\`, \`lax\`, \`nn\`, \`random\`, \`image\`,
\`ops\`, \`tree\`, \`scipy\` without the densities of \`scipy.stats\`). A function of \`jax.numpy\` is in the row of its name in
NumPy, unless JAX's column has it. What starts from a tensor in core is a method as well: \`sum(x, 0)\` is \`x.sum(0)\`. Names
follow one [rule](conventions.md#names).

This page is written by \`npm run equivalents\` from \`equivalents.tsv\`; a test compares both with what the packages export and with
the lists of names of the other libraries.`;
  return `${introduction}\n\n${parts.join('\n\n')}\n`;
}
