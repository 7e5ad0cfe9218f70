// The routines: operations that are neither elementwise, a reduction nor a movement. Each has an algorithm, inputs of a
// fixed number and attributes of a fixed type. A backend provides a kernel for every name in `Routines`.
import type { TypedArray } from '../data/dtype.ts';
import type { Shape } from '../data/shape.ts';
import type { Strided } from '../data/strided.ts';

export type Pair = readonly [height: number, width: number];

/** The general form of a 2-D convolution, closed under differentiation. */
export type ConvolutionAttributes = {
  readonly stride: Pair;
  /** Rows and columns of zeros before the input; negative ones cut off. */
  readonly padBefore: Pair;
  /** Rows and columns of zeros after the input; negative ones cut off. */
  readonly padAfter: Pair;
  /** The distance between input elements, with zeros between them (the stride of a transposed convolution). */
  readonly inputDilation: Pair;
  /** The distance between filter elements. */
  readonly filterDilation: Pair;
  readonly groups: number;
};

/** Pooling windows over images [N, C, H, W]. */
export type PoolAttributes = {
  readonly kernelSize: Pair;
  readonly stride: Pair;
  /** Rows and columns of padding before the image. Padding takes no part in any window. */
  readonly padBefore: Pair;
};

/** Windows of `size` elements, `dilation` apart, along an axis, starting every `step` elements. */
export type UnfoldAttributes = {
  readonly axis: number;
  readonly size: number;
  readonly step: number;
  readonly dilation: number;
};

export type PadAttributes = {
  /** Padding before the input, for each axis. */
  readonly padBefore: readonly number[];
  /** The distance between input elements in the output: 1, or more to put padding between them. */
  readonly step: readonly number[];
  readonly value: number;
};

/** What a scan accumulates. `linear` is the recurrence sᵢ = factorᵢ · sᵢ₋₁ + xᵢ, whose second input holds the factors. */
export type ScanCombination = 'sum' | 'prod' | 'max' | 'min' | 'linear';

export type ScanAttributes = {
  readonly combination: ScanCombination;
  readonly axis: number;
  /** Each result excludes its own element: the first is the initial value. */
  readonly exclusive: boolean;
  /** From the last element to the first. */
  readonly reverse: boolean;
};

export type AxisAttributes = { readonly axis: number };
export type SortAttributes = AxisAttributes & { readonly descending: boolean };
export type NoAttributes = Readonly<Record<never, never>>;

/** Each routine's name, the number of its inputs (`number` for any) and its attributes. */
export interface Routines {
  /** [batch…, m, k] · [batch…, k, n]. */
  matmul: { inputs: 2; attributes: NoAttributes };
  /** Input [N, C, H, W] and filter [O, C / groups, kh, kw]. */
  convolution: { inputs: 2; attributes: ConvolutionAttributes };
  /** The index in its plane of the largest element of each window: int32. */
  maxIndices: { inputs: 1; attributes: PoolAttributes };
  windowSum: { inputs: 1; attributes: PoolAttributes };
  /** The transpose of `windowSum`: adds each element to all elements of its window. */
  windowSumTranspose: { inputs: 1; attributes: PoolAttributes };
  /** Elements and int32 indices, equal on all axes but one. */
  takeAlongAxis: { inputs: 2; attributes: AxisAttributes };
  /** The transpose of `takeAlongAxis`: int32 indices and updates, added to zeros. */
  scatterAdd: { inputs: 2; attributes: AxisAttributes };
  argsort: { inputs: 1; attributes: SortAttributes };
  scan: { inputs: 1 | 2; attributes: ScanAttributes };
  pad: { inputs: 1; attributes: PadAttributes };
  concat: { inputs: number; attributes: AxisAttributes };
  /** The transpose of `unfold`: adds windows up where they overlap. */
  fold: { inputs: 1; attributes: UnfoldAttributes };
  /** 0, 1, 2, … */
  iota: { inputs: 0; attributes: NoAttributes };
  /** Random int32 from a key of two int32. */
  randomBits: { inputs: 1; attributes: NoAttributes };
}

export type RoutineName = keyof Routines;

/** `Count` items of one type: a tuple, or an array where the count is not fixed. */
export type Repeat<Count extends number, Item> = number extends Count
  ? readonly Item[]
  : Count extends 0
    ? readonly []
    : Count extends 1
      ? readonly [Item]
      : Count extends 2
        ? readonly [Item, Item]
        : readonly [Item, Item, Item];

/** The inputs of a routine, as what represents them: tensors, operands of a kernel, strided arrays. */
export type InputsOf<Name extends RoutineName, Item> = Repeat<Routines[Name]['inputs'], Item>;

export type AttributesOf<Name extends RoutineName> = Routines[Name]['attributes'];

/** What a routine computes, in plain loops: its meaning, and what runs where a backend has no kernel for it. */
export interface RoutineDefinition<Name extends RoutineName = RoutineName> {
  readonly name: Name;
  /** Writes the result, row-major, from strided inputs. */
  run(output: TypedArray, shape: Shape, inputs: InputsOf<Name, Strided>, attributes: AttributesOf<Name>): void;
  /** The same result to the bit, faster: runs on the host instead of `run`. */
  runFast?(output: TypedArray, shape: Shape, inputs: InputsOf<Name, Strided>, attributes: AttributesOf<Name>): void;
  /** The number of multiply-adds, for routines made of them. */
  multiplyAdds?(shape: Shape, inputs: InputsOf<Name, Shape>): number;
}
