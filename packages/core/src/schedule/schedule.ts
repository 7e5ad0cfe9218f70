import { contiguous, expandView, isContiguous, permuteView, sameShape, type View } from '../data/shape.ts';
import type { Targets } from '../graph/targets.ts';
import { isLeaf } from '../graph/order.ts';
import type { Attributes, Elementwise, Reduce, Routine, ViewRule } from '../graph/primitive.ts';
import type { RoutineName } from '../graph/routines.ts';
import type { Tensor } from '../graph/tensor.ts';
import { Cast } from '../ops/cast.ts';
import { applyStep, mapViews, readSlot } from './body.ts';
import { absorbEpilogues, demandsOf, isWorthStoring, maxSteps, type Demand } from './fusion.ts';
import type { Body, Kernel, MapKernel, Operand, Plan, RoutineKernel, Slot } from './kernel.ts';
import { arenaSlot, placeInArena } from './memory.ts';
import { orderKernels } from './order.ts';
import { sequenceKernels } from './sequence.ts';

export interface ScheduleOptions {
  /** Whether to fuse operations into kernels, which does not change results. Default: true. */
  readonly fuse?: boolean;
  /** The maximum number of operands of a kernel, which limits the size of generated code. Default: 16. */
  readonly maxOperands?: number;
}

/**
 * Schedules a graph: turns it into kernels in execution order. Movements become views of operands. Elementwise operations
 * stay bodies until a reader needs their values in memory, so that chains and trees of them are fused into the map or
 * reduction that uses them, or into the epilogue of the routine that they follow.
 */
export function schedule(targets: Targets, { fuse = true, maxOperands = 16 }: ScheduleOptions = {}): Plan {
  const { kernels, inputs, outputs } = new Scheduler(targets, fuse, maxOperands).run();
  const overwrites = targets.updates.map(({ replaces }, i) => ({
    slot: outputs[targets.results.length + i]!,
    replaced: new Set(replaces.map((leaf) => inputs.get(leaf)!)),
  }));
  const overwritten = new Set(overwrites.map(({ slot }) => slot));
  const fused = fuse ? absorbEpilogues(kernels, overwritten, maxOperands) : kernels;
  const ordered = orderKernels(sequenceKernels(fused), overwrites);
  return { kernels: ordered, arenaBytes: placeInArena(ordered) };
}

interface Scheduled {
  readonly kernels: readonly Kernel[];
  /** The slots of leaves and of their slices, in the order in which they are bound. */
  readonly inputs: ReadonlyMap<Tensor, Slot>;
  /** The slots of results, followed by those of updates. */
  readonly outputs: readonly Slot[];
}

class Scheduler {
  readonly #targets: Targets;
  readonly #fuse: boolean;
  readonly #maxOperands: number;
  readonly #demands: Map<Tensor, Demand>;
  readonly #kernels: Kernel[] = [];
  /** The body of each tensor, over slots. */
  readonly #bodies = new Map<Tensor, Body>();
  /** The outputs of the plan that tensors are computed into directly. */
  readonly #destinations = new Map<Tensor, Slot>();

  constructor(targets: Targets, fuse: boolean, maxOperands: number) {
    this.#targets = targets;
    this.#fuse = fuse;
    this.#maxOperands = maxOperands;
    this.#demands = demandsOf(targets.order);
  }

  run(): Scheduled {
    const { order, slices, results, updates } = this.#targets;
    const outputTensors = [...results, ...updates.map(({ value }) => value)];
    const outputs = outputTensors.map(({ dtype, size }, index): Slot => ({ kind: 'output', index, dtype, size }));
    this.#chooseDestinations(outputTensors, outputs);
    const inputs = new Map<Tensor, Slot>();
    for (const tensor of order) {
      const slice = slices.get(tensor);
      if (slice || isLeaf(tensor)) {
        const { size, view } = slice ?? { size: tensor.size, view: contiguous(tensor.shape) };
        const slot: Slot = { kind: 'input', index: inputs.size, dtype: tensor.dtype, size };
        inputs.set(tensor, slot);
        this.#bodies.set(tensor, { operands: [{ slot, view }], steps: [] });
      } else {
        this.#bodies.set(tensor, this.#makeBody(tensor));
      }
      if (this.#destinations.has(tensor) || this.#mustBeStored(tensor)) this.#store(tensor);
    }
    outputs.forEach((slot, i) => {
      const tensor = outputTensors[i]!;
      if (this.#destinations.get(tensor) !== slot) this.#write(this.#bodyOf(tensor), tensor, slot);
    });
    return { kernels: this.#kernels, inputs, outputs };
  }

  #chooseDestinations(outputTensors: readonly Tensor[], outputs: readonly Slot[]): void {
    // A tensor is computed into its first output, and copied to others.
    outputTensors.forEach((tensor, i) => {
      if (!this.#destinations.has(tensor)) this.#destinations.set(tensor, outputs[i]!);
    });
    // The source of a reshaped target is computed into the output, too: a sum without its axes, the rows of a matrix product.
    outputTensors.forEach((tensor, i) => {
      const source = reshapeSource(tensor);
      if (this.#destinations.get(tensor) === outputs[i] && !isLeaf(source) && !this.#destinations.has(source)) {
        this.#destinations.set(source, outputs[i]!);
      }
    });
  }

  #bodyOf(tensor: Tensor): Body {
    return this.#bodies.get(tensor)!;
  }

  #makeBody(tensor: Tensor): Body {
    const { primitive } = tensor;
    switch (primitive.kind) {
      case 'source':
        throw new Error(`schedule: a ${primitive.name} source is a leaf and cannot be lowered`);
      case 'movement':
        return this.#movementBody(primitive, tensor);
      case 'elementwise':
        return this.#elementwiseBody(primitive, tensor);
      case 'reduce':
        return this.#reduceBody(primitive, tensor);
      case 'routine':
        return this.#routineBody(primitive, tensor);
    }
  }

  #movementBody(primitive: ViewRule, tensor: Tensor): Body {
    const [input] = tensor.inputs as [Tensor];
    const applyView = (view: View): View | undefined => primitive.view(view, tensor);
    const body = mapViews(this.#bodyOf(input), applyView);
    if (body) return body;
    const copy = this.#write(this.#bodyOf(input), input, arenaSlot(input.shape, input.dtype));
    this.#bodies.set(input, copy);
    return mapViews(copy, applyView)!;
  }

  #elementwiseBody(primitive: Elementwise, { inputs, shape, dtype }: Tensor): Body {
    const expandInput = (input: Tensor): Body => {
      const body = this.#bodyOf(input);
      return sameShape(input.shape, shape) ? body : mapViews(body, (view) => expandView(view, shape))!;
    };
    const body = applyStep(primitive, inputs.map(expandInput), dtype);
    if (body.operands.length <= this.#maxOperands && body.steps.length <= maxSteps) return body;
    for (const input of inputs) this.#store(input);
    return applyStep(primitive, inputs.map(expandInput), dtype);
  }

  #reduceBody(operation: Reduce, tensor: Tensor): Body {
    const [input] = tensor.inputs as [Tensor];
    const reduced = tensor.attributes['axes'] as readonly number[];
    const keptAxes = input.shape.flatMap((_, axis) => (reduced.includes(axis) ? [] : [axis]));
    const axes = [...keptAxes, ...reduced];
    const output = this.#slotFor(tensor);
    this.#kernels.push({
      kind: 'reduce',
      operation,
      body: mapViews(this.#bodyOf(input), (view) => permuteView(view, axes))!,
      shape: axes.map((axis) => input.shape[axis]!),
      kept: keptAxes.length,
      output,
    });
    return readSlot(output, tensor.shape);
  }

  #routineBody(definition: Routine, tensor: Tensor): Body {
    const output = this.#slotFor(tensor);
    const operands = tensor.inputs.map((input) => {
      const [operand] = this.#store(input).operands as [Operand];
      if (!definition.loop || isContiguous(operand.view)) return operand;
      return this.#write(this.#bodyOf(input), input, arenaSlot(input.shape, input.dtype)).operands[0]!;
    });
    this.#kernels.push(routineKernel(definition, operands, tensor, output));
    return readSlot(output, tensor.shape);
  }

  #slotFor(tensor: Tensor): Slot {
    return this.#destinations.get(tensor) ?? arenaSlot(tensor.shape, tensor.dtype);
  }

  /** Stores the tensor's values unless they are in memory already, and returns the body that reads them. */
  #store(tensor: Tensor): Body {
    const body = this.#bodyOf(tensor);
    const destination = this.#destinations.get(tensor);
    if (body.steps.length === 0 && (!destination || body.operands[0]!.slot === destination)) return body;
    const stored = this.#write(body, tensor, this.#slotFor(tensor));
    this.#bodies.set(tensor, stored);
    return stored;
  }

  /** Adds a kernel that writes the tensor's values contiguously, and returns the body that reads them. */
  #write(body: Body, { shape }: Tensor, output: Slot): Body {
    const bodyWithSteps = body.steps.length > 0 ? body : applyStep(Cast, [body], output.dtype);
    this.#kernels.push({ kind: 'map', body: bodyWithSteps, shape, output });
    return readSlot(output, shape);
  }

  #mustBeStored(tensor: Tensor): boolean {
    const body = this.#bodyOf(tensor);
    if (body.steps.length === 0) return false;
    return !this.#fuse || isWorthStoring(body, this.#demands.get(tensor)!);
  }
}

/** A routine kernel without the types that its name implies for operands and attributes. */
interface UntypedRoutineKernel extends Omit<MapKernel, 'kind' | 'body'> {
  readonly kind: 'routine';
  readonly name: RoutineName;
  readonly definition: Routine;
  readonly operands: readonly Operand[];
  readonly attributes: Attributes;
}

function routineKernel(
  definition: Routine,
  operands: readonly Operand[],
  { attributes, shape }: Tensor,
  output: Slot,
): RoutineKernel {
  const kernel: UntypedRoutineKernel = {
    kind: 'routine',
    name: definition.name,
    definition,
    operands,
    attributes,
    shape,
    output,
  };
  // `applyRoutine`, which created the node, has checked these types.
  return kernel as unknown as RoutineKernel;
}

/** Follows reshapes back to their source. */
function reshapeSource(tensor: Tensor): Tensor {
  let source = tensor;
  while (!isLeaf(source) && source.primitive.kind === 'movement') {
    const movement: ViewRule = source.primitive;
    const [input] = source.inputs as [Tensor];
    const view = movement.view(contiguous(input.shape), source);
    if (!view || !isContiguous(view) || input.size !== source.size) break;
    source = input;
  }
  return source;
}
