import { type Tensor, Variable, zeros } from '@thetagrad/core';
import type * as Jax from '@jax-js/jax';
import type * as TensorFlow from '@tensorflow/tfjs-core';
import type { torch as JsPytorch } from 'js-pytorch';

/** Operands by name. */
export type Inputs<T, Names extends string = string> = Readonly<Record<Names, T>>;

type Results = readonly (Tensor | Variable)[];
type TensorFlowTensor = TensorFlow.Tensor;
type JsPytorchTensor = InstanceType<(typeof JsPytorch)['Tensor']>;

/** Prepares once and returns the timed function, which goes from available inputs to computed results. */
type Prepare<T, Result, Library, Names extends string> = (
  inputs: Inputs<T, Names>,
  library: Library,
) => () => readonly Result[];

/** A kernel of gpu.js. */
export interface GpuJsKernel<Names extends string = string> {
  /**
   * Function of a thread, as text, because gpu.js translates source code, which a TypeScript loader may have changed.
   */
  readonly source: string;
  /** Inputs to pass. */
  readonly arguments: readonly Names[];
  /** Shape of the result, in the order of gpu.js: columns first. */
  readonly output: readonly number[];
  readonly constants?: Readonly<Record<string, number>>;
}

/** Dimensions of a matrix product [m, k] by [k, n], `batches` times. */
export interface Product {
  readonly m: number;
  readonly k: number;
  readonly n: number;
  readonly batches: number;
}

/** A computation, written for ours and for the peers that support it. All give the same results in the same order. */
interface CaseOf<Names extends string> {
  readonly name: string;
  /** Creates the inputs when the case runs, so that only its data are in memory. */
  readonly inputs: () => Inputs<Tensor, Names>;
  /** Builds the graph anew in every call, as a training loop does; the time includes the evaluation of the results. */
  readonly ours: (inputs: Inputs<Tensor, Names>) => () => Results | Promise<Results>;
  readonly tfjs?: Prepare<TensorFlowTensor, TensorFlowTensor, typeof TensorFlow, Names>;
  /** Backend of TensorFlow.js if its `wasm` backend lacks a kernel. Default: wasm. */
  readonly tfjsBackend?: 'cpu';
  /** Permutation from the layout of each result of TensorFlow.js to ours. Default: the same layout. */
  readonly tfjsLayout?: readonly (readonly number[] | undefined)[];
  /** Function for `jit`; consumes its inputs, as jax-js requires. */
  readonly jax?: (inputs: Inputs<Jax.numpy.Array, Names>, library: typeof Jax) => readonly Jax.numpy.Array[];
  readonly jsPytorch?: Prepare<JsPytorchTensor, JsPytorchTensor, typeof JsPytorch, Names>;
  /** Kernel of gpu.js, written as in its documentation. */
  readonly gpu?: GpuJsKernel<Names>;
  /** Dimensions, if the case is the product of its first two inputs. */
  readonly product?: Product;
  /**
   * Body of a Python function that returns the timed function, such as `return lambda: [a @ b]`. In scope are the
   * inputs by name, all of them in the dict `inputs`, `torch`, `F` (torch.nn.functional) and `networks`
   * (torch_networks.py).
   */
  readonly torch?: string;
  /**
   * Whether a call changes the next one, as a training step does: compares the second result as well. Default: false.
   */
  readonly stateful?: boolean;
}

export type Case = CaseOf<string>;

/** Types the inputs of a case by their names, which must be given explicitly if the case spreads other objects. */
export function define<Names extends string>(benchmark: CaseOf<Names>): Case {
  return benchmark as unknown as Case;
}

/**
 * Variant of a case that assigns our results to variables, so that every call writes to the same memory. Unreachable
 * results keep their memory until they are garbage-collected.
 */
export function assignToVariables(benchmark: Case): Case {
  return {
    ...benchmark,
    name: `${benchmark.name}, into variables`,
    ours(inputs) {
      const run = benchmark.ours(inputs) as () => readonly Tensor[];
      let variables: readonly Variable[] | undefined;
      return () => {
        const results = run();
        variables ??= results.map(({ shape, dtype }) => new Variable(zeros(shape, { dtype })));
        variables.forEach((variable, i) => variable.assign(results[i]!));
        return variables;
      };
    },
  };
}
