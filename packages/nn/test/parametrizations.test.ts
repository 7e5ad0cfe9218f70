import {
  compile,
  evaluateSync,
  eye,
  random,
  type Tensor,
  tensor,
  valueAndGrad,
  Variable,
  zeros,
} from '@thetagrad/core';
import { checkGradients } from '@thetagrad/gradcheck';
import { tril } from '@thetagrad/ops';
import * as nn from '@thetagrad/nn';
import { describe, expect, test } from 'vitest';

const key = random.key(7);
const x = random.normal(random.key(1), [3, 2], { dtype: 'float64' });
const linear = (): nn.Linear => new nn.Linear(2, 2, { key, dtype: 'float64' });
const values = (of: Tensor): number[] => Array.from(of.dataSync());
const close = (a: Tensor, b: Tensor): void => {
  expect(a.shape).toEqual(b.shape);
  expect(values(a.sub(b).abs()).every((difference) => difference < 1e-6)).toBe(true);
};

/** weight = scale · original, of which the inverse is exact. */
class Scaled extends nn.Parametrization {
  readonly scale: number;

  constructor(scale: number) {
    super();
    this.scale = scale;
  }

  override forward(original: Tensor): Tensor {
    return original.mul(this.scale);
  }

  override rightInverse(value: Tensor): Tensor {
    return value.div(this.scale);
  }
}

class Pair extends nn.Parametrization {
  override forward(first: Tensor, second: Tensor): Tensor {
    return first.add(second);
  }

  override rightInverse(value: Tensor): readonly Tensor[] {
    return [value.mul(0.25), value.mul(0.75)];
  }
}

describe('parametrizations', () => {
  test('keep the values of the module, and are named as in PyTorch', () => {
    const layer = linear();
    const once = nn.registerParametrization(layer, 'weight', new Pair());
    const twice = nn.registerParametrization(once, 'weight', new Scaled(4));
    const both = nn.registerParametrization(twice, 'bias', new Scaled(2));
    for (const module of [once, twice, both]) close(module.forward(x), layer.forward(x));
    expect(Object.keys(both.parameters())).toEqual([
      'parametrizations.weight.original0',
      'parametrizations.weight.original1',
      'parametrizations.bias.original',
    ]);
    expect(Object.keys(once.variables())).toEqual([
      'bias',
      'parametrizations.weight.original0',
      'parametrizations.weight.original1',
    ]);
    expect([...twice.children().keys()]).toEqual(['parametrizations.weight.0', 'parametrizations.weight.1']);
    expect([nn.isParametrized(layer), nn.isParametrized(once), nn.isParametrized(once, 'bias')]).toEqual([
      false,
      true,
      false,
    ]);
    checkGradients((input: Tensor) => both.forward(input), [x], { order: 2, variables: both });
  });

  test('are removed by storing the value', () => {
    const layer = linear();
    const both = nn.registerParametrization(nn.weightNorm(layer), 'bias', new Scaled(2));
    both.parametrizations.get('weight')!.originals[0]!.assign(tensor([[3], [4]], { dtype: 'float64' }));
    const expected = both.forward(x);
    const biased = nn.removeParametrizations(both, 'weight') as nn.Parametrized<nn.Linear>;
    expect(Object.keys(biased.variables())).toEqual(['weight', 'parametrizations.bias.original']);
    close(biased.forward(x), expected);
    expect(nn.removeParametrizations(biased, 'bias')).toBe(layer);
    evaluateSync(layer);
    close(layer.forward(x), expected);
    close(layer.weight.value.norm(1), tensor([3, 4], { dtype: 'float64' }));
  });

  test('pass the mode on to the module and to its layers', () => {
    class Net extends nn.Module {
      readonly weight = new Variable(tensor(1));
      readonly dropout = new nn.Dropout(1);

      override forward(input: Tensor): Tensor {
        return this.dropout
          .forward(input)
          .mul(this.weight.value)
          .add(this.training ? 10 : 0);
      }
    }
    const net = new nn.Sequential(nn.registerParametrization(new Net(), 'weight', new Scaled(2)));
    expect(Object.keys(net.variables())).toEqual(['0.parametrizations.weight.original']);
    expect([...net.modules().keys()]).toEqual(['', '0', '0.dropout', '0.parametrizations.weight.0']);
    expect(net.forward(tensor(3)).itemSync()).toBe(10);
    expect(net.eval().forward(tensor(3)).itemSync()).toBe(3);
    expect(net.train().forward(tensor(3)).itemSync()).toBe(10);
    // A module in evaluation stays so.
    const evaluated = nn.registerParametrization(new Net().eval(), 'weight', new Scaled(2));
    expect([...evaluated.modules().values()].map(({ training }) => training)).toEqual([false, false, false]);
    expect(new nn.LoRA(linear().eval()).training).toBe(false);
  });

  test('train in compiled steps as in others', async () => {
    const train = async (compiled: boolean): Promise<number[]> => {
      const model = new nn.Sequential(
        nn.weightNorm(new nn.Linear(2, 3, { key })),
        nn.spectralNorm(new nn.Linear(3, 1, { key }), { key }),
      );
      const optimizer = new nn.SGD(model, { lr: 0.1 });
      const lossAndGrad = valueAndGrad(model, (input: Tensor) => model.forward(input).sub(1).square().mean());
      const step = (input: Tensor): Tensor => {
        const { value, grads } = lossAndGrad(input);
        optimizer.update(grads);
        return value;
      };
      const input = x.astype('float32');
      const run = compile(step);
      const losses: number[] = [];
      for (let i = 0; i < 4; i++) {
        const value = compiled ? await run(input) : step(input);
        evaluateSync(value, model, optimizer);
        losses.push(value.itemSync());
      }
      return [...losses, ...values(model.variables()['1.parametrizations.weight.0._u']!.value)];
    };
    const losses = await train(false);
    expect(losses[3]).toBeLessThan(losses[0]!);
    expect(await train(true)).toEqual(losses);
  });

  test.for([
    [() => nn.weightNorm(linear(), { name: 'wight' }), "no variable 'wight'; expected one of 'weight', 'bias'"],
    [() => nn.spectralNorm(new nn.ReLU() as never), "no variable 'weight'; expected one of none"],
    [() => nn.weightNorm(linear(), { axis: 2 }), 'weightNorm: axis 2'],
    [() => nn.weightNorm(linear(), { axis: 0.5 }), 'weightNorm: axis must be an integer, got 0.5'],
    [() => nn.weightNorm(linear(), { dim: 0 } as never), "weightNorm: unknown option 'dim'"],
    [() => nn.spectralNorm(linear(), { nPowerIterations: 0 }), 'spectralNorm: nPowerIterations must be an integer ≥ 1'],
    [() => nn.spectralNorm(linear(), { eps: 0 }), 'spectralNorm: eps must be'],
    [() => nn.orthogonal(linear(), { name: 'bias' }), 'orthogonal: bias must be a matrix'],
    [
      () => nn.orthogonal(linear(), { orthogonalMap: 'qr' as never }),
      "orthogonal: unknown map 'qr'; expected 'matrixExp'",
    ],
    [() => nn.removeParametrizations(nn.weightNorm(linear()), 'bias'), "removeParametrizations: 'bias' has no"],
    [
      () => nn.registerParametrization(linear(), 'bias', new nn.ReLU() as never),
      'parametrization must be a Parametrization',
    ],
    [() => nn.registerParametrization(zeros([]) as never, 'bias', new Scaled(2)), 'module must be a module'],
    [
      () => nn.registerParametrization(nn.registerParametrization(linear(), 'bias', new Scaled(2)), 'bias', new Pair()),
      'only the first parametrization may have several originals',
    ],
  ] as const)('bad calls: %#', ([call, message]) => {
    expect(call).toThrow(message);
  });
});

describe('orthogonal', () => {
  test.for([
    [[3, 2], undefined],
    [[2, 3], 'householder'],
    [[3, 2], 'matrixExp'],
    [[2, 3], 'cayley'],
    [[2, 2], undefined],
    [[2, 3, 2], 'householder'],
  ] as const)('of %j: %s', ([shape, orthogonalMap]) => {
    class Matrix extends nn.Module {
      readonly weight = new Variable(random.normal(key, shape, { dtype: 'float64' }));

      override forward(input: Tensor): Tensor {
        return input.mul(this.weight.value);
      }
    }
    const layer = nn.orthogonal(new Matrix(), orthogonalMap ? { orthogonalMap } : {});
    const weight = (): Tensor => layer.forward(tensor(1));
    const gram = (m: Tensor): Tensor => {
      return m.shape.at(-2)! < m.shape.at(-1)! ? m.matmul(m.transpose()) : m.transpose().matmul(m);
    };
    const identity = eye(2, { dtype: 'float64' });
    close(gram(weight()), identity.broadcastTo(gram(weight()).shape));
    // The weight made orthogonal at first: the triangular factor has a positive diagonal.
    const value = layer.module.weight.value;
    const [tall, q] = shape.at(-2)! < shape.at(-1)! ? [value.transpose(), weight().transpose()] : [value, weight()];
    evaluateSync(q, tall);
    const factor = q.transpose().matmul(tall);
    for (const element of values(factor.mul(identity).sum(-1))) expect(element).toBeGreaterThan(0);
    for (const element of values(
      factor.mul(
        tensor([
          [0, 0],
          [1, 0],
        ]),
      ),
    ))
      expect(element).toBeCloseTo(0, 9);
    const original = layer.parameters()['parametrizations.weight.original']!;
    const step = tril(random.normal(random.key(5), tall.shape, { std: 0.1, dtype: 'float64' }), { offset: -1 });
    original.assign(original.value.add(step.shape.at(-1) === shape.at(-1) ? step : step.transpose()));
    evaluateSync(layer);
    const moved = shape.at(-2)! < shape.at(-1)! ? weight().transpose() : weight();
    expect(values(moved.sub(q)).some((difference) => Math.abs(difference) > 1e-3)).toBe(true);
    close(gram(moved), identity.broadcastTo(gram(moved).shape));
    checkGradients((input: Tensor) => layer.forward(input), [tensor(2, { dtype: 'float64' })], {
      order: 1,
      variables: layer,
    });
  });
});

describe('spectralNorm', () => {
  test('divides by the largest singular value, which training estimates', () => {
    const weight = tensor([
      [3, 0, 0],
      [0, 0, 1],
    ]);
    const layer = nn.spectralNorm(new nn.Linear(3, 2, { weightInit: () => weight, bias: false }), { key });
    const identity = tensor([
      [1, 0, 0],
      [0, 1, 0],
      [0, 0, 1],
    ]);
    close(layer.eval().forward(identity), weight.div(3).transpose());
    const changed = tensor([
      [0, 0, 1],
      [0, 5, 0],
    ]);
    layer.loadStateDict({ 'parametrizations.weight.original': changed }, { strict: false });
    layer.variables()['parametrizations.weight.0._v']!.assign(tensor([0, 0.6, 0.8]));
    layer.train();
    for (let i = 0; i < 6; i++) evaluateSync(layer.forward(identity), layer);
    const before = values(layer.buffers()['parametrizations.weight.0._v']!.value);
    close(layer.eval().forward(identity), changed.div(5).transpose());
    evaluateSync(layer.forward(identity), layer);
    expect(values(layer.buffers()['parametrizations.weight.0._v']!.value)).toEqual(before);
  });
});

describe('LoRA', () => {
  const layers = [
    ['Linear', () => new nn.Linear(2, 3, { key, dtype: 'float64' }), [2, 2]],
    ['Linear without bias', () => new nn.Linear(2, 2, { key, bias: false, dtype: 'float64' }), [2]],
    ['Conv1d', () => new nn.Conv1d(2, 1, 2, { key, dtype: 'float64' }), [1, 2, 3]],
    ['Conv2d', () => new nn.Conv2d(2, 2, 2, { key, groups: 2, padding: 1, dtype: 'float64' }), [1, 2, 1, 1]],
    ['Conv3d', () => new nn.Conv3d(1, 2, [1, 2, 1], { key, dtype: 'float64' }), [1, 1, 2, 1]],
  ] as const satisfies readonly (readonly [string, () => nn.AdaptedLayer, readonly number[]])[];

  test.for(layers)('of %s', ([name, make, shape]) => {
    const layer = make();
    const lora = new nn.LoRA(layer, { r: 2, loraAlpha: 3, key });
    const input = random.normal(random.key(2), shape, { dtype: 'float64' });
    const frozen = layer.forward(input);
    close(lora.forward(input), frozen);
    expect(Object.keys(lora.parameters())).toEqual(['loraA', 'loraB']);
    expect(Object.keys(lora.buffers())).toEqual(Object.keys(layer.variables()));
    lora.loraB.assign(random.normal(random.key(4), lora.loraB.shape, { dtype: 'float64' }));
    evaluateSync(lora);
    const adapted = lora.forward(input);
    expect(values(adapted.sub(frozen)).some((difference) => Math.abs(difference) > 1e-3)).toBe(true);
    close(make().forward(input), frozen);
    checkGradients((images: Tensor) => lora.forward(images), [input], { order: 2, name, variables: lora });
    expect(lora.merge()).toBe(layer);
    close(layer.forward(input), adapted);
    close(lora.forward(input), adapted);
    // What is dropped in training is the adapter's input alone.
    const dropping = new nn.LoRA(make(), { r: 2, loraAlpha: 3, loraDropout: 1, key });
    dropping.loadStateDict(lora.stateDict());
    close(dropping.forward(input), frozen);
    close(dropping.eval().forward(input), adapted);
  });

  test('trains adapters alone, which are saved alone', () => {
    const make = () => {
      return new nn.Sequential(
        new nn.LoRA(linear(), { r: 1, key }),
        new nn.ReLU(),
        new nn.Linear(2, 1, { key, dtype: 'float64' }),
      );
    };
    const model = make();
    const trained = model.layers[0];
    const before = trained.weight.value.toArraySync();
    const optimizer = new nn.SGD(trained, { lr: 0.1 });
    const lossAndGrad = valueAndGrad(trained, () => model.forward(x).sub(2).square().mean());
    const losses = Array.from({ length: 5 }, () => {
      const { value, grads } = lossAndGrad();
      optimizer.update(grads);
      evaluateSync(value, model, optimizer);
      return value.itemSync();
    });
    expect(losses[4]).toBeLessThan(losses[0]!);
    expect(trained.weight.value.toArraySync()).toEqual(before);
    const adapters = nn.loraStateDict(model);
    expect(Object.keys(adapters)).toEqual(['0.loraA', '0.loraB']);
    const other = make();
    other.loadStateDict(adapters, { strict: false });
    close(other.forward(x), model.forward(x));
  });

  test.for([
    [() => new nn.LoRA(new nn.ReLU() as never), 'LoRA: the layer must be a Linear, Conv1d, Conv2d or Conv3d, got ReLU'],
    [() => new nn.LoRA(linear(), { r: 0 }), 'LoRA: r must be an integer ≥ 1, got 0'],
    [() => new nn.LoRA(linear(), { loraAlpha: Infinity }), 'LoRA: loraAlpha must be a finite number, got Infinity'],
    [() => new nn.LoRA(linear(), { loraDropout: 2 }), 'LoRA: loraDropout must be'],
    [() => new nn.LoRA(linear(), { alpha: 1 } as never), "LoRA: unknown option 'alpha'"],
  ] as const)('bad calls: %#', ([call, message]) => {
    expect(call).toThrow(message);
  });
});
