// Routines: operations that are neither elementwise, reductions nor movements. `Routines` types the inputs and attributes of
// each; backends provide a kernel for it, or run its definition on the host.
import type { TypedArray } from '../data/dtype.ts';
import type { Shape } from '../data/shape.ts';
import type { Strided } from '../data/strided.ts';
import type { Plan } from '../schedule/kernel.ts';

export type Pair = readonly [height: number, width: number];

/** Attributes of a general 2-D convolution, closed under differentiation. */
export type ConvolutionAttributes = {
  readonly stride: Pair;
  /** Rows and columns of zeros before the input; negative numbers crop. */
  readonly padBefore: Pair;
  /** Rows and columns of zeros after the input; negative numbers crop. */
  readonly padAfter: Pair;
  /** The step between input elements, with zeros between them (the stride of a transposed convolution). */
  readonly inputDilation: Pair;
  /** The step between filter elements. */
  readonly filterDilation: Pair;
  readonly groups: number;
};

/** Attributes of pooling windows over images [N, C, H, W]. */
export type PoolAttributes = {
  readonly kernelSize: Pair;
  readonly stride: Pair;
  /** Rows and columns of padding before the image. Windows leave out padding elements. */
  readonly padBefore: Pair;
};

/** Attributes of windows along an axis: `size` elements that are `dilation` apart, a window every `step` elements. */
export type UnfoldAttributes = {
  readonly axis: number;
  readonly size: number;
  readonly step: number;
  readonly dilation: number;
};

export type PadAttributes = {
  /** Padding before the input, per axis. */
  readonly padBefore: readonly number[];
  /** The step between input elements in the output, per axis: above 1, padding is also put between elements. */
  readonly step: readonly number[];
  /** The value of padding. */
  readonly value: number;
};

/** How a scan accumulates. `linear` is the recurrence sᵢ = factorᵢ · sᵢ₋₁ + xᵢ, whose second input holds the factors. */
export type ScanCombination = 'sum' | 'prod' | 'max' | 'min' | 'linear';

export type ScanAttributes = {
  readonly combination: ScanCombination;
  readonly axis: number;
  /** Whether each result excludes the element at its own index: the first is then the initial value. */
  readonly exclusive: boolean;
  /** Whether to scan from the last element to the first. */
  readonly reverse: boolean;
};

export type AxisAttributes = { readonly axis: number };
export type SortAttributes = AxisAttributes & {
  readonly descending: boolean;
  /** The length of the result's axis: how many of the sorted elements it has, from the first on. */
  readonly count: number;
};
export type NoAttributes = Readonly<Record<never, never>>;

/** The routines of core: name, number of inputs (`number` for any) and attributes of each. Every backend has a kernel for each. */
export interface CoreRoutines {
  /** Matrix product of [batch…, m, k] and [batch…, k, n]. */
  matmul: { inputs: 2; attributes: NoAttributes };
  /** Convolution of an input [N, C, H, W] with a filter [O, C / groups, kh, kw]. */
  convolution: { inputs: 2; attributes: ConvolutionAttributes };
  /** int32: the row-major index, within its image plane, of the largest element of each window. */
  maxIndices: { inputs: 1; attributes: PoolAttributes };
  /** The sum of each window. */
  windowSum: { inputs: 1; attributes: PoolAttributes };
  /** The transpose of `windowSum`: adds each input element to all elements of its window. */
  windowSumTranspose: { inputs: 1; attributes: PoolAttributes };
  /** Gathers along an axis. Inputs: elements and int32 indices, of equal shape except on that axis. */
  take: { inputs: 2; attributes: AxisAttributes };
  /** The transpose of `take`. Inputs: int32 indices and updates, which are added to zeros. */
  scatterAdd: { inputs: 2; attributes: AxisAttributes };
  /** int32: the indices that sort along an axis, or the first of them; stable, NaN last. */
  argsort: { inputs: 1; attributes: SortAttributes };
  /** Cumulative sums, products, extrema or linear recurrences along an axis. */
  scan: { inputs: 1 | 2; attributes: ScanAttributes };
  /** Surrounds the input with a value, or puts the value between elements, too. */
  pad: { inputs: 1; attributes: PadAttributes };
  /** Joins inputs along an axis. */
  concat: { inputs: number; attributes: AxisAttributes };
  /** The transpose of `unfold`: sums overlapping windows. */
  fold: { inputs: 1; attributes: UnfoldAttributes };
  /** int32: 0, 1, 2, … */
  iota: { inputs: 0; attributes: NoAttributes };
  /** Random int32 of all 32 bits, from a key of two int32. */
  randomBits: { inputs: 1; attributes: NoAttributes };
}

/**
 * All routines. A package adds its own by declaring them in this interface of `@thetagrad/core/backend`, under names that begin
 * with the package's and a dot; a backend that has no kernel for one runs its definition on the host.
 */
export interface Routines extends CoreRoutines {}

export type CoreRoutineName = keyof CoreRoutines;

/** Whether a routine is one of core's: the names of others contain a dot, as in `linalg.cholesky`. */
export function isCoreRoutine(name: string): name is CoreRoutineName {
  return !name.includes('.');
}

export type RoutineName = keyof Routines;

/** What a backend has for each routine: something for all of core's, and perhaps for those of other packages. */
export type ForRoutines<Lowerings extends { readonly [Name in RoutineName]: unknown }> = Pick<
  Lowerings,
  CoreRoutineName
> &
  Partial<Omit<Lowerings, CoreRoutineName>>;

/** A tuple of `Count` items; an array if `Count` is `number`. */
export type Repeat<Count extends number, Item> = number extends Count
  ? readonly Item[]
  : Count extends 0
    ? readonly []
    : Count extends 1
      ? readonly [Item]
      : Count extends 2
        ? readonly [Item, Item]
        : Count extends 3
          ? readonly [Item, Item, Item]
          : Count extends 4
            ? readonly [Item, Item, Item, Item]
            : never;

/** The inputs of a routine, each represented by an `Item`: a tensor, an operand of a kernel or a strided array. */
export type InputsOf<Name extends RoutineName, Item> = Repeat<Routines[Name]['inputs'], Item>;

export type AttributesOf<Name extends RoutineName> = Routines[Name]['attributes'];

/** What an input of a loop's plan is in each step. */
export interface LoopInput {
  /**
   * `carry`: the routine's input in the first step, then the plan's output of the same number. `row`: the row of the
   * routine's input that belongs to the step. `constant`: the routine's input.
   */
  readonly kind: 'carry' | 'row' | 'constant';
  /** The number of the routine's input. Carries come first. */
  readonly input: number;
}

/** A plan that a routine runs once for each row of its inputs. The routine's output holds the rows of all steps, then the carries. */
export interface Loop {
  readonly plan: Plan;
  /** In the order of the plan's inputs. */
  readonly inputs: readonly LoopInput[];
  /** The sizes of the plan's outputs: the carries, then the rows of results. */
  readonly outputSizes: readonly number[];
  readonly carries: number;
  /** The number of steps. */
  readonly count: number;
  /** Whether the last row comes first. */
  readonly reverse: boolean;
  /** Whether the first carry, of one element, ends the loop when it is 0. */
  readonly isConditional: boolean;
  /** For each result of a conditional loop, the number of the carry that it equals in the steps left out. */
  readonly resultCarries: readonly number[];
}

/** The definition of a routine in plain loops, which every backend is tested against and may run on the host. */
export interface RoutineDefinition<Name extends RoutineName = RoutineName> {
  readonly name: Name;
  /**
   * Writes the result, row-major, from strided inputs. Of another package than core, it may throw, as for a singular matrix:
   * the evaluation throws the error.
   */
  run(output: TypedArray, shape: Shape, inputs: InputsOf<Name, Strided>, attributes: AttributesOf<Name>): void;
  /** A faster version of `run` with bitwise equal results, which the host runs instead. Default: `run`. */
  runFast?(output: TypedArray, shape: Shape, inputs: InputsOf<Name, Strided>, attributes: AttributesOf<Name>): void;
  /** Whether it throws if an index among its inputs is out of range. Default: false. */
  readonly checksIndices?: boolean;
  /** The plan that it runs repeatedly, for backends that run it with their kernels. Its inputs are contiguous. Default: none. */
  readonly loop?: Loop;
  /** The number of multiply-adds, for routines that consist of them. */
  multiplyAdds?(shape: Shape, inputs: InputsOf<Name, Shape>): number;
}

/**
 * The number of multiply-adds of any routine for these shapes, in all steps of a loop; 0 for routines that are not made of
 * them.
 */
export function countMultiplyAdds(
  routine: { readonly loop?: Loop; multiplyAdds?(shape: Shape, inputs: readonly Shape[]): number },
  shape: Shape,
  inputs: readonly Shape[],
): number {
  const { loop } = routine;
  if (!loop) return routine.multiplyAdds?.(shape, inputs) ?? 0;
  const ofStep = loop.plan.kernels.map((kernel) => {
    if (kernel.kind !== 'routine') return 0;
    const shapes = kernel.operands.map(({ view }) => view.shape);
    return countMultiplyAdds(kernel.definition, kernel.shape, shapes);
  });
  return loop.count * ofStep.reduce((sum, count) => sum + count, 0);
}
