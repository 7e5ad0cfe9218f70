import {
  constant,
  parameter,
  scalarTypeOf,
  type Kernel,
  type Reduce,
  type Scalar,
  type ScalarType,
  type Slot,
} from '@thetagrad/core';
import {
  f32,
  f32x4,
  i32,
  i32x4,
  type Code,
  type FunctionRef,
  type Local,
  type ModuleBuilder,
  type Value,
  type ValueType,
} from '../assembler/index.ts';
import type { Command, Temporary, Word } from '../program.ts';
import { bytesOf, storeFour, storeOne, wasmType } from './elements.ts';
import { describe, expressionOf, type Expression } from './expression.ts';
import { elementBytes, emitAdvance, emitExpression, importing, importsOf, type Walker, type Walking } from './inner.ts';
import { lieOf, nestOf, type Lie, type Nest } from './nest.ts';
import { ScalarRenderer, VectorRenderer, type Imports } from './render.ts';

/**
 * A reduction as commands. Where results are few and terms are many, the outermost reduced axis is cut into slices, whose
 * results a second command combines in their order. How it is cut depends on shapes alone.
 */
export function reduceCommands({ operation, body, kept, output }: Extract<Kernel, { kind: 'reduce' }>): Command[] {
  const views = body.operands.map(({ view }) => view);
  const expression = expressionOf(body);
  const outputType = scalarTypeOf(output.dtype);
  const type: ScalarType = operation.index ? expression.root.type : outputType;
  return reductionCommands({
    operation,
    expression,
    operands: body.operands.map((operand) => ({
      place: operand.slot,
      byteOffset: operand.view.offset * elementBytes(operand),
    })),
    kept: nestOf(views, 0, kept),
    reduced: nestOf(views, kept),
    // Conditions are counted and compared as numbers.
    type: type === 'bool' ? 'i32' : type,
    outputType,
    output,
  });
}

interface Reduction {
  readonly operation: Reduce;
  readonly expression: Expression;
  readonly operands: readonly { readonly place: Slot | Temporary; readonly byteOffset: number }[];
  readonly kept: Nest;
  readonly reduced: Nest;
  /** What is combined. */
  readonly type: ScalarType;
  readonly outputType: ScalarType;
  readonly output: Slot | Temporary;
}

/** What the code depends on. */
interface Structure {
  readonly operation: Reduce;
  readonly expression: Expression;
  readonly type: ScalarType;
  readonly outputType: ScalarType;
  readonly keptRank: number;
  readonly reducedRank: number;
  /** Whether four neighbouring results are computed at once; otherwise four neighbouring terms of one. */
  readonly columns: boolean;
  readonly lies: readonly Lie[];
}

/** A chunk is about this many operations. */
const chunkWork = 1 << 18;
/** More chunks than these need no slices. */
const enoughChunks = 16;
/** Terms that are added one after another before their sum is added to that of others: results side by side. */
const longestRun = 256;
/** The same for the terms in each lane of a vector. */
const shortRun = 32;

/** The first words: results, results in a chunk, chunks of results, where they go, terms of the outermost axis in a slice. */
const header = 5;

function reductionCommands(reduction: Reduction): Command[] {
  const { operation, expression, operands, kept, reduced, type, outputType, output } = reduction;
  const size = sizeOf(kept.sizes);
  const terms = sizeOf(reduced.sizes);
  const columns = !operation.index && expression.isNarrow && type !== 'f64' && prefersColumns(kept, reduced);
  const inner = columns ? kept : reduced;
  const lies = inner.strides.map((own) => lieOf(own.at(-1)!));

  const work = 2 + expression.weight;
  const perChunk = Math.max(1, Math.round(chunkWork / Math.max(1, terms * work)));
  const grain = columns ? Math.ceil(perChunk / 16) * 16 : perChunk;
  const chunks = Math.ceil(size / grain);
  const outermost = reduced.sizes[0]!;
  let slices = 1;
  if (!operation.index && chunks < enoughChunks) {
    slices = Math.min(outermost, Math.ceil((terms * size * work) / chunkWork / Math.max(1, chunks)));
    if (columns) slices = Math.max(slices, Math.ceil(outermost / longestRun));
  }
  const sliceLength = Math.ceil(outermost / Math.max(1, slices));
  slices = Math.max(1, Math.ceil(outermost / Math.max(1, sliceLength)));

  const partial: Temporary | undefined =
    slices > 1 ? { kind: 'temporary', bytes: slices * size * bytesOf(type) } : undefined;
  const words: Word[] = [size, grain, chunks, { place: partial ?? output, byteOffset: 0 }, sliceLength];
  words.push(...kept.sizes, ...reduced.sizes);
  operands.forEach(({ place, byteOffset }, j) => {
    const bytes = bytesOf(expression.types[j]!);
    words.push({ place, byteOffset }, ...[...kept.strides[j]!, ...reduced.strides[j]!].map((stride) => stride * bytes));
  });
  const structure: Structure = {
    operation,
    expression,
    type,
    outputType: partial ? type : outputType,
    keptRank: kept.sizes.length,
    reducedRank: reduced.sizes.length,
    columns,
    lies,
  };
  const command: Command = {
    code: {
      key: keyOf(structure),
      ...importing(expression),
      assemble: (module) => assemble(module, structure),
    },
    words,
    chunks: size === 0 ? 0 : chunks * slices,
    scratchBytes: 0,
  };
  if (!partial) return [command];
  const combined = reductionCommands({
    operation,
    expression: describe(parameter(type, 0), [type]),
    operands: [{ place: partial, byteOffset: 0 }],
    kept: { sizes: [size], strides: [[1]] },
    reduced: { sizes: [slices], strides: [[size]] },
    type,
    outputType,
    output,
  });
  return [command, ...combined];
}

function keyOf({ operation, expression, type, outputType, keptRank, reducedRank, columns, lies }: Structure): string {
  return `reduce ${operation.name} ${type} ${outputType} ${keptRank} ${reducedRank} ${columns} ${lies.join()} ${expression.key}`;
}

/** Whether more operands lie side by side along the results than along the terms. */
function prefersColumns(kept: Nest, reduced: Nest): boolean {
  if (kept.sizes.at(-1)! < 4) return false;
  const together = ({ strides }: Nest): number => strides.filter((own) => own.at(-1) === 1).length;
  const apart = ({ strides }: Nest): number => strides.filter((own) => lieOf(own.at(-1)!) === 'apart').length;
  if (apart(kept) !== apart(reduced)) return apart(kept) < apart(reduced);
  return together(kept) > together(reduced) || (reduced.sizes.at(-1)! < 8 && together(kept) === together(reduced));
}

function sizeOf(sizes: readonly number[]): number {
  return sizes.reduce((product, size) => product * size, 1);
}

function assemble(module: ModuleBuilder, structure: Structure): FunctionRef {
  const imports = importsOf(module, structure.expression);
  return module.function(['i32', 'i32', 'i32'], [], (code, args, chunk) => {
    new Emitter(code, structure, imports, args).emit(chunk);
  });
}

/** Writes the function of one reduction. */
class Emitter {
  readonly #code: Code;
  readonly #structure: Structure;
  readonly #imports: Imports;
  readonly #args: Local<'i32'>;
  /** The number of terms of each reduced axis; of the outermost, those of this slice. */
  readonly #lengths: Local<'i32'>[];
  readonly #to: Local<'i32'>;

  constructor(code: Code, structure: Structure, imports: Imports, args: Local<'i32'>) {
    this.#code = code;
    this.#structure = structure;
    this.#imports = imports;
    this.#args = args;
    const { keptRank, reducedRank } = structure;
    this.#lengths = Array.from({ length: reducedRank }, (_, axis) =>
      code.local('i32', this.#word(header + keptRank + axis)),
    );
    this.#to = code.local('i32', this.#word(3));
  }

  emit(chunk: Local<'i32'>): void {
    const code = this.#code;
    const { keptRank, lies, columns, outputType } = this.#structure;
    const slice = code.local('i32', i32.divU(chunk, this.#word(2)));
    const begin = code.local('i32', i32.mul(i32.remU(chunk, this.#word(2)), this.#word(1)));
    const end = code.local('i32', i32.add(begin, this.#word(1)));
    code.if(i32.gtU(end, this.#word(0)), () => code.set(end, this.#word(0)));
    const offset = i32.add(i32.mul(slice, this.#word(0)), begin);
    code.add(this.#to, i32.mul(offset, i32.const(bytesOf(outputType))));

    const first = code.local('i32', i32.mul(slice, this.#word(4)));
    const [outermost] = this.#lengths as [Local<'i32'>];
    code.set(outermost, i32.sub(outermost, first));
    code.if(i32.gtU(outermost, this.#word(4)), () => code.set(outermost, this.#word(4)));

    const row = code.local('i32', this.#word(header + keptRank - 1));
    const rest = code.local('i32', i32.divU(begin, row));
    const column = code.local('i32', i32.sub(begin, i32.mul(rest, row)));
    const starts = lies.map((_, j) =>
      code.local('i32', i32.add(this.#word(this.#operand(j)), i32.mul(first, this.#stride(j, keptRank)))),
    );
    const outer: Local<'i32'>[] = [];
    for (let axis = keptRank - 2; axis >= 0; axis--) {
      const index = code.local('i32', i32.remU(rest, this.#word(header + axis)));
      code.set(rest, i32.divU(rest, this.#word(header + axis)));
      starts.forEach((start, j) => code.add(start, i32.mul(index, this.#stride(j, axis))));
      outer[axis] = index;
    }

    const count = code.local('i32');
    const along = starts.map(() => code.local('i32'));
    code.while(i32.ltU(begin, end), () => {
      code.set(count, i32.sub(row, column));
      code.if(i32.gtU(count, i32.sub(end, begin)), () => code.set(count, i32.sub(end, begin)));
      code.add(begin, count);
      along.forEach((at, j) => code.set(at, i32.add(starts[j]!, i32.mul(column, this.#stride(j, keptRank - 1)))));
      if (columns) this.#columns(along, count);
      else {
        code.while(count, () => {
          if (this.#structure.operation.index) this.#index(along);
          else this.#row(along);
          this.#next(along, count, 1);
        });
      }
      code.set(column, i32.const(0));
      this.#nextRow(outer, starts);
    });
  }

  #word(index: number): Value<'i32'> {
    return i32.load(this.#args, { offset: 4 * index });
  }

  #operand(j: number): number {
    const { keptRank, reducedRank } = this.#structure;
    return header + (keptRank + reducedRank) * (1 + j) + j;
  }

  /** Of operand j along an axis, kept ones first, in bytes. */
  #stride(j: number, axis: number): Value<'i32'> {
    return this.#word(this.#operand(j) + 1 + axis);
  }

  /** On to results further along the innermost kept axis. */
  #next(along: readonly Local<'i32'>[], count: Local<'i32'>, by: number): void {
    const { keptRank, outputType } = this.#structure;
    along.forEach((at, j) => this.#code.add(at, i32.mul(this.#stride(j, keptRank - 1), i32.const(by))));
    this.#code.add(this.#to, i32.const(by * bytesOf(outputType)));
    this.#code.add(count, i32.const(-by));
  }

  #nextRow(outer: readonly Local<'i32'>[], starts: readonly Local<'i32'>[]): void {
    const code = this.#code;
    code.block((exit) => {
      for (let axis = outer.length - 1; axis >= 0; axis--) {
        const index = outer[axis]!;
        code.add(index, i32.const(1));
        starts.forEach((start, j) => code.add(start, this.#stride(j, axis)));
        exit(i32.ltU(index, this.#word(header + axis)));
        starts.forEach((start, j) => code.set(start, i32.sub(start, i32.mul(index, this.#stride(j, axis)))));
        code.set(index, i32.const(0));
      }
    });
  }

  /** Runs `body` for all terms of the reduced axes from `level` to but without `last`, with where operands are there. */
  #loops(level: number, last: number, at: readonly Local<'i32'>[], body: (at: readonly Local<'i32'>[]) => void): void {
    if (level === last) return body(at);
    const code = this.#code;
    const left = code.local('i32', this.#lengths[level]!);
    const here = at.map((start) => code.local('i32', start));
    code.while(left, () => {
      this.#loops(level + 1, last, here, body);
      here.forEach((address, j) => code.add(address, this.#stride(j, this.#structure.keptRank + level)));
      code.add(left, i32.const(-1));
    });
  }

  #initial(wide: boolean, type: ScalarType = this.#structure.type): Value<ValueType> {
    const { operation } = this.#structure;
    const value = type === 'i32' ? Math.max(-(2 ** 31), Math.min(2 ** 31 - 1, operation.initial)) : operation.initial;
    return this.#renderer(wide, new Map()).render(constant(type, value));
  }

  #renderer(wide: boolean, known: ReadonlyMap<Scalar, Value<ValueType>>): ScalarRenderer | VectorRenderer {
    return new (wide ? VectorRenderer : ScalarRenderer)(this.#code, known, this.#imports);
  }

  #combined(accumulator: Value<ValueType>, value: Value<ValueType>, wide: boolean): Value<ValueType> {
    const { operation, type } = this.#structure;
    const [a, x] = [parameter(type, 0), parameter(type, 1)];
    const known = new Map<Scalar, Value<ValueType>>([
      [a, accumulator],
      [x, value],
    ]);
    return this.#renderer(wide, known).render(operation.lower(a, x));
  }

  /** The expression's value here, in the type that is combined. */
  #term(walkers: readonly Walker[], wide: boolean): Value<ValueType> {
    const { expression, type } = this.#structure;
    const converted = expression.root.to(type);
    const whole = converted === expression.root ? expression : { ...expression, root: converted };
    return emitExpression(this.#code, whole, walkers, this.#imports, wide, new Map());
  }

  #accumulate(accumulator: Local<ValueType>, value: Value<ValueType>, wide: boolean): void {
    this.#code.set(accumulator, this.#combined(accumulator, value, wide) as Value<never>);
  }

  /** Four times `group` results at once while there are as many, then four, then one. */
  #columns(along: readonly Local<'i32'>[], count: Local<'i32'>): void {
    const code = this.#code;
    const { expression, reducedRank, outputType, keptRank, type } = this.#structure;
    const steps = along.map((_, j) => code.local('i32', this.#stride(j, keptRank - 1)));
    for (const group of expression.weight <= 12 ? [4, 1] : [1]) {
      code.while(i32.geU(count, i32.const(4 * group)), () => {
        const sums = Array.from({ length: group }, () => code.local('v128', this.#initial(true) as Value<'v128'>));
        this.#loops(0, reducedRank, along, (at) => {
          sums.forEach((sum, u) => {
            const walkers = at.map((start, j): Walker => {
              const lie = this.#structure.lies[j]!;
              const bytes = bytesOf(expression.types[j]!);
              const by = lie === 'together' ? i32.const(4 * u * bytes) : i32.mul(steps[j]!, i32.const(4 * u));
              return { at: u === 0 || lie === 'same' ? start : i32.add(start, by), step: steps[j]!, lie };
            });
            this.#accumulate(sum, this.#term(walkers, true), true);
          });
        });
        sums.forEach((sum, u) => {
          const to = i32.add(this.#to, i32.const(4 * u * bytesOf(outputType)));
          code.emit(storeFour(outputType, to, outputType === 'bool' ? i32x4.ne(sum, i32x4.splat(i32.const(0))) : sum));
        });
        this.#next(along, count, 4 * group);
      });
    }
    code.while(count, () => {
      const sum = code.local(wasmType(type), this.#initial(false) as Value<never>);
      this.#loops(0, reducedRank, along, (at) => {
        const walkers = at.map((start, j): Walker => ({ at: start, step: steps[j]!, lie: this.#structure.lies[j]! }));
        this.#accumulate(sum, this.#term(walkers, false), false);
      });
      this.#store(sum);
      this.#next(along, count, 1);
    });
  }

  #store(result: Value<ValueType>): void {
    const { outputType } = this.#structure;
    this.#code.emit(storeOne(outputType, this.#to, result));
  }

  /** Where operands are at the start of a run of terms along the innermost reduced axis. */
  #walking(at: readonly Local<'i32'>[]): Walking[] {
    const { lies, keptRank, reducedRank } = this.#structure;
    return at.map((start, j) => ({
      at: this.#code.local('i32', start),
      step: this.#code.local('i32', this.#stride(j, keptRank + reducedRank - 1)),
      lie: lies[j]!,
    }));
  }

  /** One result: short runs of its terms are combined in vectors, and their results in float64, where sums lose nothing. */
  #row(along: readonly Local<'i32'>[]): void {
    const code = this.#code;
    const { expression, reducedRank, type } = this.#structure;
    const wide = expression.isNarrow && type !== 'f64';
    const precise: ScalarType = type === 'f32' ? 'f64' : type;
    const total = code.local(wasmType(precise), this.#initial(false, precise) as Value<never>);
    const join = (part: Value<ValueType>): void => {
      const [a, x] = [parameter(precise, 0), parameter(type, 1)];
      const known = new Map<Scalar, Value<ValueType>>([
        [a, total],
        [x, part],
      ]);
      code.set(
        total,
        this.#renderer(false, known).render(this.#structure.operation.lower(a, x.to(precise))) as Value<never>,
      );
    };
    const group = expression.weight <= 12 ? 4 : 1;
    const parts = Array.from({ length: group }, () => code.local(wide ? 'v128' : wasmType(type)));
    this.#loops(0, reducedRank - 1, along, (at) => {
      const walkers = this.#walking(at);
      const left = code.local('i32', this.#lengths[reducedRank - 1]!);
      if (wide) {
        const run = code.local('i32');
        const longest = i32.const(4 * group * shortRun);
        code.while(i32.geU(left, i32.const(4)), () => {
          code.set(run, left);
          code.if(i32.gtU(run, longest), () => code.set(run, longest));
          code.set(left, i32.sub(left, i32.and(run, i32.const(-4))));
          for (const part of parts) code.set(part, this.#initial(true) as Value<never>);
          const take = (part: Local<ValueType>): void => {
            this.#accumulate(part, this.#term(walkers, true), true);
            emitAdvance(code, expression, walkers, 4);
          };
          if (group > 1) {
            code.while(i32.geU(run, i32.const(4 * group)), () => {
              parts.forEach(take);
              code.add(run, i32.const(-4 * group));
            });
          }
          code.while(i32.geU(run, i32.const(4)), () => {
            take(parts[0]!);
            code.add(run, i32.const(-4));
          });
          const [sum, ...others] = parts as [Local<'v128'>, ...Local<'v128'>[]];
          for (const part of others) this.#accumulate(sum, part, true);
          for (let lane = 0; lane < 4; lane++) {
            join(type === 'f32' ? f32x4.extractLane(sum, lane) : i32x4.extractLane(sum, lane));
          }
        });
      }
      code.while(left, () => {
        join(this.#term(walkers, false));
        emitAdvance(code, expression, walkers, 1);
        code.add(left, i32.const(-1));
      });
    });
    this.#store(type === 'f32' ? f32.demoteF64(total as Local<'f64'>) : total);
  }

  /** One result: the number of the term that was best. */
  #index(along: readonly Local<'i32'>[]): void {
    const code = this.#code;
    const { expression, operation, reducedRank, type } = this.#structure;
    const best = code.local(wasmType(type), this.#initial(false) as Value<never>);
    const found = code.local('i32', i32.const(0));
    const number = code.local('i32', i32.const(0));
    this.#loops(0, reducedRank - 1, along, (at) => {
      const walkers = this.#walking(at);
      const left = code.local('i32', this.#lengths[reducedRank - 1]!);
      code.while(left, () => {
        const value = code.local(wasmType(type), this.#term(walkers, false) as Value<never>);
        const [a, x] = [parameter(type, 0), parameter(type, 1)];
        const known = new Map<Scalar, Value<ValueType>>([
          [a, best],
          [x, value],
        ]);
        code.if(this.#renderer(false, known).render(operation.lower(a, x)) as Value<'i32'>, () => {
          code.set(best, value);
          code.set(found, number);
        });
        code.add(number, i32.const(1));
        emitAdvance(code, expression, walkers, 1);
        code.add(left, i32.const(-1));
      });
    });
    this.#store(found);
  }
}
