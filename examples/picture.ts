import type { Tensor } from '@thetagrad/core';

const shades = ' .:-=+*#%@';

/** Draws images [N, height, width] of values 0 … 1 as text, next to each other. */
export async function drawImages(images: Tensor): Promise<string> {
  const [count, height, width] = images.shape as [number, number, number];
  const values = await images.data();
  const lines = Array.from({ length: height }, (_, y) =>
    Array.from({ length: count }, (_, n) => {
      const row = values.subarray((n * height + y) * width, (n * height + y + 1) * width);
      return Array.from(row, (value) => shades[Math.min(9, Math.max(0, Math.floor(value * 10)))]).join('');
    }).join(' '),
  );
  return lines.join('\n');
}
