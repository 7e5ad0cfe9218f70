// Products with a factor of at most three rows or columns: each element of the other, large factor is used at most
// three times, so it is read once, in its order in memory. (Packing it would take twice as long.)
import {
  f32,
  f32x4,
  i32,
  memory,
  v128,
  type Code,
  type FunctionRef,
  type Local,
  type ModuleBuilder,
  type Value,
} from '../../assembler/index.ts';
import type { Command } from '../../command.ts';
import { batchWords, emitBatchOffset } from '../../emit/batch.ts';
import { emitEpilogue, epilogueNames, epilogueWords } from '../../emit/epilogue.ts';
import { kernelCode } from '../../emit/kernelCode.ts';
import { transposeLanes } from '../../emit/lanes.ts';
import { countChunks, cutUnits, emitMin, emitUnits } from '../../emit/units.ts';
import { emitAddWide, loadWide, wideSumBytes } from '../../emit/wideSum.ts';
import { packWords, readWords } from '../../emit/words.ts';
import { countMatrices, type Product } from './product.ts';

const maxVectors = 3;

/** The maximum number of columns of the large factor in a unit. */
const maxColumns = 1024;
/** The sizes of the sums of a vector in a block, and in all blocks. */
const sumBytes = 4 * maxColumns;
const totalBytes = (sumBytes / 16) * wideSumBytes;

/** The number of terms that are summed in float32; the sums of blocks are summed in float64. */
const block = 256;

/** The number of elements of the large factor that a chunk reads, approximately. */
const chunkElements = 1 << 17;

/** Vectors (rows of the thin factor) times a matrix (the large factor); strides in bytes. */
const names = [
  'vectors',
  'matrix',
  'output',
  'count',
  'columns',
  'depth',
  'vectorStep',
  'vectorDepth',
  'matrixColumn',
  'matrixDepth',
  'outputVector',
  'outputColumn',
  'columnsInUnit',
  'columnUnits',
  'units',
  'unitsInChunk',
  'rank',
  ...epilogueNames,
] as const;
type Words = Record<(typeof names)[number], Local<'i32'>>;

/** The command, if one factor is thin and the other is contiguous along one of its axes. */
export function skinnyCommand(product: Product): Command | undefined {
  const { rows, columns, depth, a, b } = product;
  if (Math.min(rows, columns) > maxVectors || depth === 0) return undefined;
  const isTransposed = rows > columns;
  const thin = isTransposed ? { ...b, step: b.column } : { ...a, step: a.row };
  const large = isTransposed ? { ...a, step: a.row } : { ...b, step: b.column };
  if (large.depth !== 1 && large.step !== 1) return undefined;
  const count = Math.min(rows, columns);
  const length = Math.max(rows, columns);
  const columnsInUnit = Math.min(
    maxColumns,
    Math.max(64, Math.ceil(chunkElements / depth / 16) * 16),
    Math.ceil(length / 4) * 4,
  );
  const columnUnits = Math.ceil(length / columnsInUnit);
  const cut = cutUnits(
    countMatrices(product) * columnUnits,
    depth * Math.min(length, columnsInUnit) + 100,
    chunkElements,
  );
  return {
    code: large.depth === 1 ? skinnyDots : skinnySums,
    words: [
      ...packWords(names, {
        vectors: { slot: thin.slot, byteOffset: 4 * thin.offset },
        matrix: { slot: large.slot, byteOffset: 4 * large.offset },
        output: { slot: product.output, byteOffset: 0 },
        count,
        columns: length,
        depth,
        vectorStep: 4 * thin.step,
        vectorDepth: 4 * thin.depth,
        matrixColumn: 4 * large.step,
        matrixDepth: 4 * large.depth,
        outputVector: isTransposed ? 4 : 4 * columns,
        outputColumn: isTransposed ? 4 * columns : 4,
        columnsInUnit,
        columnUnits,
        ...cut,
        rank: product.batch.length,
        ...epilogueWords(product.epilogue),
      }),
      ...batchWords(
        product.batch.map((axis) => ({
          size: axis.size,
          byteStrides: isTransposed ? [4 * axis.b, 4 * axis.a] : [4 * axis.a, 4 * axis.b],
        })),
      ),
    ],
    chunks: countChunks(cut),
    workspaceBytes: maxVectors * (sumBytes + totalBytes) + 4 * block,
  };
}

/** Emits what the two kernels differ in: adds the products of a block of the depth to its sums in the workspace. */
type EmitBlock = (code: Code, block: Block) => void;

interface Block {
  readonly w: Words;
  /** Addresses of the block's first element of vector 0 and of the unit's first column. */
  readonly vectors: Local<'i32'>;
  readonly matrix: Local<'i32'>;
  readonly depth: Local<'i32'>;
  readonly columns: Local<'i32'>;
  /** The address of the sums: those of vector i are `i · sumBytes` bytes further on, `columns` padded to fours. */
  readonly sums: Local<'i32'>;
  /** The address of memory for {@link block} elements. */
  readonly workspace: Local<'i32'>;
}

/** Defines the function of a kernel. A unit is a range of columns of one product. */
function assemble(module: ModuleBuilder, emitBlock: EmitBlock): FunctionRef {
  return module.function(['i32', 'i32', 'i32'], [], (code, args, chunk, workspace) => {
    const w = readWords(code, args, names);
    const totals = code.local('i32', i32.add(workspace, i32.const(maxVectors * sumBytes)));
    const spare = code.local('i32', i32.add(totals, i32.const(maxVectors * totalBytes)));
    const isLong = code.local('i32', i32.gtU(w.depth, i32.const(block)));
    const total = code.local('i32');
    const i = code.local('i32');
    const j = code.local('i32');
    const k = code.local('i32');
    emitUnits(code, chunk, w, (unit) => {
      const matrixNumber = code.local('i32', i32.divU(unit, w.columnUnits));
      const column = code.local('i32', i32.mul(i32.remU(unit, w.columnUnits), w.columnsInUnit));
      const columns = emitMin(code, w.columnsInUnit, i32.sub(w.columns, column));
      const bytes = code.local('i32', i32.and(i32.add(i32.shl(columns, i32.const(2)), i32.const(12)), i32.const(-16)));
      const [vectorOffset, matrixOffset] = emitBatchOffset(code, args, 4 * names.length, w.rank, matrixNumber, 2);
      const vectors = code.local('i32', i32.add(w.vectors, vectorOffset!));
      const matrix = code.local('i32', i32.add(i32.add(w.matrix, matrixOffset!), i32.mul(column, w.matrixColumn)));
      const eachVector = (body: (at: Value<'i32'>) => void): void =>
        code.for(i, i32.const(0), w.count, 1, () => body(i32.mul(i, i32.const(sumBytes))));
      /** Runs `body` at each vector of four sums of the block, with `total` at those of all blocks. */
      const eachTotal = (body: () => void): void =>
        eachVector((at) => {
          code.set(total, i32.add(totals, i32.mul(i, i32.const(totalBytes))));
          code.for(j, i32.add(workspace, at), i32.add(i32.add(workspace, at), bytes), 16, () => {
            body();
            code.add(total, i32.const(wideSumBytes));
          });
        });
      code.if(isLong, () => code.emit(memory.fill(totals, i32.const(0), i32.const(maxVectors * totalBytes))));
      code.for(k, i32.const(0), w.depth, block, () => {
        const depth = emitMin(code, i32.const(block), i32.sub(w.depth, k));
        eachVector((at) => code.emit(memory.fill(i32.add(workspace, at), i32.const(0), bytes)));
        emitBlock(code, { w, vectors, matrix, depth, columns, sums: workspace, workspace: spare });
        code.add(vectors, i32.mul(depth, w.vectorDepth));
        code.add(matrix, i32.mul(depth, w.matrixDepth));
        code.if(isLong, () => eachTotal(() => emitAddWide(code, total, code.local('v128', v128.load(j)))));
      });
      code.if(isLong, () => eachTotal(() => code.emit(v128.store(j, loadWide(total)))));
      const size = i32.mul(w.count, w.columns);
      const first = code.local(
        'i32',
        i32.add(i32.mul(matrixNumber, size), i32.shrU(i32.mul(column, w.outputColumn), i32.const(2))),
      );
      const to = code.local('i32');
      const from = code.local('i32');
      eachVector((at) => {
        code.set(to, i32.add(i32.add(w.output, i32.shl(first, i32.const(2))), i32.mul(i, w.outputVector)));
        code.set(from, i32.add(workspace, at));
        code.if(
          i32.eq(w.outputColumn, i32.const(4)),
          () => {
            code.emit(memory.copy(to, from, i32.shl(columns, i32.const(2))));
            const begin = i32.add(first, i32.mul(i, w.columns));
            emitEpilogue(code, w, begin, columns);
          },
          () =>
            code.for(j, i32.const(0), columns, 1, () => {
              code.emit(f32.store(to, f32.load(from)));
              code.add(to, w.outputColumn);
              code.add(from, i32.const(4));
            }),
        );
      });
      code.if(i32.ne(w.outputColumn, i32.const(4)), () => emitEpilogue(code, w, first, i32.mul(columns, w.count)));
    });
  });
}

/** If the matrix' rows are contiguous: adds four scaled rows at a time to the sums of a row. */
const emitSums: EmitBlock = (code, { w, vectors, matrix, depth, columns, sums }) => {
  const k = code.local('i32');
  const i = code.local('i32');
  const j = code.local('i32');
  const vector = code.local('i32');
  const to = code.local('i32');
  const from = code.local('i32', matrix);
  const rows = (count: number): void => {
    code.for(i, i32.const(0), w.count, 1, () => {
      code.set(vector, i32.add(vectors, i32.add(i32.mul(k, w.vectorDepth), i32.mul(i, w.vectorStep))));
      code.set(to, i32.add(sums, i32.mul(i, i32.const(sumBytes))));
      const terms = Array.from({ length: count }, (_, term) => {
        if (term > 0) code.add(vector, w.vectorDepth);
        return {
          factor: code.local('v128', v128.load32Splat(vector)),
          address: code.local('i32', i32.add(from, i32.mul(w.matrixDepth, i32.const(term)))),
        };
      });
      code.for(j, i32.const(0), columns, 4, () => {
        const products = terms.map(({ factor, address }) => f32x4.mul(factor, v128.load(address, { align: 4 })));
        const sum = products.reduce((a, b) => f32x4.add(a, b));
        code.emit(v128.store(to, f32x4.add(v128.load(to), sum)));
        code.add(to, i32.const(16));
        for (const { address } of terms) code.add(address, i32.const(16));
      });
    });
    code.add(from, i32.mul(w.matrixDepth, i32.const(count)));
    code.add(k, i32.const(count));
  };
  code.set(k, i32.const(0));
  code.while(i32.leU(i32.add(k, i32.const(4)), depth), () => rows(4));
  code.while(i32.ltU(k, depth), () => rows(1));
};

const skinnySums = kernelCode('matmul skinny sums', {}, (module) => assemble(module, emitSums));

/** If the matrix' columns are contiguous: dot products, four columns at a time. */
const emitDots: EmitBlock = (code, { w, vectors, matrix, depth, columns, sums, workspace }) => {
  const i = code.local('i32');
  const j = code.local('i32');
  const k = code.local('i32');
  const from = code.local('i32');
  const to = code.local('i32');
  const addresses = [0, 1, 2, 3].map(() => code.local('i32'));
  const dots = addresses.map(() => code.local('v128'));
  const depthBytes = i32.shl(depth, i32.const(2));
  const wholeBytes = i32.and(depthBytes, i32.const(-16));
  code.for(i, i32.const(0), w.count, 1, () => {
    code.set(from, i32.add(vectors, i32.mul(i, w.vectorStep)));
    code.for(k, i32.const(0), depthBytes, 4, () => {
      code.emit(f32.store(i32.add(workspace, k), f32.load(from)));
      code.add(from, w.vectorDepth);
    });
    code.set(to, i32.add(sums, i32.mul(i, i32.const(sumBytes))));
    code.for(j, i32.const(0), columns, 4, () => {
      addresses.forEach((address, column) => {
        // Beyond the last column, repeat it, for a sum that is not used.
        const at = emitMin(code, i32.add(j, i32.const(column)), i32.sub(columns, i32.const(1)));
        code.set(address, i32.add(matrix, i32.mul(at, w.matrixColumn)));
        code.set(dots[column]!, f32x4.splat(f32.const(0)));
      });
      code.for(k, i32.const(0), wholeBytes, 16, () => {
        const factor = code.local('v128', v128.load(i32.add(workspace, k), { align: 4 }));
        addresses.forEach((address, column) => {
          const product = f32x4.mul(factor, v128.load(address, { align: 4 }));
          code.set(dots[column]!, f32x4.add(dots[column]!, product));
          code.add(address, i32.const(16));
        });
      });
      const [p, q, r, s] = transposeLanes(code, dots) as [Value<'v128'>, Value<'v128'>, Value<'v128'>, Value<'v128'>];
      const sum = code.local('v128', f32x4.add(f32x4.add(p, q), f32x4.add(r, s)));
      code.while(i32.ltU(k, depthBytes), () => {
        const factor = f32x4.splat(f32.load(i32.add(workspace, k)));
        const column = addresses.reduce(
          (vector: Value<'v128'>, address, lane) => v128.load32Lane(address, vector, lane),
          f32x4.splat(f32.const(0)),
        );
        code.set(sum, f32x4.add(sum, f32x4.mul(factor, column)));
        for (const address of addresses) code.add(address, i32.const(4));
        code.add(k, i32.const(4));
      });
      code.emit(v128.store(to, sum));
      code.add(to, i32.const(16));
    });
  });
};

const skinnyDots = kernelCode('matmul skinny dots', {}, (module) => assemble(module, emitDots));
