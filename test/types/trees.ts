// Checked by `npm run typecheck`: transformations and optimizers take trees whose types are interfaces and classes, and a
// wrong leaf does not compile.
import { sphereFaceOptimizer } from '@thetagrad/a-softmax';
import {
  grad,
  jvp,
  namedVariables,
  valueAndGrad,
  vjp,
  type Key,
  type NamedGrads,
  type Tensor,
  type TensorTree,
  type Variable,
  type VariableTree,
} from '@thetagrad/core';
import { scan, vmap } from '@thetagrad/func';
import { checkGradients, gradientProperty, type ArgumentArbitraries } from '@thetagrad/gradcheck';
import { Adam, AdamW, clipGradNorm, clipGradValue, Optimizer, SGD, type Linear, type Module } from '@thetagrad/nn';
import { expectTypeOf } from 'vitest';

interface Inner {
  readonly b: Tensor;
}
interface Weights {
  readonly w: Tensor;
  readonly list: readonly Tensor[];
  readonly inner: Inner;
  readonly pair: [Tensor, Inner];
  readonly optional?: Tensor;
  readonly next?: Weights;
}
declare class Layer {
  readonly w: Tensor;
  readonly inner: Inner;
  apply(x: Tensor): Tensor;
}
interface Mixed {
  readonly w: Tensor;
  readonly name: string;
}
declare const x: Tensor, weights: Weights, layer: Layer, tree: TensorTree;

expectTypeOf(grad((p: Weights, n: number) => p.w.mul(n))).toEqualTypeOf<(p: Weights, n: number) => Weights>();
expectTypeOf(grad((p: Layer) => p.apply(p.w))).toEqualTypeOf<(p: Layer) => Layer>();
expectTypeOf(grad((p: [Tensor, Weights]) => p[0])).toEqualTypeOf<(p: [Tensor, Weights]) => [Tensor, Weights]>();
expectTypeOf(grad((p: readonly Weights[]) => p[0]!.w)).returns.toEqualTypeOf<readonly Weights[]>();
expectTypeOf(grad((p: Record<string, Weights>) => p['a']!.w)).returns.toEqualTypeOf<Record<string, Weights>>();
expectTypeOf(valueAndGrad((p: Weights) => p.w)(weights).grads).toEqualTypeOf<Weights>();
expectTypeOf(valueAndGrad((p: Layer) => p.w)(layer).grads).toEqualTypeOf<Layer>();

const pulled = vjp((p: Weights, q: Tensor): Inner => ({ b: p.w.add(q) }), weights, x);
expectTypeOf(pulled.value).toEqualTypeOf<Inner>();
expectTypeOf(pulled.pullback).toEqualTypeOf<(cotangent: Inner) => [p: Weights, q: Tensor]>();
const pushed = jvp((p: Weights, q: Layer): Inner => ({ b: q.apply(p.w) }), [weights, layer], [weights, layer]);
expectTypeOf(pushed.tangent).toEqualTypeOf<Inner>();
expectTypeOf(vjp((p: TensorTree) => p, tree).value).toEqualTypeOf<TensorTree>();
checkGradients((p: Weights, q: Layer): Inner => ({ b: q.apply(p.w) }), [weights, layer]);
gradientProperty((p: Weights): Inner => p.inner, {} as ArgumentArbitraries<[Weights]>);

expectTypeOf(grad((p: Mixed) => p.w)).toEqualTypeOf<(p: Mixed) => Mixed>();
expectTypeOf(grad((p: { w: Tensor; n: { list: number[] } }) => p.w)).returns.toExtend<{ w: Tensor }>();
expectTypeOf(valueAndGrad((p: Map<string, Tensor>) => p.get('a')!)).returns.toExtend<{ grads: Map<string, Tensor> }>();
expectTypeOf(vjp((p: Tensor): Mixed => ({ w: p, name: '' }), x).value).toEqualTypeOf<Mixed>();
expectTypeOf(vjp((p: Mixed) => p.w, { w: x, name: '' }).value).toEqualTypeOf<Tensor>();
// @ts-expect-error -- a number
grad((n: number) => x.mul(n));
// @ts-expect-error -- a set
valueAndGrad((p: { set: Set<Tensor> }) => [...p.set][0]!);
// @ts-expect-error -- a map of functions
grad((p: { map: Map<string, () => Tensor> }) => p.map.get('a')!());
// @ts-expect-error -- a function
grad((p: () => Tensor) => p());
// @ts-expect-error -- a method that is not called
vjp((p: Tensor) => p.sum, x);
// @ts-expect-error -- a promise
vjp((p: Tensor) => Promise.resolve(p), x);
// @ts-expect-error -- a number
jvp((p: Tensor) => p, [1], [x]);

interface Keyed {
  readonly key: Key;
  readonly x: Tensor;
}
type Keys = Key | readonly Key[];
expectTypeOf(vmap((_key: Key, p: Weights) => p.w)).toEqualTypeOf<(key: Keys, p: Weights) => Tensor>();
expectTypeOf(vmap((p: Keyed) => p.x))
  .parameter(0)
  .toEqualTypeOf<{ readonly key: Keys; readonly x: Tensor }>();
expectTypeOf(vmap(grad((p: Weights) => p.w))).toEqualTypeOf<(p: Weights) => Weights>();
scan((sum: Tensor, key: Key) => [sum, key], x, [{} as Key]);
// @ts-expect-error -- a number for keys
vmap((key: Key) => key)(3);

interface Nested {
  readonly scale: Variable;
  readonly list: readonly Linear[];
}
interface Parts {
  readonly model: Module;
  readonly nested: Nested;
  readonly map: ReadonlyMap<string, Nested>;
  readonly set: ReadonlySet<Nested>;
  readonly optional?: Linear;
}
declare class Network {
  readonly linear: Linear;
  readonly nested: Nested;
  forward(input: Tensor): Tensor;
}
interface Settings {
  readonly model: Module;
  readonly lr: number;
}
declare const parts: Parts, network: Network, settings: Settings, linear: Linear, variables: VariableTree;

expectTypeOf(grad(parts, (input: Tensor) => input)).toEqualTypeOf<(input: Tensor) => NamedGrads>();
expectTypeOf(valueAndGrad(network, (input: Tensor) => input)(x).grads).toEqualTypeOf<NamedGrads>();
expectTypeOf(grad({ linear, parts: [parts, network] }, (n: number) => x.mul(n))(1)).toEqualTypeOf<NamedGrads>();
expectTypeOf(grad<[Tensor]>(linear, (input) => input)(x)).toEqualTypeOf<NamedGrads>();
expectTypeOf(namedVariables(parts)).toEqualTypeOf<Record<string, Variable>>();
export const optimizers: readonly Optimizer[] = [
  new SGD(parts, { lr: 1 }),
  new Adam(network),
  new AdamW({ parts, linear }),
  new Adam(new Map([['a', parts]])),
  new Adam(linear.parameters()),
  new Adam(variables),
  sphereFaceOptimizer(parts),
];
checkGradients((p: Tensor) => p, [x], { variables: parts });
expectTypeOf(clipGradNorm({} as Inner, 1).grads).toExtend<Inner>();
expectTypeOf(clipGradValue({} as NamedGrads, 1)).toEqualTypeOf<NamedGrads>();

/** An optimizer that does not name the type of its tree. */
export abstract class Plain extends Optimizer {
  constructor(trained: VariableTree) {
    super(trained, { lr: 1 }, []);
  }
}

// @ts-expect-error -- a number
new SGD(settings, { lr: 1 });
// @ts-expect-error -- a tensor
new Adam({ x });
// @ts-expect-error -- a function
new Adam(() => linear);
// @ts-expect-error -- a number
grad(settings, (input: Tensor) => input);
// @ts-expect-error -- a map of tensors
valueAndGrad(new Map([['a', x]]), (input: Tensor) => input);
// @ts-expect-error -- a number
namedVariables([3]);
// @ts-expect-error -- a number
checkGradients((p: Tensor) => p, [x], { variables: settings });
