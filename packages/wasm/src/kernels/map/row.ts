import type { ScalarType } from '@thetagrad/core/backend';
import { i32, type Code, type Local, type Value, type ValueType } from '../../assembler/index.ts';
import { bytesOf, storeFour, storeOne } from '../../emit/elements.ts';
import type { Expression } from '../../emit/expression.ts';
import {
  emitAdvance,
  emitAhead,
  emitExpression,
  emitInvariants,
  type Walker,
  type Walking,
} from '../../emit/vectorLoop.ts';
import type { Imports } from '../../emit/render.ts';

/** Heavier expressions gain little from another vector beside them, and their code takes long to compile. */
const heaviestPair = 24;

/** Emits the map of `count` elements of a row; the walkers, `to` and `count` move on. */
export function emitRow(
  code: Code,
  expression: Expression,
  type: ScalarType,
  walkers: readonly Walking[],
  imports: Imports,
  to: Local<'i32'>,
  count: Local<'i32'>,
): void {
  const size = bytesOf(type);
  const advance = (by: number): void => {
    emitAdvance(code, expression, walkers, by);
    code.add(to, i32.const(by * size));
    code.add(count, i32.const(-by));
  };
  if (expression.isNarrow && type !== 'f64') {
    code.if(i32.geU(count, i32.const(4)), () => {
      const invariants = emitInvariants(code, expression, walkers, imports, true);
      const vector = (at: readonly Walker[]): Value<'v128'> =>
        emitExpression(code, expression, at, imports, true, invariants) as Value<'v128'>;
      if (expression.weight <= heaviestPair) {
        // Two vectors, whose instructions the machine mixes.
        code.while(i32.geU(count, i32.const(8)), () => {
          const [first, second] = [vector(walkers), vector(emitAhead(code, expression, walkers, 4))];
          code.emit(storeFour(type, to, first));
          code.emit(storeFour(type, i32.add(to, i32.const(4 * size)), second));
          advance(8);
        });
      }
      code.while(i32.geU(count, i32.const(4)), () => {
        code.emit(storeFour(type, to, vector(walkers)));
        advance(4);
      });
    });
  }
  code.while(count, () => {
    const value = emitExpression(code, expression, walkers, imports, false, new Map<never, Value<ValueType>>());
    code.emit(storeOne(type, to, value));
    advance(1);
  });
}
