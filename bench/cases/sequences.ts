// Layers of sequences, forward and backward.
import { random, type Tensor, valueAndGrad, Variable } from '@thetagrad/core';
import { type AnyModule, LSTM, toPyTorch, TransformerEncoderLayer } from '@thetagrad/nn';
import { type Case, define, type Inputs } from '../case.ts';

const key = random.key(9);

interface Settings<Layer extends AnyModule> {
  readonly name: string;
  readonly layer: () => Layer;
  readonly shape: readonly [number, number, number];
  readonly call: (layer: Layer, x: Tensor) => Tensor;
  /** Python expressions of the layer, and of its output for `x`. */
  readonly torch: { readonly layer: string; readonly output: string };
}

/** Creates a case that computes the output and the gradients of the input and all weights. */
function createCase<Layer extends AnyModule>({ name, layer, shape, call, torch }: Settings<Layer>): Case {
  return define({
    name,
    inputs: (): Inputs<Tensor> => ({
      x: random.normal(key.foldIn(1), shape),
      cotangent: random.normal(key.foldIn(2), shape),
      ...Object.fromEntries(Object.entries(layer().stateDict()).map(([path, value]) => [toPyTorch(path), value])),
    }),
    ours({ x, cotangent }) {
      const [input, model] = [new Variable(x!), layer()];
      let output = x!;
      const lossAndGrads = valueAndGrad({ x: input, model: model as AnyModule }, () => {
        output = call(model, input.value);
        return output.mul(cotangent!).sum();
      });
      return () => {
        const { grads } = lossAndGrads();
        return [output, ...Object.values(grads)];
      };
    },
    torch: `
model = ${torch.layer}
x, cotangent = inputs.pop('x').requires_grad_(), inputs.pop('cotangent')
model.load_state_dict(inputs)
variables = [x, *(dict(model.named_parameters())[name] for name in inputs)]
def run():
    y = ${torch.output}
    return [y, *torch.autograd.grad(y, variables, cotangent)]
return run`,
  });
}

const block = { dimFeedforward: 1024, dropout: 0, activation: 'gelu', batchFirst: true, normFirst: true, key } as const;

export const sequences: readonly Case[] = [
  createCase({
    name: 'transformer block, 8×128×256, 8 heads, forward and backward',
    layer: () => new TransformerEncoderLayer(256, 8, block),
    shape: [8, 128, 256],
    call: (layer, x) => layer.forward(x),
    torch: {
      layer:
        "torch.nn.TransformerEncoderLayer(256, 8, 1024, dropout=0, activation='gelu', batch_first=True, norm_first=True)",
      output: 'model(x)',
    },
  }),
  createCase({
    name: 'LSTM, 32×100×128, forward and backward',
    layer: () => new LSTM(128, 128, { batchFirst: true, key }),
    shape: [32, 100, 128],
    call: (layer, x) => layer.forward(x)[0],
    torch: { layer: 'torch.nn.LSTM(128, 128, batch_first=True)', output: 'model(x)[0]' },
  }),
];
