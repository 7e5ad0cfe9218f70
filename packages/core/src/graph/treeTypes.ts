import type { Tensor } from './tensor.ts';
import type { Variable } from './variable.ts';

/** What a tree of tensors may hold besides tensors, and keeps as it is. */
export type Static = number | string | boolean | bigint | null | undefined;

/**
 * A tree of tensors (JAX's pytree): a tensor, or arrays, plain objects, maps and instances of classes of trees, in which
 * settings such as numbers and strings stay as they are.
 */
export type TensorTree =
  | Tensor
  | readonly (TensorTree | Static)[]
  | ReadonlyMap<unknown, TensorTree | Static>
  | { readonly [key: string]: TensorTree | Static };

/** An object that owns variables, such as a module or an optimizer. */
export interface VariableHolder {
  /** Returns all variables by name. */
  variables(): Readonly<Record<string, Variable>>;
}

/** A tree of variables: a variable, a holder, or arrays, objects, maps and sets of trees. */
export type VariableTree =
  | Variable
  | VariableHolder
  | readonly VariableTree[]
  | ReadonlyMap<unknown, VariableTree>
  | ReadonlySet<VariableTree>
  | { readonly [key: string]: VariableTree };

type AnyFunction = (...parameters: never[]) => unknown;

/** The members of `Tree`, of which those that are not trees of leaves become `never`; methods are left as they are. */
type Members<Leaf, Tree> = {
  readonly [Key in keyof Tree]: Tree[Key] extends AnyFunction ? Tree[Key] : TreeOf<Leaf, Tree[Key]>;
};

/** `Tree` as far as it is a tree of leaves, otherwise `never`. Sets hold variables only. */
type TreeOf<Leaf, Tree> = Tree extends Leaf
  ? Tree
  : Tree extends Tensor | AnyFunction
    ? never
    : Tree extends ReadonlyMap<infer Key, infer Value>
      ? ReadonlyMap<Key, TreeOf<Leaf, Value>>
      : Tree extends ReadonlySet<infer Value>
        ? Variable extends Leaf
          ? ReadonlySet<TreeOf<Leaf, Value>>
          : never
        : Tree extends object
          ? Members<Leaf, Tree>
          : never;

/**
 * The constraint of a type parameter to trees of tensors: `<Tree extends TensorTreeOf<Tree>>`. Unlike {@link TensorTree},
 * whose objects have an index signature, it admits interfaces and classes.
 */
export type TensorTreeOf<Tree> =
  | Tensor
  | (object & { readonly caller?: never; readonly then?: never } & Members<TensorTree | Static, Tree>);

/** {@link TensorTreeOf} for a list of trees, such as the arguments of a function. */
export type TensorTreesOf<Trees> = readonly Tensor[] | (readonly unknown[] & Members<TensorTree | Static, Trees>);

/**
 * The type of a parameter for trees of variables: `<Tree>(tree: Tree & VariableTreeOf<Tree>)`. Unlike
 * {@link VariableTree}, whose objects have an index signature, it admits interfaces and classes.
 */
export type VariableTreeOf<Tree> = TreeOf<VariableTree, Tree>;
