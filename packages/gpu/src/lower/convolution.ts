type Pair = readonly [number, number];

/** The attributes of core's convolution: each pair is for height and width. */
export interface ConvolutionAttributes {
  readonly stride: Pair;
  readonly low: Pair;
  readonly high: Pair;
  readonly inputDilation: Pair;
  readonly kernelDilation: Pair;
  readonly groups: number;
}
