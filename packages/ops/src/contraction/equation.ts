// Parses the equations of einsum.
import { formatShape, show, type Shape } from '@thetagrad/core/backend';

/** An axis by its letter's character code, or, under an ellipsis, by its negative number from the end. */
export type Label = number;

export interface Equation {
  /** The labels of the axes of each operand; repeated ones stand for a diagonal. */
  readonly inputs: readonly (readonly Label[])[];
  readonly output: readonly Label[];
  /** The size that the axes of a label broadcast to. */
  readonly sizes: ReadonlyMap<Label, number>;
}

/** Formats a label for messages. */
export function formatLabel(label: Label): string {
  return label >= 0 ? `'${String.fromCharCode(label)}'` : `${label} of '...'`;
}

/**
 * Resolves an equation for operands of given shapes.
 * @throws {TypeError} if the equation is not a string.
 * @throws {RangeError} if it is malformed, or does not fit the shapes.
 */
export function parseEquation(equation: string, shapes: readonly Shape[]): Equation {
  if (typeof equation !== 'string') {
    throw new TypeError(`einsum: the equation must be a string such as 'ij,jk->ik', got ${show(equation)}`);
  }
  const [left = '', right, ...more] = equation.replaceAll(/\s/g, '').split('->');
  if (more.length > 0) throw new RangeError(`einsum: ${show(equation)} has more than one '->'`);
  const terms = left.split(',');
  if (terms.length !== shapes.length) {
    throw new RangeError(
      `einsum: ${show(equation)} is for ${terms.length} operands, got ${shapes.length}; separate their axes with commas`,
    );
  }
  const inputs = terms.map((term, i) => labelAxes(term, shapes[i]!, i));
  const sizes = findSizes(inputs, shapes);
  const counts = new Map<Label, number>();
  for (const label of inputs.flat()) counts.set(label, (counts.get(label) ?? 0) + 1);
  const ellipsis = [...counts.keys()].filter((label) => label < 0).sort((a, b) => a - b);
  if (right === undefined) {
    const single = [...counts].filter(([label, count]) => label >= 0 && count === 1).map(([label]) => label);
    return { inputs, output: [...ellipsis, ...single.sort((a, b) => a - b)], sizes };
  }
  const output = splitTerm(right).flatMap((part) => (part === '...' ? ellipsis : [part.charCodeAt(0)]));
  output.forEach((label, i) => {
    const isRepeated = output.indexOf(label) !== i;
    if (!isRepeated && sizes.has(label)) return;
    const problem = isRepeated ? 'occurs twice in the output' : 'of the output is not in any operand';
    throw new RangeError(`einsum: ${formatLabel(label)} ${problem} of ${show(equation)}`);
  });
  return { inputs, output, sizes };
}

/** Splits a term into letters and at most one ellipsis. */
function splitTerm(term: string): readonly string[] {
  const parts: readonly string[] = term.match(/\.\.\.|[A-Za-z]/g) ?? [];
  if (parts.join('') === term && parts.indexOf('...') === parts.lastIndexOf('...')) return parts;
  throw new RangeError(`einsum: the axes '${term}' must be letters and at most one '...'`);
}

function labelAxes(term: string, shape: Shape, operand: number): Label[] {
  const parts = splitTerm(term);
  const letters = parts.filter((part) => part !== '...').length;
  const covered = shape.length - letters;
  if (parts.includes('...') ? covered < 0 : covered !== 0) {
    throw new RangeError(
      `einsum: '${term}' names ${letters} axes, but operand ${operand} of shape ${formatShape(shape)} has ${shape.length}` +
        (covered > 0 ? `; write '...' for the others` : ''),
    );
  }
  const ellipsis = Array.from({ length: covered }, (_, i) => i - covered);
  return parts.flatMap((part) => (part === '...' ? ellipsis : [part.charCodeAt(0)]));
}

function findSizes(inputs: readonly (readonly Label[])[], shapes: readonly Shape[]): Map<Label, number> {
  const sizes = new Map<Label, number>();
  inputs.forEach((labels, operand) => {
    const shape = shapes[operand]!;
    labels.forEach((label, axis) => {
      const [size, known] = [shape[axis]!, sizes.get(label) ?? 1];
      const first = shape[labels.indexOf(label)]!;
      if (size !== first || (size !== 1 && known !== 1 && size !== known)) {
        throw new RangeError(
          `einsum: axis ${formatLabel(label)} has size ${size} in operand ${operand} of shape ${formatShape(shape)}, and ` +
            `${size === first ? known : first} elsewhere`,
        );
      }
      if (known === 1) sizes.set(label, size);
    });
  });
  return sizes;
}
