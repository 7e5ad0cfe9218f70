import type { ScalarType } from '@thetagrad/core/backend';
import { i32, type Code, type Local, type Value } from '../../assembler/index.ts';
import { bytesOf, storeFour, storeOne } from '../../emit/elements.ts';
import type { Expression } from '../../emit/expression.ts';
import type { Cursor, MovableCursor, VectorLoop } from '../../emit/vectorLoop.ts';

/** Heavier expressions gain little from computing two narrow vectors at a time, and that code takes long to compile. */
const maxPairWeight = 24;

/** A map whose code is being emitted. */
export interface EmittedMap {
  readonly code: Code;
  readonly expression: Expression;
  /** The type of the result. */
  readonly type: ScalarType;
  readonly loop: VectorLoop;
  /** Whether the engine pairs vectors. */
  readonly wide: boolean;
}

/** Emits the map of `count` elements of a row. Moves the cursors and `to`, and sets `count` to 0. */
export function emitRow(
  { code, expression, type, loop, wide }: EmittedMap,
  cursors: readonly MovableCursor[],
  to: Local<'i32'>,
  count: Local<'i32'>,
): void {
  const size = bytesOf(type);
  const advance = (by: number): void => {
    loop.advance(cursors, by);
    code.add(to, i32.const(by * size));
    code.add(count, i32.const(-by));
  };
  if (expression.isNarrow && type !== 'f64') {
    code.if(i32.geU(count, i32.const(4)), () => {
      const invariants = loop.invariants(cursors, true);
      const vectors = (...at: readonly (readonly Cursor[])[]) =>
        loop.values(at, true, invariants) as readonly Value<'v128'>[];
      if (wide || expression.weight <= maxPairWeight) {
        // Two independent vectors, whose instructions the machine interleaves, or which the engine pairs.
        code.while(i32.geU(count, i32.const(8)), () => {
          vectors(cursors, loop.ahead(cursors, 4)).forEach((value, i) => {
            code.emit(storeFour(type, to, value, 4 * i * size));
          });
          advance(8);
        });
      }
      code.while(i32.geU(count, i32.const(4)), () => {
        code.emit(storeFour(type, to, vectors(cursors)[0]!));
        advance(4);
      });
    });
  }
  code.while(count, () => {
    code.emit(storeOne(type, to, loop.value(cursors, false)));
    advance(1);
  });
}
