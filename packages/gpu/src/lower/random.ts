import { parameter, type Operand, type Scalar } from '@thetagrad/core/backend';
import type { Command } from '../code/code.ts';
import { elementwise, type Language, type RoutineKernel } from './language.ts';
import { throughTail } from './map.ts';

const rotations = [13, 15, 26, 6, 17, 29, 16, 24];

/** The first word of Threefry-2x32 with 20 rounds, as core's `threefry`, of the counter (0, counter). */
function threefry(key0: Scalar, key1: Scalar, counter: Scalar): Scalar {
  const keys = [key0, key1, key0.xor(key1).xor(0x1bd11bda)];
  let x = key0;
  let y = counter.add(key1);
  for (let round = 0; round < 20; round++) {
    const rotation = rotations[round % 8]!;
    x = x.add(y);
    y = y
      .shl(rotation)
      .or(y.shrU(32 - rotation))
      .xor(x);
    if (round % 4 === 3) {
      const injection = (round + 1) / 4;
      x = x.add(keys[injection % 3]!);
      y = y.add(keys[(injection + 1) % 3]!).add(injection);
    }
  }
  return x;
}

const bits = threefry(parameter('i32', 0), parameter('i32', 1), parameter('i32', 2));

export function lowerRandomBits(kernel: RoutineKernel, language: Language): Command[] {
  const [{ slot, view }] = kernel.operands as [Operand];
  return [
    elementwise(language, 'randomBits', kernel.output, (writer, element) => {
      const key = [0, 1].map((i) => writer.load(slot, String(view.offset + i * view.strides[0]!)));
      return throughTail(writer, kernel.tail, writer.evaluate(bits, [...key, writer.fromIndex(element)]), element);
    }),
  ];
}
