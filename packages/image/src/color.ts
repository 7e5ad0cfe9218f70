// Conversions between color spaces. Channels are the third axis from the end, and intensities are from 0 to 1.
import { stack, type Tensor } from '@thetagrad/core';
import { formatShape, toFloat } from '@thetagrad/core/backend';
import { checkImages } from './checks.ts';

function channelsOf(operation: string, names: string, x: Tensor): [Tensor, Tensor, Tensor] {
  checkImages(operation, x, 3);
  if (x.shape[x.ndim - 3] !== 3) {
    throw new RangeError(`${operation}: expected images […, 3, H, W] of ${names}, got ${formatShape(x.shape)}`);
  }
  const images = x.astype(toFloat(x.dtype));
  const lead = x.shape.slice(0, -3).map(() => null);
  return [images.slice([...lead, 0]), images.slice([...lead, 1]), images.slice([...lead, 2])];
}

/**
 * Grayscale images [..., 1, H, W] of RGB images [..., 3, H, W]: 0.299 R + 0.587 G + 0.114 B, the luma of ITU-R BT.601. int32 and
 * bool become float32.
 * @throws {TypeError} if x is not a tensor.
 * @throws {RangeError} if x has fewer than three axes, or not three channels.
 * @example
 * rgbToGrayscale(tensor([[[1, 0]], [[1, 0]], [[1, 1]]])); // tensor([[[1.000, 0.114]]])
 */
export function rgbToGrayscale(x: Tensor): Tensor {
  const [red, green, blue] = channelsOf('rgbToGrayscale', 'red, green and blue', x);
  return red.mul(0.299).add(green.mul(0.587)).add(blue.mul(0.114)).expandDims(-3);
}

/**
 * Hue, saturation and value, each from 0 to 1, of RGB images [..., 3, H, W] (Smith 1978). Gray has hue 0, black also saturation
 * 0; their gradients are 0. int32 and bool become float32.
 * @throws {TypeError} if x is not a tensor.
 * @throws {RangeError} if x has fewer than three axes, or not three channels.
 * @example
 * rgbToHsv(tensor([[[0]], [[0]], [[0.5]]])); // tensor([[[0.6667]], [[1.0000]], [[0.5000]]])
 */
export function rgbToHsv(x: Tensor): Tensor {
  const [red, green, blue] = channelsOf('rgbToHsv', 'red, green and blue', x);
  const value = red.maximum(green).maximum(blue);
  const chroma = value.sub(red.minimum(green).minimum(blue));
  const isGray = chroma.equal(0);
  const divisor = isGray.where(1, chroma);
  const sextant = value
    .equal(red)
    .where(
      green.sub(blue).div(divisor),
      value.equal(green).where(blue.sub(red).div(divisor).add(2), red.sub(green).div(divisor).add(4)),
    );
  const hue = isGray.where(0, sextant.div(6).mod(1));
  const saturation = isGray.where(0, chroma.div(value.equal(0).where(1, value)));
  return stack([hue, saturation, value], -3);
}

/**
 * RGB images of hue, saturation and value [..., 3, H, W], the inverse of {@link rgbToHsv}; hues repeat with period 1. int32 and
 * bool become float32.
 * @throws {TypeError} if x is not a tensor.
 * @throws {RangeError} if x has fewer than three axes, or not three channels.
 * @example
 * hsvToRgb(tensor([[[0.5]], [[1]], [[1]]])); // tensor([[[0]], [[1]], [[1]]])
 */
export function hsvToRgb(x: Tensor): Tensor {
  const [hue, saturation, value] = channelsOf('hsvToRgb', 'hue, saturation and value', x);
  // Each channel falls from `value` by what hue leaves of saturation: Smith's hexcone, written without cases.
  const channels = [5, 3, 1].map((offset) => {
    const sextant = hue.mul(6).add(offset).mod(6);
    const share = sextant.minimum(sextant.neg().add(4)).clip(0, 1);
    return value.sub(value.mul(saturation).mul(share));
  });
  return stack(channels, -3);
}
