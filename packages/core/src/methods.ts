// Adds the methods of Tensor: every function of these modules whose first parameter is a tensor, so that sum(x, 0) is
// also x.sum(0). Declarations merge into the class; this module must be imported for its side effect.
import { Tensor } from './graph/tensor.ts';
import { Variable } from './graph/variable.ts';
import * as cast from './ops/cast.ts';
import * as elementwise from './ops/elementwise.ts';
import * as identity from './ops/identity.ts';
import * as indexing from './ops/indexing.ts';
import * as matmul from './ops/matmul.ts';
import * as movement from './ops/movement.ts';
import * as reduction from './ops/reduction.ts';
import * as scan from './ops/scan.ts';
import * as slicing from './ops/slice.ts';
import * as sort from './ops/sort.ts';
import * as statistics from './ops/statistics.ts';
import * as strongZero from './ops/strongZero.ts';
import * as disposal from './disposal.ts';
import * as reading from './reading.ts';

const modules = [
  elementwise,
  cast,
  identity,
  reduction,
  scan,
  statistics,
  strongZero,
  movement,
  slicing,
  matmul,
  indexing,
  sort,
  reading,
  disposal,
];

/** The functions of a module whose first parameter accepts a tensor, without that parameter. */
export type Methods<Module> = {
  [
    Name in keyof Module as Module[Name] extends (...parameters: never) => unknown ? Name : never
  ]: Module[Name] extends (first: infer First, ...rest: infer Rest) => infer Result
    ? Tensor extends First
      ? (...rest: Rest) => Result
      : never
    : never;
};

declare module './graph/tensor.ts' {
  interface Tensor
    extends
      Methods<typeof elementwise>,
      Methods<typeof cast>,
      Methods<typeof identity>,
      Methods<typeof reduction>,
      Methods<typeof scan>,
      Methods<typeof statistics>,
      Methods<typeof strongZero>,
      Methods<typeof movement>,
      Methods<typeof slicing>,
      Methods<typeof matmul>,
      Methods<typeof indexing>,
      Methods<typeof sort>,
      Methods<typeof reading>,
      Methods<typeof disposal>,
      Disposable {}
}

function define(name: string, method: (this: Tensor, ...rest: unknown[]) => unknown): void {
  Object.defineProperty(Tensor.prototype, name, { value: method, configurable: true, writable: true });
}

for (const module of modules) {
  for (const [name, f] of Object.entries<unknown>(module)) {
    if (typeof f !== 'function') continue;
    define(name, function (this: Tensor, ...rest) {
      return f(this, ...rest) as unknown;
    });
  }
}

// Absent in older browsers, where nothing can ask for it.
if (Symbol.dispose) {
  Object.defineProperty(Tensor.prototype, Symbol.dispose, { value: Tensor.prototype.dispose, configurable: true });
}

// Node's console prints values as `toString` does, and never throws. Inside of other objects, such as modules, it prints
// variables without their values.
for (const { prototype } of [Tensor, Variable]) {
  const inspect = function (this: Tensor | Variable, depth: number, options: { readonly depth: number }): string {
    if (this instanceof Variable && depth !== options.depth) return this.toJSON();
    try {
      return this.toString();
    } catch (error) {
      return `${this.toJSON()}, no value: ${(error as Error).message}`;
    }
  };
  Object.defineProperty(prototype, Symbol.for('nodejs.util.inspect.custom'), { value: inspect, configurable: true });
}
