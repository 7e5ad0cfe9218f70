// The report of the demo, laid out by a browser.
import { expect, inject, test } from 'vitest';
import { openFrame } from './frames.ts';

/** Opens the report in a frame of so many pixels. */
async function openReport(width: number): Promise<{ readonly document: Document; readonly close: () => void }> {
  // Frames of the same origin load after their text is set; the script at the end tells that all is parsed.
  const frame = openFrame(decodeURIComponent(inject('report')));
  const element = frame.window.frameElement as HTMLIFrameElement;
  element.width = String(width);
  await new Promise((resolve) => element.addEventListener('load', resolve, { once: true }));
  return { document: frame.window.document, close: () => frame.close() };
}

test.each([390, 1280])('at a width of %i pixels the report fits, as do all words of its pictures', async (width) => {
  const { document, close } = await openReport(width);
  const root = document.documentElement;
  expect(root.clientWidth).toBeGreaterThan(width - 20);
  expect(root.scrollWidth).toBe(root.clientWidth);
  const texts = [...document.querySelectorAll('svg text')];
  expect(texts.length).toBeGreaterThan(100);
  const outside = texts.filter((text) => {
    const { left, right } = text.getBoundingClientRect();
    return left < 0 || right > root.clientWidth;
  });
  expect(outside.map((text) => text.textContent)).toEqual([]);
  // Arrows stay on the line of the last word.
  const titles = [...document.querySelectorAll('tbody th')];
  for (const title of titles) expect(title.textContent).toMatch(/\u00A0[↑↓]$|time$/);
  close();
});

test('the links of the navigation lead to sections, and the arrow keys turn a sphere', async () => {
  const { document, close } = await openReport(1280);
  const links = [...document.querySelectorAll<HTMLAnchorElement>('nav a')];
  expect(links.length).toBeGreaterThan(5);
  for (const link of links) expect(document.querySelector(link.getAttribute('href')!)!.tagName).toBe('SECTION');
  const sphere = document.querySelector('svg[data-scene]')!;
  const draw = (): string[] => [...sphere.querySelectorAll('path')].map((path) => path.getAttribute('d')!);
  const before = draw();
  const { KeyboardEvent } = document.defaultView!;
  sphere.dispatchEvent(new KeyboardEvent('keydown', { key: 'ArrowLeft' }));
  expect(draw()).not.toEqual(before);
  close();
});
