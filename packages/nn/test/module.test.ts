import {
  evaluateSync,
  namedVariables,
  ones,
  type Tensor,
  tensor,
  valueAndGrad,
  Variable,
  type VariableHolder,
  zeros,
} from '@thetagrad/core';
import {
  BatchNorm2d,
  Conv2d,
  decodeSafetensors,
  Dropout,
  fromPyTorch,
  Linear,
  Module,
  Sequential,
  toPyTorch,
} from '@thetagrad/nn';
import { describe, expect, test } from 'vitest';

/** Variables and modules wherever they are searched for, and values that are neither. */
class Everything extends Module {
  readonly scale = new Variable(ones([2]));
  readonly features = new Sequential(new Linear(2, 3), new Linear(3, 2, { bias: false }));
  readonly heads = [new Linear(2, 1), new Linear(2, 1)];
  readonly byName = { left: new Linear(1, 1), deeper: { right: new Variable(zeros([]), { trainable: false }) } };
  readonly pair = [new Variable(ones([1])), 3, 'text', null, undefined] as const;
  readonly size = 4;
  readonly options = { stride: 2 };
  readonly #hidden = new Variable(ones([1]));

  override forward(x: Tensor): Tensor {
    return this.features.forward(x.mul(this.scale.value).add(this.#hidden.value));
  }
}

describe('names', () => {
  test('are paths through fields, arrays, objects and containers', () => {
    const names = Object.keys(new Everything().variables());
    expect(names).toEqual([
      'scale',
      'byName.deeper.right',
      'pair.0',
      'features.0.weight',
      'features.0.bias',
      'features.1.weight',
      'heads.0.weight',
      'heads.0.bias',
      'heads.1.weight',
      'heads.1.bias',
      'byName.left.weight',
      'byName.left.bias',
    ]);
  });

  test('are paths through maps, sets and instances of classes, without calling getters', () => {
    class Block {
      readonly layer = new Linear(1, 1, { bias: false });
      readonly scale = new Variable(ones([1]));
      readonly values = new Float32Array(4);

      constructor() {
        Object.defineProperty(this, 'lazy', {
          enumerable: true,
          get: () => {
            throw new Error('a getter was called');
          },
        });
      }
    }
    class Owner implements VariableHolder {
      readonly #weight = new Variable(ones([1]));

      variables(): Record<string, Variable> {
        return { weight: this.#weight };
      }
    }
    class Model extends Module {
      readonly byName = new Map<unknown, unknown>([
        ['first', new Linear(1, 1, { bias: false })],
        [7, new Variable(ones([1]))],
        [{}, [new Dropout(0.5)]],
      ]);
      readonly any = new Set([new Linear(1, 1, { bias: false })]);
      readonly block = new Block();
      readonly owner = new Owner();

      override forward(x: Tensor): Tensor {
        return x;
      }
    }
    const model = new Model();
    expect(Object.keys(model.variables())).toEqual([
      'byName.7',
      'block.scale',
      'owner.weight',
      'byName.first.weight',
      'any.0.weight',
      'block.layer.weight',
    ]);
    model.eval();
    expect(model.block.layer.training).toBe(false);
    expect([...model.any].every(({ training }) => !training)).toBe(true);
    expect(model.modules().get('byName.2.0')!.training).toBe(false);
    const { grads } = valueAndGrad(model, () => model.block.layer.forward(ones([1, 1])).sum())();
    expect(grads['block.layer.weight']!.toArraySync()).toEqual([[1]]);
    const copy = new Model();
    copy.loadStateDict(model.stateDict());
    evaluateSync(copy);
    expect(copy.variables()['any.0.weight']!.value.itemSync()).toBe(
      model.variables()['any.0.weight']!.value.itemSync(),
    );
  });

  test('nested too deep are an error', () => {
    let model: Module = new Dropout(0.5);
    for (let i = 0; i < 2000; i++) model = new Sequential(model as Sequential);
    expect(() => model.variables()).toThrow('Module: its fields are nested deeper than 500');
  });

  test('that are equal are an error', () => {
    class Model extends Module {
      readonly layers = new Map<unknown, unknown>([
        [1, new Variable(ones([1]))],
        ['1', new Variable(ones([1]))],
      ]);

      override forward(x: Tensor): Tensor {
        return x;
      }
    }
    expect(() => new Model().variables()).toThrow(
      "Module: two variables or modules have the path 'layers.1'; rename one",
    );
    const dotted = { 'a.b': new Variable(ones([1])), a: { b: new Variable(ones([1])) } };
    expect(() => namedVariables(dotted)).toThrow("namedVariables: duplicate variable name 'a.b'");
  });

  test('of maps and sets of a tree', () => {
    const variable = new Variable(ones([1]));
    const tree = new Map([['a', new Set([new Linear(1, 1, { bias: false }), variable])]]);
    expect(Object.keys(namedVariables(tree))).toEqual(['a.0.weight', 'a.1']);
    variable.assign(zeros([1]));
    evaluateSync(tree);
    expect(variable.value.itemSync()).toBe(0);
  });

  test('of modules and children', () => {
    const model = new Everything();
    expect([...model.children().keys()]).toEqual(['features', 'heads.0', 'heads.1', 'byName.left']);
    expect([...model.modules().keys()]).toEqual([
      '',
      'features',
      'features.0',
      'features.1',
      'heads.0',
      'heads.1',
      'byName.left',
    ]);
    expect(model.modules().get('')).toBe(model);
    expect(model.children().get('heads.1')).toBe(model.heads[1]);
  });

  test('are in the order of the layers, also with more than ten', () => {
    const model = new Sequential(...Array.from({ length: 12 }, () => new Linear(1, 1, { bias: false })));
    expect(Object.keys(model.variables())).toEqual(Array.from({ length: 12 }, (_, i) => `${i}.weight`));
  });

  test('include what a class adds to a container', () => {
    class Scaled extends Sequential {
      readonly scale = new Variable(ones([1]));
      readonly extra = new Linear(1, 1, { bias: false });
    }
    expect(Object.keys(new Scaled(new Linear(1, 1)).variables())).toEqual([
      'scale',
      '0.weight',
      '0.bias',
      'extra.weight',
    ]);
  });

  test('separate trained parameters from buffers', () => {
    const layer = new BatchNorm2d(2);
    expect(Object.keys(layer.parameters())).toEqual(['weight', 'bias']);
    expect(Object.keys(layer.buffers())).toEqual(['runningMean', 'runningVar']);
  });

  test('are listed once when weights or modules are shared', () => {
    const first = new Linear(2, 2);
    const tied = new (class extends Module {
      readonly encoder = first;
      readonly decoder = new Sequential(first);
      readonly weight = first.weight;
      override forward(x: Tensor): Tensor {
        return this.decoder.forward(this.encoder.forward(x));
      }
    })();
    expect(Object.keys(tied.variables())).toEqual(['weight', 'encoder.bias']);
  });

  test('are finite where modules or objects refer to each other', () => {
    class Node extends Module {
      parent: Module | undefined;
      readonly child: Node | undefined;
      readonly loop: { self?: unknown; readonly weight: Variable } = { weight: new Variable(ones([1])) };
      constructor(child?: Node) {
        super();
        this.child = child;
        if (child) child.parent = this;
        this.loop.self = this.loop;
      }
      override forward(x: Tensor): Tensor {
        return x;
      }
    }
    expect(Object.keys(new Node(new Node()).variables())).toEqual(['loop.weight', 'child.loop.weight']);
  });

  test('are those of the gradients', () => {
    const model = new Sequential(new Linear(2, 2), new BatchNorm2d(2));
    const head = new Linear(2, 1);
    const { grads } = valueAndGrad({ model, head }, (x: Tensor) => head.forward(model.layers[0].forward(x)).sum())(
      ones([3, 2]),
    );
    const trained = Object.entries(namedVariables({ model, head })).filter(([, variable]) => variable.trainable);
    expect(Object.keys(grads)).toEqual(trained.map(([name]) => name));
    expect(Object.keys(grads)).toContain('model.0.weight');
  });
});

test('train and eval reach every module', () => {
  const model = new Sequential(new Linear(1, 1), new Sequential(new Dropout()));
  const modes = (): boolean[] => [...model.modules().values()].map(({ training }) => training);
  expect(modes()).toEqual([true, true, true, true]);
  expect(model.eval()).toBe(model);
  expect(modes()).toEqual([false, false, false, false]);
  model.train();
  expect(modes()).toEqual([true, true, true, true]);
});

describe('state', () => {
  test('is loaded into another model', () => {
    const [from, to] = [new Everything(), new Everything()];
    const x = tensor([[1, -2]]);
    expect(to.forward(x).toArraySync()).not.toEqual(from.forward(x).toArraySync());
    expect(to.loadStateDict(from.stateDict())).toEqual({ missingKeys: [], unexpectedKeys: [] });
    evaluateSync(to);
    expect(to.forward(x).toArraySync()).toEqual(from.forward(x).toArraySync());
    // The models do not share memory.
    from.scale.assign(zeros([2]));
    evaluateSync(from);
    expect(to.scale.value.toArraySync()).toEqual([1, 1]);
  });

  test('of another model lists all problems and changes nothing', () => {
    const layer = new Conv2d(1, 2, 1);
    const before = layer.weight.value.toArraySync();
    const state = { bias: zeros([3]), weight: zeros([2, 1, 1, 1], { dtype: 'float64' }), scale: ones([1]) };
    expect(() => layer.loadStateDict(state)).toThrow(
      'loadStateDict: the state does not fit, nothing was changed; unexpected: scale; ' +
        'mismatched: weight (expected float32 [2, 1, 1, 1], got float64 [2, 1, 1, 1]), bias (expected float32 [2], got float32 [3])',
    );
    expect(() => layer.loadStateDict({ weight: zeros([2, 1, 1, 1]) })).toThrow('missing: bias');
    evaluateSync(layer);
    expect(layer.weight.value.toArraySync()).toEqual(before);
  });

  test('may be partial when not strict, but never of another shape', () => {
    const layer = new Linear(1, 2);
    const state = { weight: tensor([[5], [6]]), scale: ones([1]) };
    expect(layer.loadStateDict(state, { strict: false })).toEqual({ missingKeys: ['bias'], unexpectedKeys: ['scale'] });
    expect(layer.weight.value.toArraySync()).toEqual([[5], [6]]);
    expect(() => layer.loadStateDict({ weight: ones([1, 2]) }, { strict: false })).toThrow('mismatched: weight');
  });

  test('of PyTorch is loaded by its names, dtypes and integers', () => {
    // The bytes that safetensors.torch.save_file writes of a double model and an unused uint32 tensor.
    const values: [string, string, number[], Uint8Array][] = [
      ['0.weight', 'F64', [1], new Uint8Array(Float64Array.of(1.5).buffer)],
      ['0.bias', 'F64', [1], new Uint8Array(Float64Array.of(-0.5).buffer)],
      ['0.running_mean', 'F64', [1], new Uint8Array(Float64Array.of(0.25).buffer)],
      ['0.running_var', 'F64', [1], new Uint8Array(Float64Array.of(4).buffer)],
      ['0.num_batches_tracked', 'I64', [], new Uint8Array(BigInt64Array.of(12n).buffer)],
      ['seed', 'U32', [2], new Uint8Array(Uint32Array.of(1, 4_000_000_000).buffer)],
      ['time', 'I64', [1], new Uint8Array(BigInt64Array.of(2n ** 40n).buffer)],
    ];
    let end = 0;
    const entries = values.map(([name, dtype, shape, bytes]) => {
      const offsets = [end, (end += bytes.length)];
      return [name, { dtype, shape, data_offsets: offsets }];
    });
    const header = new TextEncoder().encode(JSON.stringify(Object.fromEntries(entries)));
    const file = new Uint8Array(8 + header.length + end);
    new DataView(file.buffer).setBigUint64(0, BigInt(header.length), true);
    file.set(header, 8);
    file.set(
      values.flatMap(([, , , bytes]) => [...bytes]),
      8 + header.length,
    );

    expect(() => decodeSafetensors(file)).toThrow(
      /'seed' has unknown type 'U32'.*leave it out with \{ strict: false \}/,
    );
    const { tensors, skippedKeys } = decodeSafetensors(file, { strict: false });
    expect(skippedKeys).toEqual(['seed', 'time']);
    const model = new Sequential(new BatchNorm2d(1));
    expect(() => model.loadStateDict(tensors)).toThrow(
      'unexpected: 0.running_mean, 0.running_var, 0.num_batches_tracked',
    );
    expect(() => model.loadStateDict(tensors, { rename: fromPyTorch })).toThrow(
      'expected float32 [1], got float64 [1]',
    );
    const loaded = model.loadStateDict(tensors, { rename: fromPyTorch, strict: false });
    expect(loaded).toEqual({ missingKeys: [], unexpectedKeys: [] });
    evaluateSync(model);
    const state = Object.entries(model.stateDict()).map(([name, value]) => [name, value.itemSync()]);
    expect(state.map(([name]) => toPyTorch(name as string))).toEqual(values.slice(0, 4).map(([name]) => name));
    expect(Object.fromEntries(state)).toEqual({
      '0.weight': 1.5,
      '0.bias': -0.5,
      '0.runningMean': 0.25,
      '0.runningVar': 4,
    });
  });

  test('whose keys are renamed to the same path is an error', () => {
    const model = new Linear(1, 1);
    const state = { a: ones([1, 1]), b: ones([1, 1]) };
    expect(() => model.loadStateDict(state, { rename: () => 'weight', strict: false })).toThrow(
      "loadStateDict: rename makes 'weight' of two keys, a, b",
    );
    const other = { weight: ones([1, 1]), bias: 5 };
    const before = model.weight.value;
    expect(() => model.loadStateDict(other as never)).toThrow('loadStateDict: bias: expected a tensor, got 5');
    expect(model.weight.value).toBe(before);
    expect(() => model.loadStateDict(null as never)).toThrow('the state must be an object of tensors, got null');
    expect(() => model.loadStateDict(state, { rename: 'weight' as never })).toThrow('rename must be a function');
    const integers = { weight: ones([1, 1], { dtype: 'int32' }), bias: ones([1]) };
    expect(() => model.loadStateDict(integers, { strict: false })).toThrow('expected float32 [1, 1], got int32 [1, 1]');
  });

  test('does not mistake inherited names for entries', () => {
    class Odd extends Module {
      readonly byName = { toString: new Variable(ones([1])) };
      override forward(x: Tensor): Tensor {
        return x;
      }
    }
    expect(() => new Odd().loadStateDict({})).toThrow('missing: byName.toString');
    expect(() =>
      new Linear(1, 1, { bias: false }).loadStateDict({ weight: ones([1, 1]), toString: ones([1]) }),
    ).toThrow('unexpected: toString');
  });
});
