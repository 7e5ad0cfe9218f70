// Loads and stores of elements, one or four at a time.
import type { ScalarType } from '@thetagrad/core/backend';
import {
  f32,
  f64,
  i32,
  i32x4,
  i8x16,
  i16x8,
  v128,
  type Code,
  type Statement,
  type Value,
  type ValueType,
} from '../assembler/index.ts';
import type { Access } from './access.ts';

type Address = Value<'i32'>;

export function bytesOf(type: ScalarType): number {
  return type === 'f64' ? 8 : type === 'bool' ? 1 : 4;
}

export function wasmType(type: ScalarType): ValueType {
  return type === 'bool' ? 'i32' : type;
}

export function loadOne(type: ScalarType, at: Address): Value<ValueType> {
  switch (type) {
    case 'f32':
      return f32.load(at);
    case 'f64':
      return f64.load(at);
    case 'i32':
      return i32.load(at);
    case 'bool':
      return i32.load8U(at);
  }
}

export function storeOne(type: ScalarType, at: Address, x: Value<ValueType>): Statement {
  switch (type) {
    case 'f32':
      return f32.store(at, x as Value<'f32'>);
    case 'f64':
      return f64.store(at, x as Value<'f64'>);
    case 'i32':
      return i32.store(at, x as Value<'i32'>);
    case 'bool':
      return i32.store8(at, x as Value<'i32'>);
  }
}

/**
 * Loads four elements from `at` on, `stride` bytes apart if they are strided. Conditions become masks.
 * @param offset bytes to add to the address, of operands that are not strided.
 */
export function loadFour(
  code: Code,
  type: ScalarType,
  access: Access,
  at: Address,
  stride: Address,
  offset: number = 0,
): Value<'v128'> {
  if (type === 'bool') return i32x4.ne(loadBytes(code, access, at, stride, offset), v128.const(new Int32Array(4)));
  if (access === 'contiguous') return v128.load(at, { align: 4, offset });
  if (access === 'broadcast') return v128.load32Splat(at);
  const address = code.local('i32', at);
  const result = code.local('v128', v128.load32Zero(address));
  for (let lane = 1; lane < 4; lane++) {
    code.add(address, stride);
    code.set(result, v128.load32Lane(address, result, lane));
  }
  return result;
}

function loadBytes(code: Code, access: Access, at: Address, stride: Address, offset: number): Value<'v128'> {
  if (access === 'broadcast') return i32x4.splat(i32.load8U(at));
  if (access === 'contiguous') {
    return i32x4.extendLowI16x8U(i16x8.extendLowI8x16U(v128.load32Zero(at, { align: 1, offset })));
  }
  const address = code.local('i32', at);
  const result = code.local('v128', i32x4.splat(i32.load8U(address)));
  for (let lane = 1; lane < 4; lane++) {
    code.add(address, stride);
    code.set(result, i32x4.replaceLane(result, lane, i32.load8U(address)));
  }
  return result;
}

export function storeFour(type: ScalarType, at: Address, x: Value<'v128'>, offset: number = 0): Statement {
  if (type !== 'bool') return v128.store(at, x, { align: 4, offset });
  const halves = i16x8.narrowI32x4S(x, x);
  const bytes = v128.and(i8x16.narrowI16x8S(halves, halves), i8x16.splat(i32.const(1)));
  return v128.store32Lane(at, bytes, 0, { align: 1, offset });
}
