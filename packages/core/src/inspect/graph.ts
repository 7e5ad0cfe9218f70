import { topologicalOrder } from '../graph/order.ts';
import type { Attribute } from '../graph/primitive.ts';
import type { Tensor } from '../graph/tensor.ts';
import { checkTensor } from '../ops/define.ts';
import { nameOfRoutine } from './explain.ts';

/** The computation graph behind tensors. */
export interface Graph {
  /** The tensors in topological order, inputs first. */
  readonly nodes: readonly Tensor[];
  /** Formats the graph as one line for each node: number, dtype, shape, operation and inputs. */
  toString(): string;
  /** Formats the graph in DOT, for Graphviz. */
  toDot(): string;
  /** Formats the graph as a Mermaid flowchart. */
  toMermaid(): string;
}

/**
 * Returns the computation graph behind tensors, in which evaluated tensors are leaves.
 * @throws {TypeError} if an argument is not a tensor.
 */
export function graph(...tensors: Tensor[]): Graph {
  for (const tensor of tensors) checkTensor('graph', tensor);
  // Evaluated tensors keep their inputs inside a transformation.
  const inputsOf = (node: Tensor): readonly Tensor[] => (node.buffer ? [] : node.inputs);
  const nodes = topologicalOrder(tensors, inputsOf);
  const number = new Map(nodes.map((node, i) => [node, i]));
  const edges = nodes.flatMap((node) => inputsOf(node).map((input) => [number.get(input), number.get(node)] as const));
  const type = (node: Tensor): string => `${node.dtype}[${node.shape.join(', ')}]`;
  const line = (node: Tensor, i: number): string => {
    const inputs = inputsOf(node).map((input) => `%${number.get(input)}`);
    return `%${i}: ${type(node)} = ${labelOf(node)}(${inputs.join(', ')})`;
  };
  return {
    nodes,
    toString: () => nodes.map(line).join('\n'),
    toDot: () =>
      [
        'digraph {',
        ...nodes.map((node, i) => `  n${i} [label=${JSON.stringify(`${labelOf(node)}\n${type(node)}`)}];`),
        ...edges.map(([from, to]) => `  n${from} -> n${to};`),
        '}',
      ].join('\n'),
    toMermaid: () =>
      [
        'flowchart TD',
        ...nodes.map((node, i) => `  n${i}["${escapeMermaid(labelOf(node))}<br/>${type(node)}"]`),
        ...edges.map(([from, to]) => `  n${from} --> n${to}`),
      ].join('\n'),
  };
}

function escapeMermaid(text: string): string {
  return text.replaceAll(/[#"<>&\n]/g, (character) => `#${character.charCodeAt(0)};`);
}

function labelOf({ primitive, attributes, buffer }: Tensor): string {
  if (primitive.kind === 'source') {
    if (primitive.name === 'scalar') return `scalar ${primitive.value}`;
    return primitive.name === 'variable' ? `variable ${primitive.variable.name}` : primitive.name;
  }
  if (buffer) return `evaluated ${primitive.name}`;
  if (primitive.kind === 'routine' && primitive.loop) return nameOfRoutine(primitive);
  const entries = Object.entries(attributes).map(([name, value]) => ` ${name}=${formatAttribute(value)}`);
  return primitive.name + entries.join('');
}

function formatAttribute(value: Attribute): string {
  if (Array.isArray(value)) return `[${value.map(formatAttribute).join(',')}]`;
  return Object.is(value, -0) ? '-0' : String(value);
}
