// Runs in the workers of `loader`: reads and decodes the JPEG files of a batch.
import { decodeImage } from '@thetagrad/data';
import { readShardExample, type ShardPlace } from '@thetagrad/data/node';

/** Images of shape (B, 3, H, W), normalized, and labels. */
export interface DecodedBatch {
  readonly image: Float32Array;
  readonly label: Int32Array;
  readonly shape: readonly number[];
}

export default async function decode(places: readonly ShardPlace[]): Promise<DecodedBatch> {
  const examples = await Promise.all(places.map((place) => readShardExample(place)));
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
