import { expect, test } from 'vitest';
import { evaluateSync, grad, graph, tensor, Variable, type Tensor } from '../src/index.ts';

const variable = new Variable(tensor([1, 2]), { name: 'w "1" <a>#\\b' });
const build = (): Tensor =>
  variable.value
    .mul(0.5)
    .sum(0, { keepdims: true })
    .add(tensor([3]));

test('as text', () => {
  expect(graph(build()).toString()).toBe(
    [
      '%0: float32[2] = variable w "1" <a>#\\b()',
      '%1: float32[] = scalar 0.5()',
      '%2: float32[2] = mul(%0, %1)',
      '%3: float32[1] = sum axes=[0](%2)',
      '%4: float32[1] = data()',
      '%5: float32[1] = add(%3, %4)',
    ].join('\n'),
  );
});

test('for Graphviz, escaped', () => {
  expect(graph(build()).toDot()).toBe(
    [
      'digraph {',
      '  n0 [label="variable w \\"1\\" <a>#\\\\b\\nfloat32[2]"];',
      '  n1 [label="scalar 0.5\\nfloat32[]"];',
      '  n2 [label="mul\\nfloat32[2]"];',
      '  n3 [label="sum axes=[0]\\nfloat32[1]"];',
      '  n4 [label="data\\nfloat32[1]"];',
      '  n5 [label="add\\nfloat32[1]"];',
      '  n0 -> n2;',
      '  n1 -> n2;',
      '  n2 -> n3;',
      '  n3 -> n5;',
      '  n4 -> n5;',
      '}',
    ].join('\n'),
  );
});

test('for Mermaid, escaped', () => {
  expect(graph(build()).toMermaid()).toBe(
    [
      'flowchart TD',
      '  n0["variable w #34;1#34; #60;a#62;#35;\\b<br/>float32[2]"]',
      '  n1["scalar 0.5<br/>float32[]"]',
      '  n2["mul<br/>float32[2]"]',
      '  n3["sum axes=[0]<br/>float32[1]"]',
      '  n4["data<br/>float32[1]"]',
      '  n5["add<br/>float32[1]"]',
      '  n0 --> n2',
      '  n1 --> n2',
      '  n2 --> n3',
      '  n3 --> n5',
      '  n4 --> n5',
    ].join('\n'),
  );
});

test('shared nodes appear once, in topological order', () => {
  const x = tensor([1]).exp();
  const { nodes } = graph(x.add(x), x.neg());
  expect(nodes.map(({ primitive }) => primitive.name)).toEqual(['data', 'exp', 'add', 'neg']);
  nodes.forEach((node, i) => node.inputs.forEach((input) => expect(nodes.indexOf(input)).toBeLessThan(i)));
  expect(graph(x.sub(x)).toString()).toContain('sub(%1, %1)');
});

test('an evaluated tensor is a leaf', () => {
  const x = build();
  evaluateSync(x);
  expect(graph(x.neg()).toString()).toBe('%0: float32[1] = evaluated add()\n%1: float32[1] = neg(%0)');
});

test('an evaluated tensor is a leaf also inside a transformation, where it keeps its inputs', () => {
  let text = '';
  const gradient = grad((x: Tensor) => {
    const y = x.mul(x);
    evaluateSync(y);
    text = graph(y.neg()).toString();
    return y.sum();
  })(tensor([3]));
  expect(text).toBe('%0: float32[1] = evaluated mul()\n%1: float32[1] = neg(%0)');
  expect(gradient.itemSync()).toBe(6);
});

test('no arguments give an empty graph, and others than tensors are an error', () => {
  expect(graph().toString()).toBe('');
  expect(() => graph([tensor([1])] as unknown as Tensor)).toThrow('graph: expected a tensor, got Array');
});
