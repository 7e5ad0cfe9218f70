// Two copies of a package in one program: `instanceof` does not know the objects of the other, which is an error that says so.
import * as core from '@thetagrad/core';
import * as nn from '@thetagrad/nn';
import { expect, test, vi } from 'vitest';

vi.resetModules();
const otherCore: typeof core = await import('@thetagrad/core');
const otherNn: typeof nn = await import('@thetagrad/nn');

class Holder extends nn.Module {
  readonly layer: unknown;

  constructor(layer: unknown) {
    super();
    this.layer = layer;
  }

  override forward(x: core.Tensor): core.Tensor {
    return x;
  }
}

const x = core.tensor([1, 2]);
const otherTensor = otherCore.tensor([1, 2]);
const otherVariable = new otherCore.Variable(otherTensor);
const otherLayer = new otherNn.Linear(2, 1);
const otherModules = (): Record<string, core.Variable> => ({ w: otherVariable });

test('the copies are two', () => {
  expect(otherCore.Tensor).not.toBe(core.Tensor);
  expect(otherNn.Module).not.toBe(nn.Module);
});

test.each<[string, () => unknown]>([
  ['an operand', () => x.add(otherTensor)],
  ['the tensor of an operation', () => core.sum(otherTensor)],
  ['a matrix', () => core.matmul(core.ones([2, 2]), otherTensor)],
  ['the initial value of a variable', () => new core.Variable(otherTensor)],
  ['the value of an assignment', () => new core.Variable(x).assign(otherTensor)],
  ['the result of a function', () => core.grad(() => otherTensor)(x)],
  ['the argument of a gradient', () => core.grad((x: core.Tensor) => x.sum())(otherTensor)],
  ['the variables of a gradient', () => core.valueAndGrad(otherVariable, () => x.sum())],
  ['the variables of a holder', () => core.namedVariables({ variables: otherModules })],
  ['what to evaluate', () => core.evaluateSync(otherTensor)],
  ['a holder to evaluate', () => core.evaluateSync({ variables: otherModules })],
  ['a variable in a module', () => new Holder(otherVariable).variables()],
  ['the variables of an optimizer', () => new nn.SGD(otherVariable, { lr: 1 })],
  ['labels', () => nn.crossEntropy(core.ones([2, 2]), otherTensor)],
])('%s of another copy of core is named as such', (_name, use) => {
  const call = (): unknown => {
    const result = use();
    return typeof result === 'function' ? (result as () => unknown)() : result;
  };
  expect(call).toThrow(/of another copy of @thetagrad\/core/);
});

test('a module of another copy of nn is named as such', () => {
  expect(() => new Holder(otherLayer).variables()).toThrow(/of another copy of @thetagrad\/(core|nn)/);
  expect(() => new Holder({ list: [otherLayer] }).eval()).toThrow(/of another copy of @thetagrad\/(core|nn)/);
});
