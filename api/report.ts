// Writes the public surface of each published package into this folder, one file per entry point, from the declarations
// that `npm run build` emits. With --check it only compares, so that a change of the surface shows in review.
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { type Node, SyntaxKind } from 'typescript/unstable/ast';
import { API, type Project, type Symbol, SymbolFlags } from 'typescript/unstable/sync';

/** An entry point of a package. */
interface Door {
  /** What users import: `@thetagrad/core/backend`. */
  readonly specifier: string;
  /** The folder of the package's declarations. */
  readonly folder: string;
  readonly exports: ReadonlyMap<string, Symbol>;
}

interface Manifest {
  readonly name: string;
  readonly private?: boolean;
  readonly exports: Readonly<Record<string, { readonly types: string }>>;
}

const root = fileURLToPath(new URL('../', import.meta.url));
const ending = '.api.md';

function doorsOf(project: Project): Door[] {
  const packages = readdirSync(join(root, 'packages')).toSorted();
  return packages.flatMap((name) => {
    const folder = join(root, 'packages', name);
    const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest;
    if (manifest.private) return [];
    return Object.entries(manifest.exports).map(([path, { types }]) => {
      const source = project.program.getSourceFile(resolve(folder, types));
      if (source === undefined) throw new Error(`${resolve(folder, types)} is missing; run npm run build first`);
      const module = project.checker.getSymbolAtLocation(source)!;
      const specifier = manifest.name + path.slice(1);
      return { specifier, folder: join(folder, 'dist'), exports: exportsOf(project, module) };
    });
  });
}

const exportsOf = (project: Project, module: Symbol): Map<string, Symbol> =>
  new Map(project.checker.getExportsOfModule(module).map((symbol) => [symbol.name, target(project, symbol)]));

/** The symbol that an import or a re-export stands for. */
const target = ({ checker }: Project, symbol: Symbol): Symbol =>
  symbol.flags & SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;

const byName = ([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number => (a < b ? -1 : 1);

/** Renders one entry point: its exports, then the declarations that these refer to without exporting them. */
class Report {
  readonly #project: Project;
  readonly #door: Door;
  /** The entry point at which each symbol is documented: the first that exports it. */
  readonly #owners: ReadonlyMap<number, readonly [name: string, door: Door]>;
  readonly #imports = new Map<string, Set<string>>();
  readonly #reached = new Map<number, Symbol>();

  constructor(project: Project, door: Door, owners: ReadonlyMap<number, readonly [name: string, door: Door]>) {
    this.#project = project;
    this.#door = door;
    this.#owners = owners;
  }

  render(): string {
    const exported = this.#renderAll(this.#door.exports);
    const internal: [string, string][] = [];
    // Rendering adds to what is reached, and a map is iterated over what is added meanwhile.
    for (const symbol of this.#reached.values()) {
      internal.push([symbol.name, [...this.#declarations(symbol), ...this.#derivedMembers(symbol)].join('\n')]);
    }
    const imports = [...this.#imports].map(
      ([specifier, names]) => `import { ${[...names].toSorted().join(', ')} } from '${specifier}';`,
    );
    const blocks = [
      `# \`${this.#door.specifier}\``,
      'Written by `npm run api`.',
      ...(imports.length === 0 ? [] : ['What it uses of other entry points:', fence(imports.toSorted())]),
      'What it exports:',
      fence(exported),
      ...(internal.length === 0
        ? []
        : ['What these refer to:', fence(internal.toSorted(byName).map(([, text]) => text))]),
    ];
    return `${blocks.join('\n\n')}\n`;
  }

  #renderAll(symbols: ReadonlyMap<string, Symbol>, namespace = ''): string[] {
    return [...symbols].toSorted(byName).map(([name, symbol]) => this.#export(name, symbol, namespace));
  }

  #export(name: string, symbol: Symbol, namespace: string): string {
    const [ownName, owner] = this.#owners.get(symbol.id) ?? [namespace + name, this.#door];
    if (owner !== this.#door) return `export { ${renamed(ownName, name)} } from '${owner.specifier}';`;
    if (ownName !== namespace + name) return `export { ${renamed(ownName, name)} };`;
    if (symbol.flags & SymbolFlags.Module) {
      const members = this.#renderAll(exportsOf(this.#project, symbol), `${name}.`);
      return `export namespace ${name} {\n${indent(members.join('\n'))}\n}`;
    }
    const texts = this.#declarations(symbol).map((text) => `export ${text}`);
    if (symbol.name !== name) texts.unshift(`export { ${renamed(symbol.name, name)} };`);
    return [...texts, ...this.#derivedMembers(symbol)].join('\n');
  }

  /** The declarations of a symbol, without comments. Notes what they refer to. */
  #declarations(symbol: Symbol): string[] {
    const nodes = symbol.declarations.map((handle) => handle.resolve()!);
    this.#note(nodes.flatMap(identifiersIn));
    return nodes.map((node) => {
      const text = this.#project.emitter.printNode(node).replace(/^export /, '');
      return node.kind === SyntaxKind.VariableDeclaration ? `declare const ${text};` : text;
    });
  }

  /** The members that an interface gets from a mapped type, which its declaration does not list. */
  #derivedMembers(symbol: Symbol): string[] {
    if (!(symbol.flags & (SymbolFlags.Class | SymbolFlags.Interface))) return [];
    const { checker } = this.#project;
    const type = checker.getDeclaredTypeOfSymbol(symbol);
    const members = checker.getPropertiesOfType(type).filter((member) => {
      const parents = member.declarations.map((handle) => handle.resolve()?.parent.kind);
      return !parents.some((kind) => kind !== undefined && declaring.has(kind));
    });
    const inherited = type.isClassOrInterface()
      ? checker.getBaseTypes(type).filter((base) => base.isClassOrInterface())
      : [];
    const own = members.filter(({ name }) => !inherited.some((base) => checker.getPropertyOfType(base, name)));
    if (own.length === 0) return [];
    const types = checker.getTypeOfSymbol(own);
    const lines = own.map((member, index) => `//   ${member.name}: ${checker.typeToString(types[index]!)}`);
    return [`// Members of ${symbol.name} that its declaration derives:`, ...lines.toSorted()];
  }

  #note(identifiers: readonly Node[]): void {
    const found = this.#project.checker.getSymbolAtLocation(identifiers);
    for (const symbol of found) if (symbol !== undefined) this.#noteSymbol(target(this.#project, symbol));
  }

  #noteSymbol(symbol: Symbol): void {
    if (this.#reached.has(symbol.id)) return;
    const owned = this.#owners.get(symbol.id);
    if (owned !== undefined) {
      const [name, { specifier }] = owned;
      if (specifier === this.#door.specifier) return;
      this.#imports.set(specifier, (this.#imports.get(specifier) ?? new Set()).add(name.split('.')[0]!));
    } else if (symbol.declarations.some((handle) => isWithin(handle.path, this.#door.folder))) {
      if (symbol.flags & SymbolFlags.Module) {
        for (const member of exportsOf(this.#project, symbol).values()) this.#noteSymbol(member);
      } else if (symbol.declarations.some((handle) => isTopLevel(handle.resolve()!))) {
        this.#reached.set(symbol.id, symbol);
      }
    }
  }
}

const declaring = new Set<SyntaxKind>([
  SyntaxKind.ClassDeclaration,
  SyntaxKind.InterfaceDeclaration,
  SyntaxKind.TypeLiteral,
]);

const renamed = (name: string, exported: string): string => (name === exported ? name : `${name} as ${exported}`);

const fence = (parts: readonly string[]): string => `\`\`\`ts\n${parts.join('\n')}\n\`\`\``;

const indent = (text: string): string => text.replace(/^(?=.)/gm, '    ');

/** Whether a path, which the compiler gives in lower case where case does not matter, lies in a folder. */
const isWithin = (path: string, folder: string): boolean =>
  path.toLowerCase().startsWith(`${folder.replaceAll('\\', '/')}/`.toLowerCase());

const identifiersIn = (node: Node): Node[] => {
  const found: Node[] = [];
  const visit = (child: Node): void => {
    if (child.kind === SyntaxKind.Identifier) found.push(child);
    child.forEachChild(visit);
  };
  visit(node);
  return found;
};

function isTopLevel(node: Node): boolean {
  const statement = node.kind === SyntaxKind.VariableDeclaration ? node.parent.parent : node;
  return statement.parent?.kind === SyntaxKind.SourceFile;
}

/** Where each exported symbol is documented, under which name; members of a namespace as `random.key`. */
function ownersOf(project: Project, doors: readonly Door[]): Map<number, readonly [name: string, door: Door]> {
  const owners = new Map<number, readonly [string, Door]>();
  for (const door of doors) {
    const exported = [...door.exports].toSorted(byName);
    const members = exported.flatMap(([namespace, symbol]) =>
      symbol.flags & SymbolFlags.Module
        ? [...exportsOf(project, symbol)].map(([name, member]) => [`${namespace}.${name}`, member] as const)
        : [],
    );
    for (const [name, { id }] of [...exported, ...members]) if (!owners.has(id)) owners.set(id, [name, door]);
  }
  return owners;
}

function reports(): Map<string, string> {
  const api = new API({ cwd: root });
  try {
    const config = fileURLToPath(new URL('tsconfig.json', import.meta.url));
    const project = api.updateSnapshot({ openProjects: [config] }).getProject(config)!;
    const doors = doorsOf(project);
    const owners = ownersOf(project, doors);
    return new Map(
      doors.map((door) => [
        door.specifier.replace('@thetagrad/', '').replaceAll('/', '.') + ending,
        new Report(project, door, owners).render(),
      ]),
    );
  } finally {
    api.close();
  }
}

const { values } = parseArgs({ options: { check: { type: 'boolean', default: false } } });
const read = (name: string): string => {
  const file = join(import.meta.dirname, name);
  return existsSync(file) ? readFileSync(file, 'utf8') : '';
};
const current = reports();
const stale = readdirSync(import.meta.dirname).filter((name) => name.endsWith(ending) && !current.has(name));
const changed = [...current].filter(([name, text]) => read(name) !== text).map(([name]) => name);

if (values.check) {
  for (const name of changed) {
    const [before, after] = [read(name).split('\n'), current.get(name)!.split('\n')];
    const line = after.findIndex((text, index) => text !== before[index]);
    console.error(`api/${name} differs from line ${line + 1} on:\n- ${before[line] ?? ''}\n+ ${after[line] ?? ''}`);
  }
  for (const name of stale) console.error(`api/${name} is of an entry point that is gone`);
  if (changed.length + stale.length > 0) {
    console.error('The public surface changed. If that is meant, run npm run api and commit api/.');
    process.exitCode = 1;
  }
} else {
  for (const name of changed) writeFileSync(join(import.meta.dirname, name), current.get(name)!);
  for (const name of stale) rmSync(join(import.meta.dirname, name));
  console.log(
    changed.length + stale.length === 0 ? 'api: nothing changed' : `api: ${[...changed, ...stale].join(', ')}`,
  );
}
