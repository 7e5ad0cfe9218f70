// Updates of optimizers without the network, which are limited by memory traffic.
import { evaluate, random, Variable } from '@thetagrad/core';
import { Adadelta, Adam, type Optimizer, RMSprop, SGD } from '@thetagrad/nn';
import { type Case, define } from '../case.ts';

const key = random.key(21);
const shape = [1024, 1024];

/** The default options, unless `torch` names others. */
const optimizers: Readonly<Record<string, { make: (p: Variable) => Optimizer; torch?: string }>> = {
  SGD: { make: (p) => new SGD(p, { lr: 1e-2, momentum: 0.9 }), torch: 'lr=1e-2, momentum=0.9' },
  Adam: { make: (p) => new Adam(p) },
  RMSprop: { make: (p) => new RMSprop(p) },
  Adadelta: { make: (p) => new Adadelta(p) },
};

export const updates: readonly Case[] = Object.entries(optimizers).map(([name, { make, torch = '' }]) =>
  define<'initial' | 'grad'>({
    name: `update by ${name}, 1M parameters`,
    stateful: true,
    inputs: () => ({ initial: random.normal(key.foldIn(1), shape), grad: random.normal(key.foldIn(2), shape) }),
    ours({ initial, grad }) {
      const p = new Variable(initial, { name: 'p' });
      const optimizer = make(p);
      return async () => {
        optimizer.update({ p: grad });
        await evaluate(p, optimizer);
        return [p];
      };
    },
    torch: `
p = torch.nn.Parameter(initial.clone())
p.grad = grad
optimizer = torch.optim.${name}([p]${torch && `, ${torch}`})
def step():
    optimizer.step()
    return [p]
return step`,
  }),
);
