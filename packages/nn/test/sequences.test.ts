// Layers of sequences: recurrent networks, attention, transformers and positions.
import {
  compile,
  evaluateSync,
  explain,
  full,
  grad,
  random,
  stack,
  tensor,
  type Tensor,
  valueAndGrad,
  zeros,
  type Shape,
} from '@thetagrad/core';
import * as nn from '@thetagrad/nn';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

const key = random.key(1);
const float64 = { dtype: 'float64' } as const;
const normal = (shape: Shape, seed: number): Tensor => random.normal(random.key(seed), shape, float64);
const flags = (values: readonly (readonly number[])[]): Tensor => tensor(values.map((row) => row.map((x) => x !== 0)));

function expectClose(actual: Tensor, expected: Tensor | readonly number[], digits = 12): void {
  const wanted = Array.isArray(expected) ? expected : [...(expected as Tensor).dataSync()];
  const values = [...actual.dataSync()];
  expect(values.length).toBe(wanted.length);
  values.forEach((value, i) => expect(value).toBeCloseTo(wanted[i]!, digits));
}

describe("PyTorch's values", () => {
  /** Numbers that PyTorch was given as well. */
  const fill = (shape: Shape, seed: number): Tensor => {
    const size = shape.reduce((product, length) => product * length, 1);
    return tensor(
      Float64Array.from({ length: size }, (_, i) => 0.4 * Math.sin(0.7 * i + seed)),
      { shape },
    );
  };
  const seedOf = (name: string): number => Array.from(name).reduce((sum, letter) => sum + letter.charCodeAt(0), 0);
  const causal = flags([
    [0, 1],
    [0, 0],
  ]);
  const padding = flags([
    [0, 0, 1],
    [0, 0, 0],
  ]);
  const mask = flags([
    [0, 1, 0],
    [0, 0, 1],
    [0, 0, 0],
  ]);
  const x = fill([3, 2, 2], 1);
  const wide = fill([3, 2, 4], 1);
  const noDropout = { dimFeedforward: 3, dropout: 0, ...float64 };

  /** A layer, a call of it, the elements of its outputs, and a weighted sum of the gradients of its variables. */
  const sample = <Layer extends nn.AnyModule>(
    name: string,
    layer: Layer,
    call: (layer: Layer) => readonly Tensor[],
    outputs: readonly number[],
    gradient: number,
  ) => [name, { layer: layer as nn.AnyModule, call: () => call(layer), outputs, gradient }] as const;

  test.for([
    sample(
      'RNN of relu, two layers',
      new nn.RNN(2, 2, { numLayers: 2, nonlinearity: 'relu', batchFirst: true, ...float64 }),
      (layer) => layer.forward(x.transpose(0, 1), fill([2, 2, 2], 2)),
      [0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.1116301, 0.0, 1.0967986, 0.0, 0.0, 0.0, 0.0, 0.0],
      0.3529363,
    ),
    sample(
      'RNN in both directions, with lengths',
      new nn.RNN(2, 2, { bidirectional: true, ...float64 }),
      (layer) => layer.forward(x, fill([2, 2, 2], 2), { lengths: [2, 3] }),
      [
        0.66249089, 0.015769025, 0.36844705, 0.48156244, 0.5252943, 0.35342832, 0.34174482, 0.65873794, 0.74790423,
        0.50662016, -0.26818641, 0.20213948, 0.73110072, 0.3901205, 0.062362144, 0.63349238, 0.0, 0.0, 0.0, 0.0,
        0.76546027, -0.04759734, 0.35936984, 0.56893066, 0.74790423, 0.50662016, 0.76546027, -0.04759734, 0.36844705,
        0.48156244, 0.34174482, 0.65873794,
      ],
      0.073691062,
    ),
    sample(
      'GRU in both directions, two layers, with lengths',
      new nn.GRU(2, 2, { numLayers: 2, bidirectional: true, ...float64 }),
      (layer) => layer.forward(x, fill([4, 2, 2], 2), { lengths: tensor([3, 1], { dtype: 'int32' }) }),
      [
        0.12583479, 0.14683975, -0.57597908, -0.47658428, -0.1411477, 0.18219997, -0.41880808, -0.21640881,
        -0.0062853671, 0.12449342, -0.5602277, -0.41832718, 0.0, 0.0, 0.0, 0.0, -0.10233199, 0.17667722, -0.48858218,
        -0.39286446, 0.0, 0.0, 0.0, 0.0, -0.43813342, -0.38431085, -0.31974349, -0.38128782, -0.0064872909, -0.30750207,
        0.019877156, 0.078689965, -0.10233199, 0.17667722, -0.1411477, 0.18219997, -0.57597908, -0.47658428,
        -0.41880808, -0.21640881,
      ],
      0.16442578,
    ),
    sample(
      'GRU of one sequence, without biases',
      new nn.GRU(2, 3, { bias: false, ...float64 }),
      (layer) => layer.forward(x.at(':', 0)),
      [
        -0.09086517, 0.063855034, 0.1396902, 0.049379471, -0.051713183, 0.0006107996, -0.025118773, 0.026576366,
        0.080477901, -0.025118773, 0.026576366, 0.080477901,
      ],
      0.084509,
    ),
    sample(
      'LSTM in both directions, two layers, projected, with lengths',
      new nn.LSTM(2, 3, { numLayers: 2, bidirectional: true, projSize: 2, ...float64 }),
      (layer) => layer.forward(x, [fill([4, 2, 2], 2), fill([4, 2, 3], 3)], { lengths: [1, 3] }).flat(),
      [
        0.054680814, -0.021846152, 0.058508775, -0.029991542, 0.12357013, 0.019416987, 0.17516072, -0.098632341, 0.0,
        0.0, 0.0, 0.0, 0.12760758, 0.017548889, 0.16523488, -0.086686728, 0.0, 0.0, 0.0, 0.0, 0.12992374, 0.016963713,
        0.13236797, -0.052914647, 0.072523987, -0.057707964, 0.094154098, 0.0029840901, 0.048694081, 0.012420115,
        0.34295372, -0.13042516, 0.054680814, -0.021846152, 0.12992374, 0.016963713, 0.058508775, -0.029991542,
        0.17516072, -0.098632341, -0.30888447, 0.086167349, 0.19679885, -0.26429881, 0.28905408, 0.43747127,
        -0.19484682, -0.12704866, 0.03555745, -0.54302877, -0.75492892, -0.52393392, 0.0049992088, 0.16410068,
        0.26963984, 0.37779937, 0.40997385, 0.38685354, -0.22671214, -0.03977009, 0.050127305, -0.52270274, -0.29762986,
        0.244294,
      ],
      -0.83937177,
    ),
    sample(
      'LSTM',
      new nn.LSTM(2, 2, { batchFirst: true, ...float64 }),
      (layer) => layer.forward(x).flat(),
      [
        -0.13259005, -0.19917945, -0.2413789, -0.25271308, -0.21543817, -0.12030382, -0.32623496, -0.19781106,
        -0.15233438, -0.19445733, -0.2249547, -0.27817513, -0.2413789, -0.25271308, -0.32623496, -0.19781106,
        -0.2249547, -0.27817513, -0.56774363, -0.44752641, -0.70615905, -0.35130404, -0.55503302, -0.4806735,
      ],
      -0.18744396,
    ),
    sample(
      'RNNCell',
      new nn.RNNCell(2, 3, float64),
      (layer) => [layer.forward(fill([2, 2], 1), fill([2, 3], 2))],
      [0.52368051, -0.27790867, -0.24550659, 0.43360238, 0.35798723, -0.53562857],
      -0.20020953,
    ),
    sample(
      'GRUCell',
      new nn.GRUCell(2, 3, float64),
      (layer) => [layer.forward(fill([2, 2], 1), fill([2, 3], 2))],
      [0.21313262, 0.41054517, 0.36928898, -0.10284046, 0.17871903, 0.2150892],
      0.32153483,
    ),
    sample(
      'LSTMCell',
      new nn.LSTMCell(2, 3, float64),
      (layer) => layer.forward(fill([2, 2], 1), [fill([2, 3], 2), fill([2, 3], 3)]),
      [
        0.053819975, 0.06244747, 0.082391929, -0.10300968, 0.19550555, 0.070881258, 0.08477253, 0.14756077, 0.18963363,
        -0.16895193, 0.34534956, 0.20497701,
      ],
      0.25010891,
    ),
    sample(
      'MultiheadAttention, masked',
      new nn.MultiheadAttention(4, 2, float64),
      (layer) => layer.forward(wide, wide, wide, { keyPaddingMask: padding, attnMask: mask }),
      [
        -0.046866062, -0.59352914, 0.094183138, 0.14251742, -0.23045296, -0.42164784, -0.046130763, 0.23504991,
        -0.040500035, -0.59732515, 0.094970488, 0.14482972, -0.26462162, -0.38853607, -0.074359406, 0.25513345,
        -0.040324007, -0.59752205, 0.095165502, 0.14465912, -0.24049622, -0.41277447, -0.052808869, 0.23876106, 1.0,
        0.0, 0.0, 0.48321832, 0.51678168, 0.0, 0.48642171, 0.51357829, 0.0, 0.46350701, 0.0, 0.53649299, 0.4778637,
        0.5221363, 0.0, 0.31346863, 0.33312, 0.35341136,
      ],
      0.052745659,
    ),
    sample(
      'MultiheadAttention of keys and values of other sizes',
      new nn.MultiheadAttention(4, 2, { kdim: 3, vdim: 2, batchFirst: true, bias: false, ...float64 }),
      (layer) =>
        layer.forward(fill([2, 2, 4], 1), fill([2, 3, 3], 2), fill([2, 3, 2], 3), {
          attnMask: fill([4, 2, 3], 4),
          averageAttnWeights: false,
        }),
      [
        -0.088536817, 0.077354411, -0.057233293, 0.030498563, -0.09353308, 0.083360199, -0.063554603, 0.036404935,
        0.028472589, -0.023544804, 0.015896291, -0.0064108773, 0.051370437, -0.056705529, 0.055487996, -0.04785853,
        0.35425784, 0.30179706, 0.3439451, 0.25517128, 0.34468487, 0.40014385, 0.40293608, 0.31781928, 0.27924464,
        0.34603939, 0.32996537, 0.32399524, 0.25590403, 0.33729984, 0.40679613, 0.41414008, 0.33185568, 0.25400425,
        0.33814419, 0.30248512, 0.35937069, 0.26165544, 0.34219058, 0.39615398,
      ],
      0.0025297722,
    ),
    sample(
      'MultiheadAttention of one sequence',
      new nn.MultiheadAttention(4, 1, float64),
      (layer) => {
        const memory = fill([3, 4], 2);
        return layer.forward(fill([2, 4], 1), memory, memory);
      },
      [
        -0.14217657, -0.5028729, 0.018656977, 0.19418605, -0.13260784, -0.51300681, 0.028185031, 0.18636487, 0.309196,
        0.37160143, 0.31920257, 0.3713227, 0.26497282, 0.36370448,
      ],
      -0.050908616,
    ),
    sample(
      'TransformerEncoderLayer',
      new nn.TransformerEncoderLayer(4, 2, noDropout),
      (layer) => [layer.forward(wide, { srcMask: mask, srcKeyPaddingMask: padding })],
      [
        -0.10566151, -0.051581437, 1.0446149, 0.2605066, -0.13321651, -0.23640156, 0.69382081, 0.59600429, -0.092917397,
        -0.20531253, 0.97474698, 0.37376632, -0.1758321, -0.16591613, 0.68411894, 0.61017649, -0.092601541, -0.26399212,
        0.89156564, 0.45395513, -0.22052699, -0.0094070489, 0.95966152, 0.41714235,
      ],
      -0.36646177,
    ),
    sample(
      'TransformerDecoderLayer, normalized first',
      new nn.TransformerDecoderLayer(4, 2, { ...noDropout, activation: 'gelu', normFirst: true, batchFirst: true }),
      (layer) => [
        layer.forward(fill([1, 2, 4], 1), fill([1, 3, 4], 2), {
          tgtMask: causal,
          memoryKeyPaddingMask: padding.slice([[0, 1]]),
        }),
      ],
      [1.0129737, -0.17224964, 0.40969195, -0.43032235, 0.4456484, -0.95037691, -0.25312643, -0.54589113],
      -0.080517888,
    ),
    sample(
      'Transformer',
      new nn.Transformer({
        ...noDropout,
        dModel: 4,
        nhead: 2,
        numEncoderLayers: 1,
        numDecoderLayers: 1,
        layerNormEps: 0.01,
      }),
      (layer) => [
        layer.forward(wide, fill([2, 2, 4], 2), {
          tgtIsCausal: true,
          srcKeyPaddingMask: padding,
          memoryKeyPaddingMask: padding,
        }),
      ],
      [
        -0.25749261, -0.31028455, 0.22367689, 0.71114154, -0.23062574, -0.20109512, 0.078714266, 0.95023273,
        -0.25938526, -0.30906246, 0.2200236, 0.69323214, -0.23991856, -0.25649221, 0.13544726, 0.88913312,
      ],
      -0.19051105,
    ),
  ])('%s', ([, { layer, call, outputs, gradient }]) => {
    const shapes = Object.entries(layer.variables()).map(([path, { shape }]) => [nn.toPyTorch(path), shape] as const);
    const state = shapes.map(([name, shape]) => [name, fill(shape, seedOf(name))] as const);
    layer.loadStateDict(Object.fromEntries(state), { rename: nn.fromPyTorch });
    let results: readonly Tensor[] = [];
    const { grads } = valueAndGrad(layer, () => {
      results = call();
      const sums = results.map((output, j) => output.mul(fill(output.shape, 50 + j)).sum());
      return sums.reduce((total, each) => total.add(each));
    })();
    const sums = Object.values(grads).map((each) => each.mul(fill(each.shape, 9)).sum());
    evaluateSync(results, sums);
    const values = results.flatMap((result) => [...result.dataSync()]);
    expect(values.length).toBe(outputs.length);
    values.forEach((value, i) => expect(value).toBeCloseTo(outputs[i]!, 7));
    expect(sums.reduce((total, each) => total + each.itemSync(), 0)).toBeCloseTo(gradient, 6);
  });
});

describe('recurrent layers', () => {
  type Cell = nn.RNNCell | nn.GRUCell | nn.LSTMCell;
  const kinds = {
    tanh: [(options: object) => new nn.RNN(2, 3, options), () => new nn.RNNCell(2, 3, float64)],
    relu: [
      (options: object) => new nn.RNN(2, 3, { ...options, nonlinearity: 'relu' }),
      () => new nn.RNNCell(2, 3, { ...float64, nonlinearity: 'relu' }),
    ],
    gru: [(options: object) => new nn.GRU(2, 3, options), () => new nn.GRUCell(2, 3, float64)],
    lstm: [(options: object) => new nn.LSTM(2, 3, options), () => new nn.LSTMCell(2, 3, float64)],
  } as const;

  test('are a loop of cells over each sequence alone', () => {
    const settings = fc.record({
      kind: fc.constantFrom(...(['tanh', 'relu', 'gru', 'lstm'] as const)),
      lengths: fc.option(fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 2, maxLength: 2 })),
      bidirectional: fc.boolean(),
      seed: fc.nat(),
    });
    const property = fc.property(settings, ({ kind, lengths, bidirectional, seed }) => {
      const [makeLayer, makeCell] = kinds[kind];
      const layer = makeLayer({ bidirectional, key: random.key(seed), ...float64 });
      const x = normal([3, 2, 2], seed);
      const first = [1, 2].map((i) => normal([bidirectional ? 2 : 1, 2, 3], seed + i)) as [Tensor, Tensor];
      const call = layer.forward as (...inputs: unknown[]) => [Tensor, Tensor | readonly Tensor[]];
      const run = (x: Tensor): Tensor[] => {
        const [output, last] = call.call(layer, x, kind === 'lstm' ? first : first[0], lengths ? { lengths } : {});
        return [output, last].flat();
      };
      /** All by cells. */
      const loop = (x: Tensor): Tensor[] => {
        const results = ['', ...(bidirectional ? ['Reverse'] : [])].map((suffix, direction) => {
          const cell: Cell = makeCell();
          for (const [name, variable] of Object.entries(cell.variables())) {
            variable.assign(layer.variables()[`${name}L0${suffix}`]!.value);
          }
          const step = cell.forward as (...inputs: unknown[]) => Tensor | readonly Tensor[];
          return [0, 1].map((n) => {
            const length = lengths ? lengths[n]! : 3;
            let state: readonly Tensor[] = (kind === 'lstm' ? first : [first[0]]).map((each) => each.at(direction, n));
            const outputs = Array.from({ length: 3 }, () => zeros([3], float64));
            for (let i = 0; i < length; i++) {
              const t = suffix ? length - 1 - i : i;
              state = [step.call(cell, x.at(t, n), kind === 'lstm' ? state : state[0])].flat() as Tensor[];
              outputs[t] = state[0]!;
            }
            return { outputs, state };
          });
        });
        const output = [0, 1, 2].map((t) =>
          stack([0, 1].map((n) => stack(results.map((each) => each[n]!.outputs[t]!)).flatten())),
        );
        const states = results[0]![0]!.state.map((_, i) =>
          stack(results.map((each) => stack(each.map(({ state }) => state[i]!)))),
        );
        return [stack(output), ...states];
      };
      const weighted = (f: (x: Tensor) => Tensor[]) => (x: Tensor) =>
        f(x)
          .map((each, i) => each.mul(normal(each.shape, i)).sum())
          .reduce((total, each) => total.add(each));
      run(x).forEach((result, i) => expectClose(result, loop(x)[i]!));
      expectClose(grad(weighted(run))(x), grad(weighted(loop))(x));
    });
    fc.assert(property, { numRuns: 8 });
  });

  test('plan a step once, however many there are', () => {
    const layer = new nn.LSTM(2, 3);
    const kernels = (length: number): number => {
      const loss = (x: Tensor): Tensor => layer.forward(x)[0].square().sum();
      return explain(grad(loss)(zeros([length, 2, 2]))).kernels.length;
    };
    expect(kernels(500)).toBe(kernels(5));
  });

  test('accept no steps and no sequences', () => {
    const layer = new nn.GRU(2, 3, { numLayers: 2 });
    const hx = full([2, 4, 3], 0.5);
    const [output, hn] = layer.forward(zeros([0, 4, 2]), hx);
    expect(output.shape).toEqual([0, 4, 3]);
    expect(hn.toArraySync()).toEqual(hx.toArraySync());
    expect(layer.forward(zeros([5, 0, 2])).map(({ shape }) => shape)).toEqual([
      [5, 0, 3],
      [2, 0, 3],
    ]);
  });

  test('drop between layers in training, by keys of the generator', () => {
    const options = { numLayers: 2, key, ...float64 };
    const x = normal([3, 2, 2], 3);
    const plain = new nn.RNN(2, 3, options).forward(x)[0].toArraySync();
    const layer = new nn.RNN(2, 3, { ...options, dropout: 0.5 });
    expect(layer.forward(x)[0].toArraySync()).not.toEqual(layer.forward(x)[0].toArraySync());
    expect(layer.eval().forward(x)[0].toArraySync()).toEqual(plain);
    const deaf = new nn.RNN(2, 3, { ...options, dropout: 1 });
    expect(deaf.forward(x)[0].toArraySync()).toEqual(deaf.forward(x.neg())[0].toArraySync());
  });

  test('what follows a sequence reaches neither values nor gradients', () => {
    const layer = new nn.LSTM(2, 3, { key });
    const x = tensor([[[1, 2]], [[NaN, Infinity]]]);
    const { value, grads } = valueAndGrad(layer, (x: Tensor) => layer.forward(x, undefined, { lengths: [1] })[0].sum())(
      x,
    );
    for (const each of [value, ...Object.values(grads)]) expect(each.isfinite().all().itemSync()).toBe(1);
  });

  test('promote what they are given', () => {
    const layer = new nn.GRU(2, 3);
    expect(layer.forward(zeros([4, 1, 2], { dtype: 'int32' }))[0].dtype).toBe('float32');
    const [output, hn] = layer.forward(zeros([4, 1, 2]), zeros([1, 1, 3], float64));
    expect([output.dtype, hn.dtype]).toEqual(['float64', 'float64']);
    expect(new nn.LSTMCell(2, 3).forward(zeros([2], float64)).map(({ dtype }) => dtype)).toEqual([
      'float64',
      'float64',
    ]);
  });

  test('learn to remember, compiled', async () => {
    const bits = random.bernoulli(random.key(5), [8, 16, 1]).astype('float32');
    const layers = { lstm: new nn.LSTM(1, 8, { key }), head: new nn.Linear(8, 1, { key }) };
    const optimizer = new nn.Adam(layers, { lr: 0.03 });
    const lossAndGrads = valueAndGrad(layers, (x: Tensor) => {
      const [, [hn]] = layers.lstm.forward(x);
      return nn.binaryCrossEntropyWithLogits(layers.head.forward(hn.squeeze(0)), x.at(3));
    });
    const step = compile((x: Tensor) => {
      const { value, grads } = lossAndGrads(x);
      optimizer.update(grads);
      return value;
    });
    const losses: number[] = [];
    for (let i = 0; i < 120; i++) losses.push((await step(bits)).itemSync());
    expect(losses.at(-1)).toBeLessThan(losses[0]! / 4);
  });
});

describe('MultiheadAttention', () => {
  const x = normal([5, 2, 8], 1);
  const layer = new nn.MultiheadAttention(8, 2, { key, ...float64 });

  test('projects each operand for itself where they are not the same', () => {
    const [output, weights] = layer.forward(x, x, x);
    for (const operands of [
      [x, x.mul(1), x.mul(1)],
      [x.mul(1), x, x],
      [x, x, x.mul(1)],
    ] as const) {
      const [other, otherWeights] = layer.forward(...operands);
      expectClose(other, output);
      expectClose(otherWeights, weights);
    }
    expectClose(weights.sum(-1), full([2, 5], 1));
  });

  test('isCausal is a mask, and masks add up', () => {
    const attnMask = tensor(Array.from({ length: 5 }, (_, i) => Array.from({ length: 5 }, (_, j) => j > i)));
    const keyPaddingMask = flags([
      [0, 1, 0, 0, 0],
      [0, 0, 0, 1, 1],
    ]);
    const [output, weights] = layer.forward(x, x, x, { isCausal: true, keyPaddingMask });
    const added = attnMask.where(-Infinity, 0);
    for (const mask of [attnMask, added, stack([added, added, added, added])]) {
      expectClose(layer.forward(x, x, x, { attnMask: mask, keyPaddingMask })[0], output);
    }
    const asNumbers = keyPaddingMask.where(-Infinity, 0);
    expectClose(layer.forward(x, x, x, { attnMask, keyPaddingMask: asNumbers })[1], weights);
    expect(weights.at(0, ':', 1).abs().sum().itemSync()).toBe(0);
  });

  test('a query that attends to nothing gives the last bias, and no gradients', () => {
    const keyPaddingMask = flags([
      [1, 1, 1, 1, 1],
      [0, 0, 0, 0, 0],
    ]);
    layer.outProj.bias!.assign(tensor([1, 2, 3, 4, 5, 6, 7, 8], float64));
    const masked = (x: Tensor): Tensor => layer.forward(x, x, x, { keyPaddingMask })[0].at(':', 0);
    expect(masked(x).toArraySync()).toEqual(Array.from({ length: 5 }, () => [1, 2, 3, 4, 5, 6, 7, 8]));
    expect(grad((x: Tensor) => masked(x).square().sum())(x).toArraySync()).toEqual(zeros(x.shape).toArraySync());
  });

  test('drops weights in training, by keys of the generator', () => {
    const dropping = new nn.MultiheadAttention(8, 2, { key, dropout: 0.5, ...float64 });
    const plain = new nn.MultiheadAttention(8, 2, { key, ...float64 }).forward(x, x, x)[1].toArraySync();
    const [first, second] = [dropping.forward(x, x, x)[1].toArraySync(), dropping.forward(x, x, x)[1].toArraySync()];
    expect(first).not.toEqual(second);
    expect(first).not.toEqual(plain);
    expect(dropping.eval().forward(x, x, x)[1].toArraySync()).toEqual(plain);
  });

  test('batchFirst and one sequence are other layouts of the same', () => {
    const batchFirst = new nn.MultiheadAttention(8, 2, { key, batchFirst: true, ...float64 });
    const plain = new nn.MultiheadAttention(8, 2, { key, ...float64 });
    const [output, weights] = plain.forward(x, x, x);
    const swapped = x.transpose(0, 1);
    expectClose(batchFirst.forward(swapped, swapped, swapped)[0].transpose(0, 1), output);
    for (const each of [batchFirst, plain]) {
      const one = x.at(':', 1);
      const mask = flags([[0, 0, 0, 0, 0]]).squeeze(0);
      const [single, ofSingle] = each.forward(one, one, one, { keyPaddingMask: mask });
      expectClose(single, output.at(':', 1));
      expectClose(ofSingle, weights.at(1));
    }
  });
});

describe('transformers', () => {
  const options = { dimFeedforward: 6, key, ...float64 };
  const x = normal([3, 2, 4], 1);

  test('encoders and decoders apply their layers and a norm', () => {
    const encoder = new nn.TransformerEncoder(
      [1, 2].map((i) => new nn.TransformerEncoderLayer(4, 2, { ...options, key: random.key(i) })),
      { norm: new nn.LayerNorm(4, float64) },
    ).eval();
    const mask = flags([
      [0, 1, 1],
      [0, 0, 1],
      [0, 0, 0],
    ]);
    const layers = encoder.layers.map((layer) => (x: Tensor) => layer.forward(x, { isCausal: true }));
    const expected = encoder.norm!.forward(layers[1]!(layers[0]!(x)));
    expectClose(encoder.forward(x, { mask }), expected);
    expectClose(encoder.forward(x, { isCausal: true }), expected);
    const decoder = new nn.TransformerDecoder([new nn.TransformerDecoderLayer(4, 2, options)]).eval();
    expectClose(decoder.forward(x, expected), decoder.layers[0]!.forward(x, expected));
    expect(encoder.layers[1]!.selfAttn.numHeads).toBe(2);
    const names = Object.keys(encoder.variables()).map(nn.toPyTorch);
    expect(names).toContain('layers.1.self_attn.in_proj_weight');
    expect(names).toContain('layers.0.self_attn.out_proj.bias');
  });

  test('a transformer of an activation of its own, with dropout in training alone', () => {
    const sizes = { dModel: 4, nhead: 2, numEncoderLayers: 1, numDecoderLayers: 1 };
    const model = new nn.Transformer({ ...options, ...sizes, activation: new nn.SiLU(), bias: false, dropout: 0.5 });
    expect(Object.keys(model.variables()).some((name) => /bias/i.test(name))).toBe(false);
    expect(model.forward(x, x).toArraySync()).not.toEqual(model.forward(x, x).toArraySync());
    model.eval();
    expect(model.forward(x, x).toArraySync()).toEqual(model.forward(x, x).toArraySync());
    const ones = new nn.Transformer({ ...options, ...sizes, weightInit: nn.init.ones }).parameters();
    expect(ones['decoder.layers.0.multiheadAttn.inProjWeight']!.value.mean().itemSync()).toBe(1);
  });

  test('learn to reverse a sequence', async () => {
    const tokens = random.integers(random.key(3), [16, 4], { high: 5 });
    const model = new nn.Sequential(
      new nn.Embedding(5, 16, { key }),
      new nn.LearnedPositionalEncoding(4, 16, { key, batchFirst: true, weightInit: nn.init.normal() }),
      new nn.TransformerEncoderLayer(16, 2, { dimFeedforward: 32, key, batchFirst: true, dropout: 0 }),
      new nn.Linear(16, 5, { key }),
    );
    const optimizer = new nn.Adam(model, { lr: 0.01 });
    const lossAndGrads = valueAndGrad(model, (tokens: Tensor) =>
      nn.crossEntropy(model.forward(tokens).transpose(1, 2), tokens.flip(1)),
    );
    const step = compile((tokens: Tensor) => {
      const { value, grads } = lossAndGrads(tokens);
      optimizer.update(grads);
      return value;
    });
    const losses: number[] = [];
    for (let i = 0; i < 60; i++) losses.push((await step(tokens)).itemSync());
    expect(losses.at(-1)).toBeLessThan(losses[0]! / 4);
  });
});

describe('positions', () => {
  test('sinusoidal encodings are those of the paper', () => {
    const layer = new nn.SinusoidalPositionalEncoding(5);
    const expected = (p: number): number[] =>
      [0, 1, 2, 3, 4].map((i) => {
        const angle = p / 10_000 ** ((i - (i % 2)) / 5);
        return i % 2 === 0 ? Math.sin(angle) : Math.cos(angle);
      });
    for (const [length, offset] of [
      [2, 0],
      [4, 3],
      [1, 4000],
      [2, 2 ** 16 - 1],
      [1, 1e12],
    ] as const) {
      const rows = Array.from({ length }, (_, i) => expected(offset + i));
      expectClose(layer.forward(zeros([length, 5], float64), { offset }), rows.flat());
      const batch = layer.forward(full([length, 2, 5], 1, float64), { offset });
      expectClose(
        batch,
        rows.flatMap((row) => [row, row].flat().map((value) => value + 1)),
      );
    }
    const batchFirst = new nn.SinusoidalPositionalEncoding(5, { batchFirst: true });
    expectClose(batchFirst.forward(zeros([2, 3, 5])).at(1), [0, 1, 2].flatMap(expected), 6);
    expect(Object.keys(layer.variables())).toEqual([]);
  });

  test('learned encodings are rows of a weight', () => {
    const layer = new nn.LearnedPositionalEncoding(4, 2, { key });
    const rows = layer.weight.value.toArraySync() as number[][];
    expect(layer.forward(zeros([2, 2])).toArraySync()).toEqual(rows.slice(0, 2));
    expect(layer.forward(zeros([1, 3, 2]), { offset: 3 }).toArraySync()).toEqual([[rows[3], rows[3], rows[3]]]);
  });

  test('rotations keep lengths, and products depend on distances alone', () => {
    const [q, k] = [normal([6], 1), normal([6], 2)];
    for (const interleaved of [true, false]) {
      const layer = new nn.RotaryPositionalEmbedding(6, { interleaved, base: 100 });
      const at = (x: Tensor, offset: number): Tensor => layer.forward(x.expandDims(0), { offset }).squeeze(0);
      const product = (m: number, n: number): number => at(q, m).mul(at(k, n)).sum().itemSync();
      expect(product(7, 4)).toBeCloseTo(product(3, 0), 12);
      expect(product(7, 4)).not.toBeCloseTo(product(7, 5), 3);
      expect(at(q, 9).norm().itemSync()).toBeCloseTo(q.norm().itemSync(), 12);
      expectClose(at(q, 0), q);
      // The first pair is rotated by one radian for each position.
      const [a, b] = interleaved ? [0, 1] : [0, 3];
      const rotated = at(q, 2).dataSync();
      const [first, second] = [q.dataSync()[a]!, q.dataSync()[b]!];
      expect(rotated[a]).toBeCloseTo(first * Math.cos(2) - second * Math.sin(2), 12);
      expect(rotated[b]).toBeCloseTo(first * Math.sin(2) + second * Math.cos(2), 12);
      const steps = layer.forward(stack([q, q, q]).broadcastTo([2, 3, 6]), { offset: 4 });
      expectClose(steps.at(1, 2), at(q, 6));
    }
  });
});
