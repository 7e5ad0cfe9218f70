import { describe, expect, test } from 'vitest';
import {
  defineBinary,
  defineTernary,
  defineUnary,
  grad,
  graph,
  tensor,
  type Definition,
  type Tensor,
} from '../src/index.ts';

const real = { from: -3, to: 3 };

const plain: Definition<1> = {
  name: 'plain',
  dtypes: 'float',
  value: (x) => x + 1,
  derivatives: [(t) => t],
  domain: [real],
};

describe('operations that users define', () => {
  test('of one input', () => {
    const cbrt = defineUnary({
      ...plain,
      name: 'cbrt',
      value: Math.cbrt,
      derivatives: [(t, _x, out) => t.div(out.square().mul(3))],
      domain: [{ from: 0.2, to: 4 }],
    });
    const x = tensor([8, 27]);
    expect(cbrt(x).toArraySync()).toEqual([2, 3]);
    expect(cbrt(tensor([1, 0], { dtype: 'int32' })).dtype).toBe('float32');
    expect(
      grad((x: Tensor) => cbrt(x).sum())(x)
        .mul(108)
        .toArraySync(),
    ).toEqual([9, 4]);
    expect(graph(cbrt(x)).toString()).toContain('cbrt(%0)');
    expect(() => cbrt([1] as unknown as Tensor)).toThrow('cbrt: expected a tensor or a number');
  });

  test('of two inputs, which broadcast', () => {
    const hypot = defineBinary({
      ...plain,
      name: 'hypot',
      value: Math.hypot,
      derivatives: [(t, x, _y, out) => t.mul(x).div(out), (t, _x, y, out) => t.mul(y).div(out)],
      domain: [real, real],
    });
    expect(hypot(tensor([[3], [5]]), tensor([4, 12])).toArraySync()).toEqual([
      [5, Math.fround(Math.hypot(3, 12))],
      [Math.fround(Math.hypot(5, 4)), 13],
    ]);
    expect(grad((y: Tensor) => hypot(tensor([3, 3]), y).sum())(tensor(4)).itemSync()).toBeCloseTo(1.6, 6);
  });

  test('of three inputs', () => {
    const lerp = defineTernary({
      ...plain,
      name: 'lerp',
      value: (x, y, t) => x + t * (y - x),
      derivatives: [
        (t, _x, _y, at) => t.mul(at.neg().add(1)),
        (t, _x, _y, at) => t.mul(at),
        (t, x, y) => t.mul(y.sub(x)),
      ],
      domain: [real, real, real],
    });
    expect(lerp(tensor([0, 10]), 20, 0.5).toArraySync()).toEqual([10, 15]);
    expect(grad((at: Tensor) => lerp(0, 20, at))(tensor(0.5)).itemSync()).toBe(20);
  });

  test('may share a name', () => {
    const x = tensor([1, 2]);
    const first = defineUnary(plain);
    const second = defineUnary({ ...plain, value: (x) => 10 * x });
    expect(first(x).toArraySync()).toEqual([2, 3]);
    expect(second(x).toArraySync()).toEqual([10, 20]);
  });

  test('may share a function with different numbers of inputs', () => {
    const one = defineUnary({ ...plain, name: 'length1', value: Math.hypot });
    const two = defineBinary({
      ...plain,
      name: 'length2',
      value: Math.hypot,
      derivatives: [(t) => t, (t) => t],
      domain: [real, real],
    });
    expect(one(tensor(-3)).itemSync()).toBe(3);
    expect(two(tensor(3), tensor(4)).itemSync()).toBe(5);
  });

  test('need a derivative and a domain for each input', () => {
    expect(() => defineBinary(plain as never)).toThrow(
      `plain: expected 2 derivative(s) or 'zero', and 2 domain(s), got 1 and 1`,
    );
    expect(() => defineBinary({ ...plain, derivatives: 'zero' } as never)).toThrow(`got 'zero' and 1`);
    expect(() => defineUnary({ ...plain, domain: [] } as never)).toThrow('got 1 and 0');
  });
});
