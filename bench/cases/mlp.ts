// A training step whose cost is that of building and launching, not of arithmetic.
import { compile, evaluate, random, type Tensor, valueAndGrad } from '@thetagrad/core';
import { Adam, crossEntropy, Linear, ReLU, Sequential } from '@thetagrad/nn';
import type * as TensorFlow from '@tensorflow/tfjs-core';
import { type Case, define } from '../case.ts';

const key = random.key(11);
const lr = 1e-3;

const createNetwork = (): Sequential =>
  new Sequential(new Linear(64, 64, { key: key.foldIn(1) }), new ReLU(), new Linear(64, 10, { key: key.foldIn(2) }));

const createStep = (settings: string, isCompiled: boolean): Case =>
  define<'x' | 'labels' | 'w1' | 'b1' | 'w2' | 'b2'>({
    name: `MLP training step, ${settings}32 of 64, 64 hidden units, 10 classes, Adam`,
    stateful: true,
    inputs: () => {
      const [w1, b1, w2, b2] = Object.values(createNetwork().stateDict()) as [Tensor, Tensor, Tensor, Tensor];
      return {
        x: random.normal(key.foldIn(3), [32, 64]),
        labels: random.integers(key.foldIn(4), [32], { high: 10 }),
        w1,
        b1,
        w2,
        b2,
      };
    },
    ours({ x, labels }) {
      const model = createNetwork();
      const optimizer = new Adam(model, { lr });
      const lossAndGrads = valueAndGrad(model, (images: Tensor, y: Tensor) => crossEntropy(model.forward(images), y));
      const step = (images: Tensor, y: Tensor): Tensor => {
        const { value, grads } = lossAndGrads(images, y);
        optimizer.update(grads);
        return value;
      };
      const compiled = compile(step);
      return async () => {
        if (isCompiled) return [await compiled(x, labels)];
        const loss = step(x, labels);
        await evaluate(loss, model, optimizer);
        return [loss];
      };
    },
    tfjs({ x, labels, ...weights }, tf) {
      const [w1, b1, w2, b2] = (['w1', 'b1', 'w2', 'b2'] as const).map((name) => tf.variable(weights[name]));
      const oneHot = tf.cast(tf.oneHot(labels as TensorFlow.Tensor1D, 10), 'float32');
      const optimizer = tf.train.adam(lr, 0.9, 0.999, 1e-8);
      const loss = (): TensorFlow.Scalar => {
        const hidden = tf.relu(tf.add(tf.matMul(x, w1!, false, true), b1!));
        const logits = tf.add(tf.matMul(hidden, w2!, false, true), b2!);
        return tf.neg(tf.mean(tf.sum(tf.mul(oneHot, tf.logSoftmax(logits as TensorFlow.Tensor2D)), 1)));
      };
      return () => [optimizer.minimize(loss, true)!];
    },
    torch: `
model = torch.nn.Sequential(torch.nn.Linear(64, 64), torch.nn.ReLU(), torch.nn.Linear(64, 10))
with torch.no_grad():
    for parameter, value in zip(model.parameters(), (w1, b1, w2, b2)):
        parameter.copy_(value)
optimizer = torch.optim.Adam(model.parameters(), lr=${lr})
targets = labels.long()
def step():
    optimizer.zero_grad(set_to_none=True)
    loss = F.cross_entropy(model(x), targets)
    loss.backward()
    optimizer.step()
    return [loss]
return step`,
  });

export const mlpStep: Case = createStep('', false);
export const compiledMlpStep: Case = createStep('compiled, ', true);
