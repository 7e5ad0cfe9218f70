// Bad calls of losses and layers, and what their errors say.
import { ones, random, tensor, Variable, zeros, type Tensor } from '@thetagrad/core';
import * as nn from '@thetagrad/nn';
import { expect, test } from 'vitest';

const int32 = (values: readonly number[]): Tensor => tensor(Int32Array.from(values));
const x = zeros([2, 3]);
const labels = int32([0, 1]);
const key = random.key(0);
const frames = zeros([4, 2, 3]);
const spelled = tensor(
  [
    [1, 2],
    [2, 1],
  ],
  { dtype: 'int32' },
);
const wrong = <Value>(value: unknown): Value => value as Value;

test.for<readonly [() => unknown, string]>([
  // Classes.
  [
    () => nn.crossEntropy(x, zeros([2, 4])),
    'crossEntropy: probabilities must have the shape of the logits, [2, 3], got [2, 4]',
  ],
  [
    () => nn.crossEntropy(x, zeros([2])),
    "crossEntropy: labels must be int32 class indices, got float32; convert with astype('int32')",
  ],
  [
    () => nn.crossEntropy(x, x, { ignoreIndex: 0 }),
    'crossEntropy: ignoreIndex is for class indices; give probabilities the weight 0 instead',
  ],
  [() => nn.crossEntropy(x, labels, { weight: ones([2]) }), 'crossEntropy: weight must be [3], one per class, got [2]'],
  [
    () => nn.crossEntropy(x, labels, { weight: wrong([1, 2, 3]) }),
    'crossEntropy: weight must be a tensor, got [1, 2, 3]',
  ],
  [
    () => nn.crossEntropy(x, labels, wrong({ ignore: 1 })),
    "crossEntropy: unknown option 'ignore'; expected reduction, weight, labelSmoothing, ignoreIndex",
  ],
  [
    () => nn.crossEntropy(zeros([1, 3, 2]), int32([0, 1])),
    'crossEntropy: labels must be [1, 2], one per sample, got [2]',
  ],
  [
    () => nn.crossEntropy(zeros([1, 3, 2]), tensor([[0, 3]], { dtype: 'int32' })),
    'crossEntropy: label 3 at index [0, 1] is out of range for 3 classes; use 0 to 2',
  ],
  [
    () => nn.crossEntropy(zeros([1, 3, 2]), tensor([[0, 3]], { dtype: 'int32' }).mul(1)).itemSync(),
    'crossEntropy: label 3 at index [0, 1] is out of range for 3 classes; use 0 to 2',
  ],
  [() => nn.nllLoss(zeros([3]), labels), 'nllLoss: log-probabilities must be [N, C, …], got [3]'],
  [() => nn.nllLoss(x, int32([0, -1])), 'nllLoss: label -1 at index 1 is out of range for 3 classes; use 0 to 2'],
  [
    () => nn.nllLoss(x, int32([0, -1]).mul(1), { weight: ones([3]) }).itemSync(),
    'nllLoss: label -1 at index 1 is out of range for 3 classes; use 0 to 2',
  ],
  [
    () => nn.nllLoss(x, labels, { reduction: wrong('avg') }),
    "nllLoss: unknown reduction 'avg'; expected 'mean', 'sum' or 'none'",
  ],
  [
    () => nn.multiMarginLoss(x, int32([0, 3])),
    'multiMarginLoss: label 3 at index 1 is out of range for 3 classes; use 0 to 2',
  ],
  [
    () => nn.multiMarginLoss(zeros([3]), tensor(5, { dtype: 'int32' })).itemSync(),
    'multiMarginLoss: label 5 is out of range for 3 classes; use 0 to 2',
  ],
  [() => nn.multiMarginLoss(x, labels, { p: 3 }), 'multiMarginLoss: p must be 1 or 2, got 3'],
  [() => nn.multiMarginLoss(x, labels, { margin: wrong('1') }), "multiMarginLoss: margin must be a number, got '1'"],
  [() => nn.multiMarginLoss(zeros([1, 2, 3]), labels), 'multiMarginLoss: scores must be [N, C] or [C], got [1, 2, 3]'],
  [() => nn.multilabelMarginLoss(x, labels), 'multilabelMarginLoss: labels must be [2, 3], one per sample, got [2]'],
  [
    () => nn.multilabelMarginLoss(zeros([1, 2]), tensor([[0, 2]], { dtype: 'int32' })).itemSync(),
    'multilabelMarginLoss: label 2 at index [0, 1] is out of range for 2 classes; use 0 to 1',
  ],
  [
    () => nn.multilabelSoftMarginLoss(tensor(1), tensor(1)),
    'multilabelSoftMarginLoss: logits must be [..., C], got a scalar',
  ],
  [
    () => nn.multilabelSoftMarginLoss(x, x, { weight: ones([2]) }),
    'multilabelSoftMarginLoss: weight must be [3], one per class, got [2]',
  ],
  [() => nn.softMarginLoss(zeros([2]), int32([1, 0])), 'softMarginLoss: targets must be 1 or −1, got 0 at index 1'],
  // Binary targets.
  [() => nn.binaryCrossEntropy(x, x, { weight: ones([2]) }), 'binaryCrossEntropy: weight: shapes [2, 3] and [2]'],
  [
    () => nn.binaryCrossEntropy(x, x, { weight: ones([2, 2, 3]) }),
    'binaryCrossEntropy: weight [2, 2, 3] does not broadcast to [2, 3]',
  ],
  [
    () => nn.binaryCrossEntropyWithLogits(x, x, { posWeight: wrong(2) }),
    'binaryCrossEntropyWithLogits: posWeight must be a tensor, got 2',
  ],
  [() => nn.sigmoidFocalLoss(x, x, { alpha: -1 }), 'sigmoidFocalLoss: alpha must be between 0 and 1, got -1'],
  [() => nn.sigmoidFocalLoss(x, x, { gamma: -1 }), 'sigmoidFocalLoss: gamma must be a finite number ≥ 0, got -1'],
  [() => nn.diceLoss(x, x, { smooth: -1 }), 'diceLoss: smooth must be a finite number ≥ 0, got -1'],
  // Differences and likelihoods.
  [() => nn.l1Loss(x, labels), 'l1Loss: shapes [2, 3] and [2] must be equal'],
  [() => nn.mseLoss(x, x, { reduction: wrong('batchmean') }), "mseLoss: unknown reduction 'batchmean'"],
  [() => nn.smoothL1Loss(x, x, { beta: -1 }), 'smoothL1Loss: beta must be a finite number ≥ 0, got -1'],
  [() => nn.huberLoss(x, x, { delta: 0 }), 'huberLoss: delta must be a finite number > 0, got 0'],
  [
    () => nn.klDiv(tensor(1), tensor(1), { reduction: 'batchmean' }),
    "klDiv: reduction 'batchmean' needs an axis of samples, got a scalar; use 'mean'",
  ],
  [
    () => nn.klDiv(x, x, { reduction: wrong('avg') }),
    "klDiv: unknown reduction 'avg'; expected 'mean', 'sum', 'none' or 'batchmean'",
  ],
  [() => nn.poissonNllLoss(x, x, { eps: 0 }), 'poissonNllLoss: eps must be a finite number > 0, got 0'],
  [() => nn.gaussianNllLoss(x, x, ones([4])), 'gaussianNllLoss: variance: shapes [4] and [2, 3]'],
  [() => nn.gaussianNllLoss(x, x, wrong(1)), 'gaussianNllLoss: expected a tensor, got'],
  // Similarities.
  [() => nn.cosineEmbeddingLoss(x, x, int32([1])), 'cosineEmbeddingLoss: targets must be [2], one per pair, got [1]'],
  [
    () => nn.cosineEmbeddingLoss(tensor(1), tensor(1), int32([1])),
    'cosineEmbeddingLoss: expected vectors [..., D], got a scalar',
  ],
  [() => nn.hingeEmbeddingLoss(zeros([2]), labels), 'hingeEmbeddingLoss: targets must be 1 or −1, got 0 at index 0'],
  [() => nn.marginRankingLoss(zeros([2]), zeros([3]), int32([1])), 'marginRankingLoss: shapes [2] and [3]'],
  [() => nn.tripletMarginLoss(x, x, x, { p: 3 }), 'tripletMarginLoss: p must be 1, 2 or Infinity, got 3'],
  [
    () => nn.tripletMarginLoss(tensor(1), tensor(1), tensor(1)),
    'tripletMarginLoss: expected vectors [..., D], got a scalar',
  ],
  [
    () => nn.tripletMarginWithDistanceLoss(x, x, x, { distanceFunction: wrong(1) }),
    'tripletMarginWithDistanceLoss: distanceFunction: expected a function',
  ],
  [
    () => nn.tripletMarginWithDistanceLoss(x, x, x, { distanceFunction: wrong(() => 1) }),
    'tripletMarginWithDistanceLoss: distanceFunction: expected a tensor, got',
  ],
  // Sequences.
  [
    () => nn.ctcLoss(zeros([3]), spelled, [4, 4], [2, 2]),
    'ctcLoss: log-probabilities must be [T, N, C] or [T, C], got [3]',
  ],
  [
    () => nn.ctcLoss(int32([1]), spelled, [4, 4], [2, 2]),
    'ctcLoss: log-probabilities must be floating point, got int32',
  ],
  [() => nn.ctcLoss(frames, spelled, [4, 5], [2, 2]), 'ctcLoss: inputLengths must be an integer from 0 to 4, got 5'],
  [
    () => nn.ctcLoss(frames, spelled, [4, 4], int32([2, 3])),
    'ctcLoss: targetLengths must be an integer from 0 to 2, got 3',
  ],
  [() => nn.ctcLoss(frames, spelled, [4], [2, 2]), 'ctcLoss: inputLengths must be [2], one per sample, got [1]'],
  [
    () => nn.ctcLoss(frames, spelled, zeros([2]), [2, 2]),
    "ctcLoss: inputLengths must be int32, got float32; convert with astype('int32')",
  ],
  [
    () => nn.ctcLoss(frames, spelled, wrong('4'), [2, 2]),
    "ctcLoss: inputLengths must be a tensor or an array of integers, got '4'",
  ],
  [
    () => nn.ctcLoss(frames, zeros([2, 2]), [4, 4], [2, 2]),
    "ctcLoss: targets must be int32 labels, got float32; convert with astype('int32')",
  ],
  [() => nn.ctcLoss(frames, labels, [4, 4], [2, 2]), 'ctcLoss: targets must be [2, S], got [2]'],
  [
    () => nn.ctcLoss(frames, spelled, [4, 4], [2, 2], { blank: 3 }),
    'ctcLoss: blank must be an integer from 0 to 2, got 3',
  ],
  [
    () => nn.ctcLoss(frames, spelled, [4, 4], [2, 2], { blank: 1 }),
    'ctcLoss: label 1 at index [0, 0] is the blank; choose another class as blank',
  ],
  [
    () =>
      nn.ctcLoss(
        frames,
        tensor(
          [
            [1, 2],
            [2, 3],
          ],
          { dtype: 'int32' },
        ),
        [4, 4],
        [2, 2],
      ),
    'ctcLoss: label 3 at index [1, 1] is out of range for 3 classes; use 0 to 2',
  ],
  [
    () =>
      nn
        .ctcLoss(
          frames,
          tensor(
            [
              [1, 2],
              [-2, 3],
            ],
            { dtype: 'int32' },
          ).mul(1),
          [4, 4],
          [2, 1],
        )
        .itemSync(),
    'ctcLoss: label -2 at index [1, 0] is out of range for 3 classes; use 0 to 2',
  ],
  // Layers.
  [() => nn.layerNorm(x, 2), 'layerNorm: the last axes of the input [2, 3] must be [2], the normalized shape'],
  [() => nn.layerNorm(x, []), 'layerNorm: normalizedShape must be an integer ≥ 1 or several, got []'],
  [() => nn.layerNorm(x, 3, { weight: ones([2]) }), 'layerNorm: weight must be [3], got [2]'],
  [() => nn.layerNorm(x, 3, { bias: wrong(1) }), 'layerNorm: bias must be a tensor, got 1'],
  [() => nn.layerNorm(x, 3, { eps: -1 }), 'layerNorm: eps must be a finite number ≥ 0, got -1'],
  [() => nn.rmsNorm(x, 3, wrong({ bias: x })), "rmsNorm: unknown option 'bias'; expected weight, eps"],
  [() => nn.groupNorm(x, 2), 'groupNorm: 2 groups do not divide 3 channels of [2, 3]'],
  [() => nn.groupNorm(zeros([2]), 1), 'groupNorm: input must be [N, C, …], got [2]'],
  [() => nn.instanceNorm(x), 'instanceNorm: needs more than one element per channel, got [2, 3]'],
  [() => nn.batchNorm(x), 'batchNorm: runningMean is needed outside of training; pass it, or { training: true }'],
  [
    () => nn.batchNorm(zeros([1, 3]), { training: true }),
    'batchNorm: training needs more than one element per channel, got [1, 3]',
  ],
  [
    () => nn.batchNorm(x, { training: true, runningMean: new Variable(zeros([2])) }),
    'batchNorm: runningMean must be [3], got [2]',
  ],
  [
    () => nn.scaledDotProductAttention(x, zeros([2, 2]), x),
    'scaledDotProductAttention: query, keys and value must be [..., L, E], [..., S, E] and [..., S, D], got',
  ],
  [
    () => nn.scaledDotProductAttention(x, x, x, { attnMask: int32([1]) }),
    'scaledDotProductAttention: attnMask must be a tensor of bool or floating point, got',
  ],
  [
    () => nn.scaledDotProductAttention(x, x, x, { attnMask: ones([3, 2, 2]) }),
    'scaledDotProductAttention: attnMask [3, 2, 2] does not broadcast to [2, 2]',
  ],
  [
    () => nn.scaledDotProductAttention(x, x, x, { dropoutP: 0.5 }),
    'scaledDotProductAttention: dropoutP needs a key, as from random.key(seed)',
  ],
  [
    () => nn.scaledDotProductAttention(zeros([3, 1, 2]), zeros([2, 1, 2]), zeros([2, 1, 2]), { enableGqa: true }),
    'scaledDotProductAttention: 2 heads of [2, 1, 2] do not divide 3 heads of the queries',
  ],
  [
    () => nn.linear(x, zeros([2, 2])),
    'linear: the last axis of the input [2, 3] must have 2 elements, as the weight [2, 2]',
  ],
  [() => nn.linear(x, zeros([2, 3]), { bias: ones([3]) }), 'linear: bias must be [2], got [3]'],
  [() => nn.linear(x, tensor(1)), 'linear: weight must be [out, in] or [in], got []'],
  [() => nn.embedding(x, x), "embedding: indices must be int32, got float32; convert with astype('int32')"],
  [() => nn.embedding(labels, zeros([3])), 'embedding: weight must be [V, D], got [3]'],
  [() => nn.embedding(int32([0, 2]), x), 'embedding: index 2 at index 1 is out of range for 2 rows; use 0 to 1'],
  [
    () => nn.embedding(int32([0, -1]).mul(1), x).dataSync(),
    'embedding: index -1 at index 1 is out of range for 2 rows; use 0 to 1',
  ],
  [() => nn.embedding(labels, x, { paddingIdx: 2 }), 'embedding: paddingIdx must be an integer from -2 to 1, got 2'],
  [() => nn.embeddingBag(int32([0, 2]), x), 'embeddingBag: index 2 at index 1 is out of range for 2 rows; use 0 to 1'],
  [
    () => nn.embeddingBag(labels, x, wrong({ mode: 'min' })),
    "embeddingBag: unknown mode 'min'; expected 'sum', 'mean' or 'max'",
  ],
  [
    () => nn.embeddingBag(labels, x, { perSampleWeights: ones([2]) }),
    "embeddingBag: mode must be 'sum' with perSampleWeights, got 'mean'",
  ],
  [() => nn.dropout(key, x, { p: 2 }), 'dropout: p must be between 0 and 1, got 2'],
  [() => nn.dropout(wrong(0), x), 'dropout: key must be a key, as from random.key(seed), got 0'],
  [() => nn.dropout(key, x, wrong({ rate: 1 })), "dropout: unknown option 'rate'; expected p, training"],
  [() => nn.dropout2d(key, x), 'dropout2d: input must be [N, C, H, W] or [C, H, W], got [2, 3]'],
  [() => nn.featureAlphaDropout(key, zeros([2])), 'featureAlphaDropout: input must be [N, C, …], got [2]'],
  // Modules.
  [() => new nn.LayerNorm([2, 0]), 'LayerNorm: each size of normalizedShape must be an integer ≥ 1, got 0'],
  [() => new nn.RMSNorm(3, { eps: -1 }), 'RMSNorm: eps must be a finite number ≥ 0, got -1'],
  [() => new nn.GroupNorm(2, 3), 'GroupNorm: 2 groups do not divide 3 channels'],
  [() => new nn.GroupNorm(1, 2).forward(x), 'GroupNorm: input must be [N, 2, …], got [2, 3]'],
  [() => new nn.InstanceNorm2d(3).forward(x), 'InstanceNorm2d: input must be [N, 3, H, W], got [2, 3]'],
  [
    () => new nn.BatchNorm1d(2).forward(zeros([2, 3, 4])),
    'BatchNorm1d: input must be [N, 2] or [N, 2, L], got [2, 3, 4]',
  ],
  [() => new nn.BatchNorm3d(2).forward(x), 'BatchNorm3d: input must be [N, 2, D, H, W], got [2, 3]'],
  [() => new nn.Embedding(0, 1), 'Embedding: numEmbeddings must be an integer ≥ 1, got 0'],
  [() => new nn.Embedding(2, 1, { paddingIdx: 2 }), 'Embedding: paddingIdx must be an integer from -2 to 1, got 2'],
  [
    () => new nn.AdaptiveLogSoftmaxWithLoss(4, 6, [4, 2]),
    'AdaptiveLogSoftmaxWithLoss: cutoffs must be increasing integers from 1 to 5, got [4, 2]',
  ],
  [() => new nn.AdaptiveLogSoftmaxWithLoss(4, 6, [6]), 'AdaptiveLogSoftmaxWithLoss: cutoffs must be increasing'],
  [
    () => new nn.AdaptiveLogSoftmaxWithLoss(3, 6, [2]),
    'AdaptiveLogSoftmaxWithLoss: the features of cluster 0, inFeatures / divValue^1, must be an integer ≥ 1, got 0',
  ],
  [() => new nn.AlphaDropout(2), 'AlphaDropout: p must be between 0 and 1, got 2'],
  // Modules of sequences.
  [() => new nn.RNN(0, 2), 'RNN: inputSize must be an integer ≥ 1, got 0'],
  [
    () => new nn.RNN(3, 2, wrong({ nonlinearity: 'sin' })),
    "RNN: unknown nonlinearity 'sin'; expected 'tanh' or 'relu'",
  ],
  [() => new nn.GRU(3, 2, wrong({ nonlinearity: 'tanh' })), "GRU: unknown option 'nonlinearity'"],
  [() => new nn.GRU(3, 2, { bidirectional: wrong(1) }), 'GRU: bidirectional must be true or false, got 1'],
  [() => new nn.LSTM(3, 2, { projSize: 2 }), 'LSTM: projSize must be an integer from 0 to 1, got 2'],
  [() => new nn.LSTM(3, 2, { dropout: 2 }), 'LSTM: dropout must be between 0 and 1, got 2'],
  [() => new nn.RNN(3, 2).forward(zeros([3])), 'RNN: input must be [L, N, 3] or [L, 3], got [3]'],
  [
    () => new nn.GRU(3, 2, { batchFirst: true }).forward(zeros([1, 2, 4])),
    'GRU: input must be [N, L, 3] or [L, 3], got [1, 2, 4]',
  ],
  [() => new nn.GRU(3, 2).forward(x, zeros([1, 1, 2])), 'GRU: hx must be [1, 2], got [1, 1, 2]'],
  [() => new nn.LSTM(3, 2).forward(x, wrong(zeros([1, 2]))), 'LSTM: hx must be the states [h, c], got Tensor'],
  [() => new nn.LSTM(3, 2).forward(x, [zeros([1, 2]), zeros([1, 3])]), 'LSTM: hx[1] must be [1, 2], got [1, 3]'],
  [() => new nn.LSTM(3, 2).forward(x, [zeros([1, 2]), wrong(1)]), 'LSTM: hx[1]: expected a tensor, got 1'],
  [
    () => new nn.RNN(3, 2).forward(zeros([4, 1, 3]), undefined, { lengths: [5] }),
    'RNN: lengths must be an integer from 0 to 4, got 5',
  ],
  [
    () => new nn.RNN(3, 2).forward(zeros([4, 1, 3]), undefined, { lengths: [1, 2] }),
    'RNN: lengths must be [1], one per sample, got [2]',
  ],
  [() => new nn.RNNCell(3, 2).forward(zeros([4])), 'RNNCell: input must be [N, 3] or [3], got [4]'],
  [() => new nn.GRUCell(3, 2).forward(x, zeros([2])), 'GRUCell: hx must be [2, 2], got [2]'],
  [() => new nn.LSTMCell(3, 2, { bias: wrong(0) }), 'LSTMCell: bias must be true or false, got 0'],
  [() => new nn.MultiheadAttention(4, 3), 'MultiheadAttention: 3 heads do not divide embedDim 4'],
  [() => new nn.MultiheadAttention(4, 2, { kdim: 0 }), 'MultiheadAttention: kdim must be an integer ≥ 1, got 0'],
  [
    () => new nn.MultiheadAttention(3, 1, { kdim: 2 }).forward(x, x, x),
    'MultiheadAttention: query, keys and value must be [L, N, 3], [S, N, 2] and [S, N, 3], or all without N, got',
  ],
  [
    () => new nn.MultiheadAttention(3, 1).forward(x, x, x, { attnMask: zeros([2]) }),
    'MultiheadAttention: attnMask must be [2, 2] or [1, 2, 2], got [2]',
  ],
  [
    () => new nn.MultiheadAttention(3, 1).forward(x, x, x, { keyPaddingMask: labels }),
    'MultiheadAttention: keyPaddingMask must be a tensor of bool or floating point, got int32',
  ],
  [
    () => new nn.MultiheadAttention(3, 1).forward(x, x, x, wrong({ needWeights: true })),
    "MultiheadAttention: unknown option 'needWeights'",
  ],
  [
    () => new nn.TransformerEncoderLayer(2, 1, wrong({ activation: 'tanh' })),
    "TransformerEncoderLayer: unknown activation 'tanh'; expected 'relu', 'gelu' or a module",
  ],
  [() => new nn.TransformerDecoderLayer(3, 2), 'TransformerDecoderLayer: 2 heads do not divide dModel 3'],
  [
    () => new nn.TransformerEncoderLayer(2, 1, { dimFeedforward: 0 }),
    'TransformerEncoderLayer: dimFeedforward must be an integer ≥ 1, got 0',
  ],
  [
    () => new nn.TransformerEncoderLayer(2, 1, { layerNormEps: -1 }),
    'TransformerEncoderLayer: layerNormEps must be a finite number ≥ 0, got -1',
  ],
  [
    () => new nn.TransformerEncoderLayer(2, 1, { batchFirst: true }).forward(x),
    'TransformerEncoderLayer: src must be [N, L, 2] or [L, 2], got [2, 3]',
  ],
  [
    () => new nn.TransformerEncoderLayer(3, 1).forward(x, { isCausal: wrong(1) }),
    'TransformerEncoderLayer: isCausal must be true or false, got 1',
  ],
  [
    () => new nn.TransformerDecoderLayer(3, 1).forward(x, x, { memoryIsCausal: wrong(1) }),
    'TransformerDecoderLayer: memoryIsCausal must be true or false, got 1',
  ],
  [
    () => new nn.TransformerEncoderLayer(3, 1).forward(x, { srcMask: zeros([3, 3]) }),
    'TransformerEncoderLayer: srcMask must be [2, 2] or [1, 2, 2], got [3, 3]',
  ],
  [
    () => new nn.TransformerDecoderLayer(3, 1).forward(x, zeros([4, 3]), { memoryKeyPaddingMask: labels }),
    'TransformerDecoderLayer: memoryKeyPaddingMask must be a tensor of bool or floating point, got int32',
  ],
  [
    () =>
      new nn.TransformerDecoderLayer(3, 1, { batchFirst: true }).forward(zeros([5, 2, 3]), zeros([5, 4, 3]), {
        memoryKeyPaddingMask: zeros([5, 2]),
      }),
    'TransformerDecoderLayer: memoryKeyPaddingMask must be [5, 4], got [5, 2]',
  ],
  [
    () => new nn.TransformerDecoderLayer(3, 1).forward(x.expandDims(1), x),
    'TransformerDecoderLayer: tgt and memory must have the same N, got [2, 1, 3], [2, 3]',
  ],
  [() => new nn.TransformerEncoder([], { norm: wrong(3) }), 'TransformerEncoder: norm must be a module, got 3'],
  [() => new nn.GRU(3, 2).forward(x, wrong(null)), 'GRU: hx: expected a tensor, got null'],
  [() => new nn.GRUCell(3, 2).forward(x, wrong(0)), 'GRUCell: hx: expected a tensor, got 0'],
  // Random numbers and initial weights.
  [() => new nn.LSTM(3, 2, { generator: wrong(5) }), 'LSTM: generator must be a Generator, got 5'],
  [() => new nn.Transformer({ generator: wrong(0) }), 'Transformer: generator must be a Generator, got 0'],
  [() => new nn.Linear(3, 2, { key: wrong(0) }), 'Linear: key must be a key, as from random.key(seed), got 0'],
  [
    () => new nn.Linear(3, 2, { biasInit: wrong(0) }),
    'Linear: biasInit must be a function such as init.normal(), got 0',
  ],
  [() => new nn.Linear(3, 2, { bias: wrong(0) }), 'Linear: bias must be true or false, got 0'],
  [
    () => new nn.Embedding(3, 2, { weightInit: () => zeros([2, 3]) }),
    'Embedding: weightInit must return a tensor of shape [3, 2], got [2, 3]',
  ],
  [
    () => new nn.MultiheadAttention(4, 2, { weightInit: wrong(() => 0) }),
    'MultiheadAttention: what weightInit returns must be a tensor, got 0',
  ],
  [
    () => new nn.LearnedPositionalEncoding(2, 3, { weightInit: wrong('normal') }),
    "LearnedPositionalEncoding: weightInit must be a function such as init.normal(), got 'normal'",
  ],
  [
    () => new nn.Linear(3, 2).loadStateDict(wrong(null), { rename: nn.fromPyTorch }),
    'loadStateDict: the state must be an object of tensors, got null',
  ],
  [
    () => new nn.Linear(3, 2).loadStateDict({}, { strict: wrong(0) }),
    'loadStateDict: strict must be true or false, got 0',
  ],
  [
    () => nn.scaledDotProductAttention(x, x, x, { isCausal: wrong(1) }),
    'scaledDotProductAttention: isCausal must be true or false, got 1',
  ],
  [
    () => nn.scaledDotProductAttention(zeros([2, 2, 3]), zeros([3, 2, 3]), zeros([3, 2, 3])),
    'scaledDotProductAttention: axes before the last two: shapes [2] and [3] do not broadcast',
  ],
  [
    () => new nn.TransformerEncoder(wrong<[]>(new nn.TransformerEncoderLayer(2, 1))),
    'TransformerEncoder: layers must be an array of modules, got TransformerEncoderLayer',
  ],
  [() => new nn.Transformer(wrong({ numLayers: 1 })), "Transformer: unknown option 'numLayers'"],
  [
    () => new nn.LearnedPositionalEncoding(2, 3).forward(x, { offset: 1 }),
    'LearnedPositionalEncoding: positions 1 to 2 are out of range for 2 positions',
  ],
  [
    () => new nn.SinusoidalPositionalEncoding(2).forward(x),
    'SinusoidalPositionalEncoding: input must be [L, N, 2] or [L, 2], got [2, 3]',
  ],
  [() => new nn.RotaryPositionalEmbedding(3), 'RotaryPositionalEmbedding: dim must be even, got 3'],
  [
    () => new nn.RotaryPositionalEmbedding(2).forward(x),
    'RotaryPositionalEmbedding: input must be [..., L, 2], got [2, 3]',
  ],
  [() => new nn.EmbeddingBag(2, 1, { mode: wrong('min') }), "EmbeddingBag: unknown mode 'min'; expected 'sum', 'mean'"],
  [
    () => new nn.EmbeddingBag(2, 1).forward(labels, ones([2])),
    "embeddingBag: mode must be 'sum' with perSampleWeights",
  ],
  [() => new nn.Conv1d(2, 1, wrong([2, 2])), 'Conv1d: kernelSize must be an integer ≥ 1, got [2, 2]'],
  [
    () => new nn.Conv3d(2, 1, wrong([2, 2])),
    'Conv3d: kernelSize must be an integer ≥ 1 or an array of 3, one for each axis',
  ],
  [() => new nn.Conv3d(2, 3, 1, { groups: 2 }), 'Conv3d: inChannels 2 and outChannels 3 must be divisible by groups 2'],
  [
    () => new nn.Conv1d(2, 1, 1, wrong({ outputPadding: 1 })),
    "Conv1d: unknown option 'outputPadding'; expected stride",
  ],
  [() => new nn.ConvTranspose2d(1, 0, 1), 'ConvTranspose2d: outChannels must be an integer ≥ 1, got 0'],
  [
    () => new nn.ConvTranspose1d(1, 1, 1).forward(zeros([1, 2, 3])),
    'convTranspose1d: images [1, 2, 3] have 2 channels',
  ],
  [() => new nn.MaxPool1d(0), 'MaxPool1d: kernelSize must be an integer ≥ 1, got 0'],
  [
    () => new nn.MaxPool2d(2, wrong({ kernel: 2 })),
    "MaxPool2d: unknown option 'kernel'; expected stride, padding, dilation",
  ],
  [() => new nn.AvgPool3d(4).forward(zeros([1, 3, 3, 3])), 'avgPool3d: a window of [4, 4, 4] does not fit'],
  [() => new nn.LPPool1d(0, 2), 'LPPool1d: normType must be a finite number > 0, got 0'],
  [
    () => new nn.AdaptiveAvgPool2d([1, 0]),
    'AdaptiveAvgPool2d: outputSize must be an integer ≥ 1 or an array of 2, one or',
  ],
  [
    () => new nn.AdaptiveMaxPool1d(wrong('1')),
    'AdaptiveMaxPool1d: outputSize must be an integer ≥ 1 or an array of 1, one or',
  ],
  [() => new nn.MaxUnpool2d(2).forward(zeros([1, 1, 1]), labels), 'maxUnpool2d: '],
  [() => new nn.FractionalMaxPool2d(2, {}), 'FractionalMaxPool2d: expected one of outputSize and outputRatio'],
  [
    () => new nn.ReflectionPad2d(wrong([1, 2, 3, 4])),
    'ReflectionPad2d: padding must be integers, one for all axes, one for',
  ],
  [() => new nn.ConstantPad1d(0.5, 1), 'ConstantPad1d: padding must be integers'],
  [() => new nn.ConstantPad1d(1, wrong(undefined)), 'ConstantPad1d: value must be a finite number, got undefined'],
  [() => new nn.ZeroPad3d(1).forward(x), 'ZeroPad3d: input must be [N, C, D, H, W] or [C, D, H, W], got [2, 3]'],
  [() => new nn.CircularPad1d(1).forward(wrong(1)), 'CircularPad1d: expected a tensor, got 1'],
  [() => new nn.Hardtanh({ minVal: 2 }), 'Hardtanh: maxVal must be a number ≥ 2, got 1'],
  [() => new nn.Hardtanh(wrong({ min: 2 })), "Hardtanh: unknown option 'min'; expected minVal, maxVal"],
  [() => new nn.CELU(0), 'CELU: alpha must be other than 0, got 0'],
  [() => new nn.RReLU({ lower: 1 }), 'RReLU: upper must be a number > 1, got 0.333'],
  [() => new nn.Threshold(wrong('1'), 0), "Threshold: threshold must be a finite number, got '1'"],
  [() => new nn.Softshrink(-1), 'Softshrink: lambd must be a finite number ≥ 0, got -1'],
  [() => new nn.GLU(0.5), 'GLU: axis must be an integer, got 0.5'],
  [() => new nn.GLU().forward(x), 'glu: axis 1 of shape [2, 3] must have an even length, got 3'],
  [() => new nn.ReLU6().forward(wrong([1])), 'ReLU6: expected a tensor, got Array'],
  [() => new nn.PixelShuffle(0), 'PixelShuffle: upscaleFactor must be an integer ≥ 1, got 0'],
  [
    () => new nn.ChannelShuffle(2).forward(x),
    'channelShuffle: the 3 channels of [2, 3] are not a multiple of 2 groups',
  ],
  [() => new nn.Upsample({}), 'Upsample: give either a size or a scaleFactor'],
  [
    () => new nn.UpsamplingNearest2d(wrong({ mode: 'area' })),
    "UpsamplingNearest2d: unknown option 'mode'; expected size",
  ],
  [() => new nn.Unfold(2, wrong({ step: 1 })), "Unfold: unknown option 'step'; expected dilation, padding, stride"],
  [() => new nn.Fold(4, 2).forward(x), 'col2im: expected columns'],
  [() => new nn.LocalResponseNorm(0), 'LocalResponseNorm: size must be an integer ≥ 1, got 0'],
  [() => new nn.Flatten(2, 1).forward(zeros([1, 2, 3])), 'Flatten: endAxis 1 is before startAxis 2'],
  [() => new nn.Flatten(wrong('1')), "Flatten: startAxis must be an integer, got '1'"],
  [
    () => new nn.Unflatten(0, []),
    'Unflatten: unflattenedSize must be an array of integers ≥ 0 and at most one −1, got []',
  ],
  [() => new nn.Unflatten(0, [3]).forward(x), 'unflatten: '],
  [() => new nn.Bilinear(1, 0, 1), 'Bilinear: in2Features must be an integer ≥ 1, got 0'],
  [() => new nn.Bilinear(3, 2, 1).forward(x, x), 'bilinear: the last axis of [2, 3] must equal axis 2 of the weight'],
  [() => new nn.CosineSimilarity({ eps: -1 }), 'CosineSimilarity: eps must be a finite number ≥ 0, got -1'],
  [() => new nn.PairwiseDistance(wrong(1)), 'PairwiseDistance: options must be an object'],
])('%#', ([call, message]) => {
  expect(call).toThrow(message);
});
