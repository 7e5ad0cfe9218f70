import { scalarSource, variableSource, type VariableRead } from './source.ts';
import { checkTensor } from '../ops/define.ts';
import type { Attribute, Attributes } from './primitive.ts';
import type { Tensor } from './tensor.ts';

/**
 * The tensors that `roots` are computed from, inputs before what uses them. `inputsOf` tells which inputs to follow.
 * A stack of its own instead of recursion: graphs may be deeper than the call stack.
 */
export function topologicalOrder(
  roots: readonly Tensor[],
  inputsOf: (tensor: Tensor) => readonly Tensor[] = (tensor) => tensor.inputs,
): Tensor[] {
  const order: Tensor[] = [];
  const seen = new Set<Tensor>();
  const stack: { tensor: Tensor; inputs: readonly Tensor[]; next: number }[] = [];
  const push = (tensor: Tensor): void => {
    if (seen.has(tensor)) return;
    seen.add(tensor);
    stack.push({ tensor, inputs: inputsOf(tensor), next: 0 });
  };
  for (const root of roots) {
    push(root);
    while (stack.length > 0) {
      const top = stack.at(-1)!;
      const input = top.inputs[top.next++];
      if (input) push(input);
      else order.push(stack.pop()!.tensor);
    }
  }
  return order;
}

/** Attributes as text: equal for equal attributes. */
export function attributesKey(attributes: Attributes): string {
  let key = '';
  for (const name in attributes) key += `${name}=${attributeKey(attributes[name]!)};`;
  return key;
}

function attributeKey(value: Attribute): string {
  if (Array.isArray(value)) return `[${value.map(attributeKey).join(',')}]`;
  return Object.is(value, -0) ? '-0' : String(value);
}

/** What tensors are computed from, to be looked at. */
export interface Graph {
  /** The tensors, inputs before what uses them. */
  readonly nodes: readonly Tensor[];
  /** One line for each node: its number, operation, inputs, dtype and shape. */
  toString(): string;
  /** For Graphviz. */
  toDot(): string;
  /** For Mermaid, which GitHub and many editors draw. */
  toMermaid(): string;
}

/** The graph behind tensors that have not been evaluated yet; an evaluated tensor is a leaf. */
export function graph(...tensors: Tensor[]): Graph {
  for (const tensor of tensors) checkTensor('graph', tensor);
  // Inside a transformation, evaluated tensors keep their inputs.
  const inputsOf = (node: Tensor): readonly Tensor[] => (node.buffer ? [] : node.inputs);
  const nodes = topologicalOrder(tensors, inputsOf);
  const number = new Map(nodes.map((node, i) => [node, i]));
  const edges = nodes.flatMap((node) =>
    inputsOf(node).map((input) => [number.get(input)!, number.get(node)!] as const),
  );
  const type = (node: Tensor): string => `${node.dtype}[${node.shape.join(', ')}]`;
  return {
    nodes,
    toString: () =>
      nodes
        .map(
          (node, i) =>
            `%${i}: ${type(node)} = ${label(node)}(${inputsOf(node)
              .map((input) => `%${number.get(input)}`)
              .join(', ')})`,
        )
        .join('\n'),
    toDot: () =>
      [
        'digraph {',
        ...nodes.map((node, i) => `  n${i} [label=${JSON.stringify(`${label(node)}\n${type(node)}`)}];`),
        ...edges.map(([from, to]) => `  n${from} -> n${to};`),
        '}',
      ].join('\n'),
    toMermaid: () =>
      [
        'flowchart TD',
        ...nodes.map((node, i) => `  n${i}["${escaped(label(node))}<br/>${type(node)}"]`),
        ...edges.map(([from, to]) => `  n${from} --> n${to}`),
      ].join('\n'),
  };
}

/** As Mermaid writes characters that mean something in its labels. */
function escaped(text: string): string {
  return text.replaceAll(/[#"<>&\n]/g, (character) => `#${character.charCodeAt(0)};`);
}

function label({ primitive, attributes, payload, buffer }: Tensor): string {
  if (buffer && primitive.kind !== 'source') return `evaluated ${primitive.name}`;
  if (primitive === scalarSource) return `scalar ${String(payload)}`;
  if (primitive === variableSource) return `variable ${(payload as VariableRead).variable.name}`;
  const entries = Object.entries(attributes);
  return entries.length === 0
    ? primitive.name
    : `${primitive.name} ${entries.map(([name, value]) => `${name}=${attributeKey(value)}`).join(' ')}`;
}
