// The progress of a training as its checkpoint has it, in JSON, and the check of what a file claims.
import { escapeControls, isPlainObject } from '@thetagrad/core/backend';

/** Values of one step of a training. */
export type CurvePoint = {
  readonly step: number;
  readonly loss: number;
  readonly accuracy: number;
  readonly lambda?: number;
};

/** Metadata of a checkpoint. */
export type Progress = {
  /** Description of the training, which must match to continue. */
  readonly task: string;
  readonly step: number;
  /** Position in the data after that step. */
  readonly next: { readonly epoch: number; readonly step: number };
  /** One point per step. */
  readonly curve: readonly CurvePoint[];
  readonly seconds: number;
};

/** What the progress of a training must agree with. */
export interface Expected {
  readonly task: string;
  readonly steps: number;
  readonly stepsPerEpoch: number;
  readonly hasLambda: boolean;
}

/** More than three centuries. */
const maxSeconds = 1e10;

/**
 * Checks the JSON of a checkpoint against the training that continues from it.
 * @throws {RangeError} naming the first field that is missing, unknown, of another type or range, or contradicts others.
 */
export function parseProgress(value: unknown, expected: Expected): Progress {
  const { task: foundTask } = isPlainObject(value) ? value : {};
  // First, since of another training nothing else fits either.
  if (foundTask !== expected.task) {
    const description = typeof foundTask === 'string' ? escapeControls(foundTask.slice(0, 500)) : 'unknown';
    throw new RangeError(`it belongs to another training (${description})`);
  }
  const { step, next, curve, seconds } = readFields('the position', value, [
    'task',
    'step',
    'next',
    'curve',
    'seconds',
  ]);
  const count = readNumber('step', step, { min: 1, max: expected.steps, isInteger: true });
  const position = readFields('next', next, ['epoch', 'step']);
  const epoch = Math.floor(count / expected.stepsPerEpoch);
  for (const [name, wanted] of Object.entries({ epoch, step: count % expected.stepsPerEpoch })) {
    readNumber(`next.${name}`, position[name], { min: wanted, max: wanted, isInteger: true });
  }
  if (!Array.isArray(curve)) throw fieldError('curve', 'a list', curve);
  readNumber("the length of 'curve'", curve.length, { min: count, max: count, isInteger: true });
  curve.forEach((point: unknown, i) => checkPoint(`curve[${i}]`, point, i + 1, expected.hasLambda));
  readNumber('seconds', seconds, { min: 0, max: maxSeconds });
  return value as Progress;
}

function checkPoint(field: string, point: unknown, step: number, hasLambda: boolean): void {
  const names = ['step', 'loss', 'accuracy', ...(hasLambda ? ['lambda'] : [])];
  const found = readFields(field, point, names);
  readNumber(`${field}.step`, found['step'], { min: step, max: step, isInteger: true });
  readNumber(`${field}.loss`, found['loss'], {});
  readNumber(`${field}.accuracy`, found['accuracy'], { min: 0, max: 1 });
  if (hasLambda) readNumber(`${field}.lambda`, found['lambda'], { min: 0 });
}

/** Returns an object that has exactly these fields. */
function readFields(field: string, value: unknown, names: readonly string[]): Readonly<Record<string, unknown>> {
  if (!isPlainObject(value)) throw fieldError(field, `an object of ${names.join(', ')}`, value);
  const missing = names.find((name) => !Object.hasOwn(value, name));
  if (missing !== undefined) throw new RangeError(`${field} lacks '${missing}'`);
  const unknown = Object.keys(value).find((name) => !names.includes(name));
  if (unknown !== undefined)
    throw new RangeError(`${field} has the unknown field '${escapeControls(unknown.slice(0, 100))}'`);
  return value;
}

interface Bounds {
  readonly min?: number;
  readonly max?: number;
  readonly isInteger?: boolean;
}

function readNumber(field: string, value: unknown, { min, max, isInteger = false }: Bounds): number {
  if (Number.isFinite(value) && (!isInteger || Number.isInteger(value))) {
    const number = value as number;
    if (number >= (min ?? -Infinity) && number <= (max ?? Infinity)) return number;
  }
  const kind = isInteger ? 'an integer' : 'a finite number';
  const range = max === undefined ? (min === undefined ? '' : ` ≥ ${min}`) : ` from ${min} to ${max}`;
  throw fieldError(field, min !== undefined && min === max ? String(min) : `${kind}${range}`, value);
}

function fieldError(field: string, expected: string, value: unknown): RangeError {
  const text = JSON.stringify(value).slice(0, 100);
  return new RangeError(`${field} must be ${expected}, got ${escapeControls(text)}`);
}
