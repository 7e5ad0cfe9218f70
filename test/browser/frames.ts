// Frames within the page of the tests.

export interface Frame {
  readonly window: Window;
  /** The first message that it sends to its parent. */
  readonly message: Promise<unknown>;
  close(): void;
}

/** Opens a page of the same origin in a frame. */
export function openFrame(html: string): Frame {
  const frame = document.createElement('iframe');
  frame.srcdoc = html;
  const message = new Promise((resolve) => {
    const listen = ({ source, data }: MessageEvent): void => {
      if (source !== frame.contentWindow) return;
      removeEventListener('message', listen);
      resolve(data);
    };
    addEventListener('message', listen);
  });
  document.body.append(frame);
  return { window: frame.contentWindow!, message, close: () => frame.remove() };
}
