import { type Tensor, Variable, zeros } from '@thetagrad/core';
import type * as Jax from '@jax-js/jax';
import type * as TensorFlow from '@tensorflow/tfjs-core';
import type { torch as JsPytorch } from 'js-pytorch';

/** Operands by name. */
export type Inputs<T, Names extends string = string> = Readonly<Record<Names, T>>;

type Results = readonly (Tensor | Variable)[];
type TensorFlowTensor = TensorFlow.Tensor;
type JsPytorchTensor = InstanceType<(typeof JsPytorch)['Tensor']>;

/** Prepares what is needed once, and returns what is timed: from inputs that are there to results that are computed. */
type Prepared<T, Result, Library, Names extends string> = (
  inputs: Inputs<T, Names>,
  library: Library,
) => () => readonly Result[];

/** A kernel of gpu.js: what its arguments are, and what each of its threads returns. */
export interface PlainKernel<Names extends string = string> {
  /** As text, because gpu.js translates source code, which a loader of TypeScript may have changed. */
  readonly source: string;
  readonly arguments: readonly Names[];
  /** The shape of the result, with the columns first. */
  readonly output: readonly number[];
  readonly constants?: Readonly<Record<string, number>>;
}

export interface Product {
  readonly m: number;
  readonly k: number;
  readonly n: number;
  readonly batches: number;
}

/**
 * One computation, written for us and for the peers that can do it; a peer that cannot is left out. All compute the same
 * results, in the same order.
 */
interface CaseOf<Names extends string> {
  readonly name: string;
  /** Built when the case is run, so that only one case's data are in memory. */
  readonly inputs: () => Inputs<Tensor, Names>;
  /** The graph is built anew in every call, as a training loop does; what is returned is evaluated within the time. */
  readonly ours: (inputs: Inputs<Tensor, Names>) => () => Results | Promise<Results>;
  readonly tfjs?: Prepared<TensorFlowTensor, TensorFlowTensor, typeof TensorFlow, Names>;
  /** Whether TensorFlow.js runs it on its `cpu` backend, for want of a kernel in `wasm`. */
  readonly tfjsBackend?: 'cpu';
  /** The axes of our layout in each of TensorFlow.js' results, where they are ordered differently. */
  readonly tfjsLayout?: readonly (readonly number[] | undefined)[];
  /** Is compiled by `jit`; owns its inputs, as jax-js wants it. */
  readonly jax?: (inputs: Inputs<Jax.numpy.Array, Names>, library: typeof Jax) => readonly Jax.numpy.Array[];
  readonly jsPytorch?: Prepared<JsPytorchTensor, JsPytorchTensor, typeof JsPytorch, Names>;
  /** gpu.js, written as in its documentation. */
  readonly gpu?: PlainKernel<Names>;
  /** That the first input, a matrix `[m, k]`, is multiplied by the second, `[k, n]`, or both `batches` times. */
  readonly product?: Product;
  /**
   * Python: the body of a function that returns what is timed, `return lambda: [a @ b]`. Inputs are there by name, and
   * all of them in the dict `inputs`; so are `torch`, `F` (torch.nn.functional) and `networks` (torch_networks.py).
   */
  readonly torch?: string;
  /** Whether a call changes what the next one computes, as a training step does: then the second is compared as well. */
  readonly stateful?: boolean;
}

export type Case = CaseOf<string>;

/** A case whose functions know the names of its inputs. (To be written out where a case is put together by spreading.) */
export function define<Names extends string>(benchmark: CaseOf<Names>): Case {
  return benchmark as unknown as Case;
}

/**
 * The same, with our results assigned to variables: these are computed into the same memory in every call. Memory of results
 * that nobody holds any more is used again only when the collector has noticed.
 */
export function intoVariables(benchmark: Case): Case {
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
