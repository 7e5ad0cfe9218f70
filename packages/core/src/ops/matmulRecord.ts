import { allocate, type TypedArray } from '../data/dtype.ts';
import { positions, sizeOf } from '../data/shape.ts';
import { Tensor } from '../graph/tensor.ts';
import { multiplyPanels, panelIndex, panelSize } from '../reference/panels.ts';
import type { Routine, Strided } from '../graph/primitive.ts';

/** [batch…, m, k] · [batch…, k, n], with equal batch axes and dtypes: broadcasting is done by the caller, as views. */
export const matmul: Routine = {
  kind: 'routine',
  name: 'matmul',
  run: (output, shape, [a, b]) => {
    const [rows, columns] = shape.slice(-2) as [number, number];
    const depth = a!.view.shape.at(-1)!;
    const left = batches(a!);
    const right = batches(b!);
    const at = Int32Array.from({ length: columns }, (_, j) => j);
    const leftPanels = panels(output, rows, depth);
    const rightPanels = panels(output, columns, depth);
    for (let batch = 0; batch < left.offsets.length; batch++) {
      const samePanels = batch > 0 && right.offsets[batch] === right.offsets[batch - 1];
      pack(leftPanels, a!.values, left.offsets[batch]!, rows, left.rowStride, depth, left.columnStride);
      if (!samePanels)
        pack(rightPanels, b!.values, right.offsets[batch]!, columns, right.columnStride, depth, right.rowStride);
      multiplyPanels(leftPanels, rightPanels, rows, columns, depth, output, batch * rows * columns, columns, at);
    }
  },
  multiplyAdds: (shape, [a]) => sizeOf(shape) * a!.at(-1)!,
  vjp: (cotangent, output, input) => {
    const [a, b] = output.inputs as [Tensor, Tensor];
    return input === 0 ? product(cotangent, b.transpose()) : product(a.transpose(), cotangent);
  },
  jvp: (tangent, output, input) => {
    const [a, b] = output.inputs as [Tensor, Tensor];
    return input === 0 ? product(tangent, b) : product(a, tangent);
  },
};

/** The node for factors whose inner sizes, batch axes and dtypes are equal. */
export function product(a: Tensor, b: Tensor): Tensor {
  return new Tensor(matmul, [a, b], { shape: [...a.shape.slice(0, -1), b.shape.at(-1)!], dtype: a.dtype });
}

function batches({ view }: Strided): { offsets: Int32Array; rowStride: number; columnStride: number } {
  const { shape, strides, offset } = view;
  return {
    offsets: positions({ shape: shape.slice(0, -2), strides: strides.slice(0, -2), offset }),
    rowStride: strides.at(-2)!,
    columnStride: strides.at(-1)!,
  };
}

/** Integers are multiplied as doubles too: exact as long as sums stay below 2⁵³. */
function panels(output: TypedArray, count: number, depth: number): TypedArray {
  return allocate(output instanceof Float32Array ? 'float32' : 'float64', panelSize(count, depth));
}

function pack(
  into: TypedArray,
  values: TypedArray,
  offset: number,
  count: number,
  stride: number,
  depth: number,
  depthStride: number,
): void {
  for (let i = 0; i < count; i++) {
    let from = offset + i * stride;
    let to = panelIndex(i, 0, depth);
    for (let k = 0; k < depth; k++, from += depthStride, to += 4) into[to] = values[from]!;
  }
}
