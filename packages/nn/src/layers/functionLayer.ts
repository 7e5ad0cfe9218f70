import type { Tensor } from '@thetagrad/core';
import { argumentError, checkTensor } from '@thetagrad/core/backend';
import { Module } from '../module.ts';

/** A layer without variables: a function of a tensor. */
export abstract class FunctionLayer extends Module {
  readonly #name: string;
  readonly #apply: (x: Tensor) => Tensor;

  /** @param name of the class, for messages */
  protected constructor(name: string, apply: (x: Tensor) => Tensor) {
    super();
    this.#name = name;
    this.#apply = apply;
  }

  override forward(x: Tensor): Tensor {
    checkTensor(this.#name, x);
    return this.#apply(x);
  }
}

/** @throws {TypeError | RangeError} if an argument of a layer is not a finite number. */
export function checkFinite(layer: string, name: string, value: number): void {
  if (!Number.isFinite(value)) throw argumentError(layer, name, 'a finite number', value);
}
