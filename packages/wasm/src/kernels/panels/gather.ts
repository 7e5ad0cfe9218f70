// Panels of operands that are not matrices in memory. An element's address is the sum of two offsets, one of its row
// (or column) and one of its term, so a convolution's patches are materialized only a panel at a time.
import {
  f32,
  i32,
  i32x4,
  v128,
  type Code,
  type FunctionRef,
  type Local,
  type ModuleBuilder,
  type Value,
} from '../../assembler/index.ts';
import type { Word } from '../../command.ts';
import { loadEverySecond, transposeLanes } from '../../emit/lanes.ts';

/** Three nested loops, outermost first; offset = Σ index · byteStride. */
export type OffsetAxes = readonly [OffsetAxis, OffsetAxis, OffsetAxis];

export interface OffsetAxis {
  readonly size: number;
  readonly byteStride: number;
}

/** Read by the function of {@link defineFillOffsets}. */
export function offsetWords([outer, middle, inner]: OffsetAxes): Word[] {
  return [middle.size, inner.size, outer.byteStride, middle.byteStride, inner.byteStride];
}

export const offsetWordCount = 5;

type I32 = 'i32';

/**
 * Defines a function (axes, first, count, padded, to) that writes the offsets of `count` ≥ 1 iterations from number
 * `first` on, where `axes` points to {@link offsetWords}; after them the last one again, up to `padded` in all.
 */
export function defineFillOffsets(module: ModuleBuilder): FunctionRef<readonly [I32, I32, I32, I32, I32], readonly []> {
  return module.function(['i32', 'i32', 'i32', 'i32', 'i32'], [], (code, axes, first, count, padded, to) => {
    const word = (index: number) => code.local('i32', i32.load(axes, { offset: 4 * index }));
    const [middleSize, innerSize, outerStride, middleStride, innerStride] = [
      word(0),
      word(1),
      word(2),
      word(3),
      word(4),
    ];
    const inner = code.local('i32', i32.remU(first, innerSize));
    const rest = code.local('i32', i32.divU(first, innerSize));
    const middle = code.local('i32', i32.remU(rest, middleSize));
    const outer = i32.divU(rest, middleSize);
    const offset = code.local(
      'i32',
      i32.add(i32.mul(outer, outerStride), i32.add(i32.mul(middle, middleStride), i32.mul(inner, innerStride))),
    );
    // The increments of a carry to the next loop.
    const innerWrap = code.local('i32', i32.sub(middleStride, i32.mul(innerSize, innerStride)));
    const middleWrap = code.local('i32', i32.sub(outerStride, i32.mul(middleSize, middleStride)));
    const end = code.local('i32', i32.add(to, i32.shl(count, i32.const(2))));
    const paddedEnd = code.local('i32', i32.add(to, i32.shl(padded, i32.const(2))));
    code.while(i32.ltU(to, end), () => {
      code.emit(i32.store(to, offset));
      code.add(to, i32.const(4));
      code.add(offset, innerStride);
      code.add(inner, i32.const(1));
      code.if(i32.eq(inner, innerSize), () => {
        code.set(inner, i32.const(0));
        code.add(offset, innerWrap);
        code.add(middle, i32.const(1));
        code.if(i32.eq(middle, middleSize), () => {
          code.set(middle, i32.const(0));
          code.add(offset, middleWrap);
        });
      });
    });
    const last = code.local('i32', i32.load(i32.sub(to, i32.const(4))));
    code.while(i32.ltU(to, paddedEnd), () => {
      code.emit(i32.store(to, last));
      code.add(to, i32.const(4));
    });
  });
}

/**
 * Defines a function (from, rows, terms, depth, to) that packs one panel, [depth][width], of the elements at
 * `from + rows[i] + terms[k]`, where `rows` points to as many offsets as the panel is wide and `terms` to `depth` ≥ 1.
 */
export function defineGatherPanel(
  module: ModuleBuilder,
  width: number,
): FunctionRef<readonly [I32, I32, I32, I32, I32], readonly []> {
  const gatherFour = defineGatherFour(module, width);
  return module.function(['i32', 'i32', 'i32', 'i32', 'i32'], [], (code, from, rows, terms, depth, to) => {
    if (width % 4 === 0) emitGatherRuns(code, { from, rows, terms, depth, to }, width);
    for (let row = 0; row + 4 <= width; row += 4) {
      const target = i32.add(to, i32.const(4 * row));
      code.emit(code.call(gatherFour, from, i32.add(rows, i32.const(4 * row)), terms, depth, target));
    }
    const rest = Array.from({ length: width % 4 }, (_, i) => width - (width % 4) + i);
    if (rest.length === 0) return;
    const addresses = rest.map((row) => code.local('i32', i32.add(from, i32.load(rows, { offset: 4 * row }))));
    const end = code.local('i32', i32.add(terms, i32.shl(depth, i32.const(2))));
    code.doWhile(
      () => {
        const term = code.local('i32', i32.load(terms));
        addresses.forEach((address, i) =>
          code.emit(f32.store(to, f32.load(i32.add(address, term)), { offset: 4 * rest[i]! })),
        );
        code.add(terms, i32.const(4));
        code.add(to, i32.const(4 * width));
      },
      i32.ltU(terms, end),
    );
  });
}

/**
 * Emits a shorter loop for panels whose rows are neighbors in each four of them, or every second element; after it the
 * function returns.
 */
function emitGatherRuns(
  code: Code,
  { from, rows, terms, depth, to }: Readonly<Record<'from' | 'rows' | 'terms' | 'depth' | 'to', Local<I32>>>,
  width: number,
): void {
  const fours = Array.from({ length: width / 4 }, (_, i) => i);
  const firsts = fours.map((i) => code.local('i32', i32.load(rows, { offset: 16 * i })));
  const areApart = (bytes: number): Value<I32> => {
    const expected = v128.const(Int32Array.from([0, 1, 2, 3], (k) => bytes * k));
    return fours
      .map((i) => {
        const offsets = v128.load(rows, { offset: 16 * i, align: 4 });
        return i32x4.allTrue(i32x4.eq(i32x4.sub(offsets, i32x4.splat(firsts[i]!)), expected));
      })
      .reduce((a, b) => i32.and(a, b));
  };
  const end = code.local('i32', i32.add(terms, i32.shl(depth, i32.const(2))));
  const gather = (load: (at: Value<I32>) => Value<'v128'>): void => {
    for (const first of firsts) code.add(first, from);
    code.doWhile(
      () => {
        const term = code.local('i32', i32.load(terms));
        firsts.forEach((first, i) =>
          code.emit(v128.store(to, load(code.local('i32', i32.add(first, term))), { offset: 16 * i, align: 4 })),
        );
        code.add(terms, i32.const(4));
        code.add(to, i32.const(4 * width));
      },
      i32.ltU(terms, end),
    );
    code.return();
  };
  code.if(areApart(4), () => gather((at) => v128.load(at, { align: 4 })));
  code.if(areApart(8), () => gather((at) => loadEverySecond(at)));
}

/** Gathers four rows of a panel, with vectors if rows or terms are one or two elements apart. */
function defineGatherFour(
  module: ModuleBuilder,
  width: number,
): FunctionRef<readonly [I32, I32, I32, I32, I32], readonly []> {
  const step = 4 * width;
  return module.function(['i32', 'i32', 'i32', 'i32', 'i32'], [], (code, from, rows, terms, depth, to) => {
    const lanes = [0, 1, 2, 3] as const;
    const addresses = lanes.map((i) => code.local('i32', i32.add(from, i32.load(rows, { offset: 4 * i }))));
    const [first, second, third, fourth] = [addresses[0]!, addresses[1]!, addresses[2]!, addresses[3]!];
    const distance = code.local('i32', i32.sub(second, first));
    const isEven = i32.and(i32.eq(i32.sub(third, second), distance), i32.eq(i32.sub(fourth, third), distance));
    code.if(i32.eqz(isEven), () => code.set(distance, i32.const(0)));
    const end = code.local('i32', i32.add(terms, i32.shl(depth, i32.const(2))));
    const contiguous = (at: Value<I32>): Value<'v128'> => v128.load(at, { align: 4 });
    const eachTerm = (vector: (at: Value<I32>) => Value<'v128'>): void =>
      code.doWhile(
        () => {
          const at = code.local('i32', i32.add(first, i32.load(terms)));
          code.emit(v128.store(to, vector(at), { align: 4 }));
          code.add(terms, i32.const(4));
          code.add(to, i32.const(step));
        },
        i32.ltU(terms, end),
      );

    const term = code.local('i32');
    const oneTerm = (): void => {
      code.set(term, i32.load(terms));
      const gathered = lanes
        .slice(1)
        .reduce<Value<'v128'>>(
          (vector, lane) => v128.load32Lane(i32.add(addresses[lane]!, term), vector, lane),
          v128.load32Zero(i32.add(first, term)),
        );
      code.emit(v128.store(to, gathered, { align: 4 }));
      code.add(terms, i32.const(4));
      code.add(to, i32.const(step));
    };
    /** Whether the next four terms are `bytes` apart. */
    const areApart = (bytes: number): Value<I32> =>
      [1, 2, 3]
        .map((k) => i32.eq(i32.load(terms, { offset: 4 * k }), i32.add(term, i32.const(bytes * k))))
        .reduce((a, b) => i32.and(a, b));
    const fourTerms = (vector: (at: Value<I32>) => Value<'v128'>): void => {
      const loaded = addresses.map((address) => code.local('v128', vector(i32.add(address, term))));
      transposeLanes(code, loaded).forEach((column, k) =>
        code.emit(v128.store(to, column, { offset: step * k, align: 4 })),
      );
      code.add(terms, i32.const(16));
      code.add(to, i32.const(4 * step));
    };
    const otherwise = (): void => {
      const lastFour = code.local('i32', i32.sub(end, i32.const(12)));
      code.while(i32.ltU(terms, lastFour), () => {
        code.set(term, i32.load(terms));
        code.if(
          areApart(4),
          () => fourTerms(contiguous),
          () =>
            code.if(
              areApart(8),
              () => fourTerms((at) => loadEverySecond(at)),
              () => oneTerm(),
            ),
        );
      });
      code.while(i32.ltU(terms, end), oneTerm);
    };
    code.if(
      i32.eq(distance, i32.const(4)),
      () => eachTerm(contiguous),
      () =>
        code.if(
          i32.eq(distance, i32.const(8)),
          () => eachTerm((at) => loadEverySecond(at)),
          () => otherwise(),
        ),
    );
  });
}
