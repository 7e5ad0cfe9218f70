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
  BatchNorm1d,
  BatchNorm2d,
  type BatchNorm2dOptions,
  BatchNorm3d,
  type BatchNormLayerOptions,
} from './layers/batchNorm.ts';
export * from './layers/container.ts';
export * from './layers/convolution.ts';
export { AlphaDropout, Dropout, Dropout1d, Dropout2d, Dropout3d, FeatureAlphaDropout } from './layers/dropout.ts';
export * from './layers/embedding.ts';
export * from './layers/linear.ts';
export {
  GroupNorm,
  type GroupNormOptions,
  InstanceNorm1d,
  InstanceNorm2d,
  InstanceNorm3d,
  type InstanceNormOptions,
  LayerNorm,
  type LayerNormOptions,
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
