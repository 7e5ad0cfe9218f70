export { scaledDotProductAttention, type ScaledDotProductAttentionOptions } from './attention.ts';
export * from './dropout.ts';
export {
  embedding,
  embeddingBag,
  type EmbeddingBagFunctionOptions,
  type EmbeddingFunctionOptions,
} from './embedding.ts';
export { linear, type LinearFunctionOptions } from './linear.ts';
export {
  type AffineNormOptions,
  batchNorm,
  type BatchNormOptions,
  groupNorm,
  instanceNorm,
  layerNorm,
  rmsNorm,
  type RMSNormOptions,
} from './normalization.ts';
