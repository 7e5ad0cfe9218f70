// Runs in the workers of `loader`: decodes the JPEG files of a batch.
import { decodeImage } from '@thetagrad/data';

/** What the files of an example are to it. */
export interface Example {
  readonly files: Readonly<Record<string, Uint8Array>>;
}

/** Images of shape (B, 3, H, W), normalized, and labels. */
export interface DecodedBatch {
  readonly image: Float32Array;
  readonly label: Int32Array;
  readonly shape: readonly number[];
}

export default function decode(examples: readonly Example[]): DecodedBatch {
  const images = examples.map(({ files }) => decodeImage(files['jpg']!));
  const { channels, height, width } = images[0]!;
  const size = channels * height * width;
  const image = new Float32Array(examples.length * size);
  images.forEach(({ data }, i) => {
    for (let j = 0; j < size; j++) image[i * size + j] = (data[j]! - 127.5) / 128;
  });
  const label = Int32Array.from(examples, ({ files }) => Number(new TextDecoder().decode(files['cls'])));
  return { image, label, shape: [examples.length, channels, height, width] };
}
