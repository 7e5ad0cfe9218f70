// Long reductions of a kernel's elements by workgroups.
import { joinAxes, sizeOf, type ReduceKernel } from '@thetagrad/core/backend';
import { coordinatesOf, positionOf } from '../code/positions.ts';
import { minGroupedLength, type GroupedReduction } from './groups.ts';
import { isAlongRows, reductionOf } from './reduction.ts';

/** The number of results from which one thread for each keeps a device busy. */
const manyResults = 8192;

/** Whether a workgroup for each result is better than a thread. */
export function suitsGroups(kernel: ReduceKernel): boolean {
  const results = sizeOf(kernel.shape.slice(0, kernel.kept));
  const length = sizeOf(kernel.shape.slice(kernel.kept));
  if (length < minGroupedLength) return false;
  // Threads that each walk along a row would read scattered memory at the same time.
  return results < manyResults || isAlongRows(kernel);
}

export function groupedOf(kernel: ReduceKernel, name: string): GroupedReduction {
  const { body, shape, kept, output } = kernel;
  const views = body.operands.map(({ view }) => view);
  const outer = joinAxes(views, 0, kept);
  const inner = joinAxes(views, kept, shape.length);
  const reduction = reductionOf(kernel);
  return {
    name,
    reduction,
    output,
    length: sizeOf(inner.shape),
    elementsOf: (writer, result) => {
      const coordinates = coordinatesOf(writer, result, outer.shape);
      const starts = views.map(({ offset }, i) => writer.bindIndex(positionOf(coordinates, outer.strides[i]!, offset)));
      return (k) => {
        const coordinates = coordinatesOf(writer, k, inner.shape);
        const values = body.operands.map(({ slot }, i) =>
          writer.load(slot, positionOf(coordinates, inner.strides[i]!, starts[i]!)),
        );
        return writer.evaluateBody(body, values);
      };
    },
    finish: (writer, total) => reduction.result(writer, total),
  };
}
