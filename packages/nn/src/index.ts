export { defaultGenerator, Generator, generatorOf, manualSeed, type Randomness } from './generator.ts';
export * from './functional/index.ts';
export * as init from './init.ts';
export type { Initializer } from './init.ts';
export { checkLabels, toClassIndices } from './labels.ts';
export * from './layers/activation.ts';
export {
  MultiheadAttention,
  type MultiheadAttentionCallOptions,
  type MultiheadAttentionOptions,
} from './layers/attention.ts';
export {
  type AdaptiveLogSoftmaxOptions,
  type AdaptiveLogSoftmaxOutput,
  AdaptiveLogSoftmaxWithLoss,
} from './layers/adaptiveLogSoftmax.ts';
export {
  AdaptiveAvgPool1d,
  AdaptiveAvgPool2d,
  AdaptiveAvgPool3d,
  AdaptiveMaxPool1d,
  AdaptiveMaxPool2d,
  AdaptiveMaxPool3d,
} from './layers/adaptivePooling.ts';
export {
  BatchNorm1d,
  BatchNorm2d,
  type BatchNorm2dOptions,
  BatchNorm3d,
  type BatchNormLayerOptions,
} from './layers/batchNorm.ts';
export { Bilinear, CosineSimilarity, type CosineSimilarityOptions, PairwiseDistance } from './layers/comparison.ts';
export { Flatten, Identity, Residual, Sequential, Unflatten } from './layers/container.ts';
export {
  Conv1d,
  Conv2d,
  Conv3d,
  type ConvLayerOptions,
  ConvTranspose1d,
  ConvTranspose2d,
  ConvTranspose3d,
  type ConvTransposeLayerOptions,
} from './layers/convolution.ts';
export { AlphaDropout, Dropout, Dropout1d, Dropout2d, Dropout3d, FeatureAlphaDropout } from './layers/dropout.ts';
export { Embedding, EmbeddingBag, type EmbeddingBagOptions, type EmbeddingOptions } from './layers/embedding.ts';
export {
  GLU,
  Hardswish,
  LogSigmoid,
  LogSoftmax,
  Mish,
  Softmax,
  Softmin,
  Softsign,
  Tanhshrink,
} from './layers/gates.ts';
export * from './layers/linear.ts';
export { type AdaptedLayer, LoRA, type LoRAOptions, loraStateDict } from './layers/lora.ts';
export {
  GroupNorm,
  type GroupNormOptions,
  InstanceNorm1d,
  InstanceNorm2d,
  InstanceNorm3d,
  type InstanceNormOptions,
  LayerNorm,
  type LayerNormOptions,
  LocalResponseNorm,
  type LocalResponseNormOptions,
  RMSNorm,
  type RMSNormLayerOptions,
} from './layers/normalization.ts';
export * from './layers/position.ts';
export {
  GRU,
  LSTM,
  type LSTMOptions,
  type RecurrentOptions,
  RNN,
  type RNNOptions,
  type SequenceOptions,
} from './layers/recurrent.ts';
export { GRUCell, LSTMCell, type RecurrentCellOptions, RNNCell, type RNNCellOptions } from './layers/recurrentCells.ts';
export * from './layers/transformer.ts';
export {
  TransformerDecoderLayer,
  type TransformerDecoderLayerCallOptions,
  TransformerEncoderLayer,
  type TransformerEncoderLayerCallOptions,
  type TransformerLayerOptions,
} from './layers/transformerLayers.ts';
export {
  CircularPad1d,
  CircularPad2d,
  CircularPad3d,
  ConstantPad1d,
  ConstantPad2d,
  ConstantPad3d,
  ReflectionPad1d,
  ReflectionPad2d,
  ReflectionPad3d,
  ReplicationPad1d,
  ReplicationPad2d,
  ReplicationPad3d,
  ZeroPad1d,
  ZeroPad2d,
  ZeroPad3d,
} from './layers/padding.ts';
export { Fold, type FoldOptions, Unfold } from './layers/patches.ts';
export {
  AvgPool1d,
  AvgPool2d,
  AvgPool3d,
  LPPool1d,
  LPPool2d,
  LPPool3d,
  MaxPool1d,
  MaxPool2d,
  MaxPool3d,
  type AvgPoolLayerOptions,
  type LPPoolLayerOptions,
  type MaxPoolLayerOptions,
} from './layers/pooling.ts';
export {
  CELU,
  Hardshrink,
  Hardsigmoid,
  Hardtanh,
  ReLU6,
  RReLU,
  type RReLUOptions,
  SELU,
  Softshrink,
  Threshold,
} from './layers/rectifiers.ts';
export {
  ChannelShuffle,
  PixelShuffle,
  PixelUnshuffle,
  Upsample,
  type UpsampleOptions,
  UpsamplingBilinear2d,
  UpsamplingNearest2d,
  type UpsamplingOptions,
} from './layers/resampling.ts';
export {
  FractionalMaxPool2d,
  FractionalMaxPool3d,
  type FractionalMaxPoolLayerOptions,
  MaxUnpool1d,
  MaxUnpool2d,
  MaxUnpool3d,
  type MaxUnpoolLayerOptions,
} from './layers/unpooling.ts';
export * from './losses/index.ts';
export * from './metrics/index.ts';
export { Module, type AnyModule } from './module.ts';
export { Adadelta, type AdadeltaOptions } from './optim/adadelta.ts';
export { Adagrad, type AdagradOptions } from './optim/adagrad.ts';
export { Adam, AdamW, type AdamOptions } from './optim/adam.ts';
export { Adamax, type AdamaxOptions } from './optim/adamax.ts';
export { ASGD, type ASGDOptions } from './optim/asgd.ts';
export { AveragedModel, type AveragedModelOptions, type AvgFn, getEmaAvgFn, getSwaAvgFn } from './optim/averaging.ts';
export { clipGradNorm, type ClipGradNormOptions, clipGradValue } from './optim/clip.ts';
export { LAMB, type LAMBOptions, LARS, type LARSOptions } from './optim/layerwise.ts';
export { LBFGS, type LBFGSOptions, type LossAndGrads } from './optim/lbfgs.ts';
export { Lion, type LionOptions } from './optim/lion.ts';
export { Lookahead, type LookaheadOptions } from './optim/lookahead.ts';
export { MomentOptimizer, type MomentOptions } from './optim/moments.ts';
export { NAdam, type NAdamOptions } from './optim/nadam.ts';
export { Optimizer, type OptimizerOptions, type ParameterGroup, type TrainedParameter } from './optim/optimizer.ts';
export { RAdam, type RAdamOptions } from './optim/radam.ts';
export { RMSprop, type RMSpropOptions } from './optim/rmsprop.ts';
export { Rprop, type RpropOptions } from './optim/rprop.ts';
export { samPerturb, type SamOptions } from './optim/sam.ts';
export * as schedules from './optim/schedules/index.ts';
export type { Schedule } from './optim/schedules/index.ts';
export { SGD, type SGDOptions } from './optim/sgd.ts';
export { updateBn } from './optim/updateBn.ts';
export {
  isParametrized,
  Parametrization,
  Parametrized,
  type ParametrizedVariable,
  registerParametrization,
  removeParametrizations,
} from './parametrizations/parametrized.ts';
export { orthogonal, type OrthogonalMap, type OrthogonalOptions } from './parametrizations/orthogonal.ts';
export { spectralNorm, type SpectralNormOptions } from './parametrizations/spectralNorm.ts';
export { weightNorm, type WeightNormOptions } from './parametrizations/weightNorm.ts';
export {
  EarlyStopping,
  type EarlyStoppingOptions,
  ReduceLROnPlateau,
  type ReduceLROnPlateauOptions,
  RunningMean,
} from './progress.ts';
export { fromPyTorch, type LoadStateDictOptions, type LoadStateDictResult, type Stateful, toPyTorch } from './state.ts';
export {
  decodeSafetensors,
  type DecodeSafetensorsOptions,
  encodeSafetensors,
  type Safetensors,
} from './safetensors.ts';
export type { SafetensorsLimits } from './safetensorsHeader.ts';
export { summary, type SummaryOptions } from './summary.ts';
