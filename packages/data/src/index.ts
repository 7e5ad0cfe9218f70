/**
 * Images, tables and text for training, in memory and deterministic, for Node and browsers. `@thetagrad/data/node` has
 * the loaders that read files by path.
 */
export { augment, type AugmentOptions } from './augment/augment.ts';
export { type Augmentation, compose, type Fill, type Interval, type Pixels } from './augment/augmentation.ts';
export { colorJitter, type ColorJitterOptions } from './augment/colorJitter.ts';
export {
  randomCrop,
  type RandomCropOptions,
  type RandomFlipOptions,
  randomHorizontalFlip,
  randomResizedCrop,
  type RandomResizedCropOptions,
  randomVerticalFlip,
} from './augment/crop.ts';
export { elasticTransform, type ElasticTransformOptions } from './augment/elasticTransform.ts';
export { cutout, type CutoutOptions, randomErasing, type RandomErasingOptions } from './augment/erase.ts';
export { cutMix, type MixedBatch, type MixOptions, mixUp } from './augment/mix.ts';
export { randAugment, type RandAugmentOptions } from './augment/randAugment.ts';
export { type Batch, type Batches, batches } from './batches.ts';
export { type ClassSplit, type Example, type ExampleSplit, ImageDataset, type ImageDatasetInit } from './dataset.ts';
export { parseCifar, type ParseCifarOptions } from './formats/cifar.ts';
export type { Field, FieldBatch, Rows } from './fields.ts';
export { DataFileError } from './formats/error.ts';
export { type FolderFile, type ImageFolderOptions, parseImageFolder } from './formats/folder.ts';
export { type IdxArray, type IdxData, parseIdx } from './formats/idx.ts';
export { decodeImage } from './formats/image.ts';
export { type NamedBytes, parseMnist, type ParseMnistOptions } from './formats/mnist.ts';
export { type OmniglotOptions, parseOmniglot } from './formats/omniglot.ts';
export { type GlyphOptions, glyphs } from './glyphs.ts';
export { type DecodeOptions, defaultLimits, type Limits } from './limits.ts';
export type { OrderOptions, Position } from './order.ts';
export type { BatchOptions, Normalization } from './pipeline.ts';
export { prefetch } from './prefetch.ts';
export type { Image, ImageShape } from './resample.ts';
export { type CsvOptions, parseCsv } from './table/csv.ts';
export { type Column, Table } from './table/table.ts';
export { type BytePairOptions, parseBytePair } from './text/bytePair.ts';
export { characterTokenizer } from './text/characters.ts';
export { tokenWindows } from './text/tokenWindows.ts';
export type { Tokenizer } from './text/tokenizer.ts';
