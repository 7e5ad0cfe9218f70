// WebGL 2 contexts: the browser's, or in Node that of the package `gl`. All backends of a mode share one.
import { gpuJs, type FragmentKernel } from './gpujs.ts';

export type GlMode = 'webgl2' | 'headlessgl';

const shared = new Map<GlMode, FragmentKernel>();

/**
 * Acquires the context of a mode, as a kernel of gpu.js on it.
 * @throws {Error} that says what is missing.
 */
export async function acquireGlContext(mode: GlMode): Promise<FragmentKernel> {
  const known = shared.get(mode);
  if (known?.context && !known.context.isContextLost()) return known;
  const kernel = mode === 'webgl2' ? openInBrowser() : await openInNode();
  shared.set(mode, kernel);
  return kernel;
}

function openInBrowser(): FragmentKernel {
  if (typeof OffscreenCanvas === 'undefined') {
    throw new Error(`gpu: mode 'webgl2' runs in browsers; in Node, take 'webgpu', 'headlessgl' or 'webasm'`);
  }
  const kernel = gpuJs.WebGL2Kernel.isSupported ? createKernel() : undefined;
  if (kernel?.context) return kernel;
  throw new Error(
    'gpu: this browser gives no WebGL 2 context: it finds no GPU that it would use, or WebGL is disabled',
  );
}

async function openInNode(): Promise<FragmentKernel> {
  // A variable, so that bundlers leave the import to Node.
  const name = 'gl';
  type Create = (width: number, height: number, attributes: object) => WebGL2RenderingContext | null;
  let create: Create;
  try {
    create = ((await import(/* @vite-ignore */ name)) as { default: Create }).default;
  } catch (cause) {
    throw new Error(
      `gpu: mode 'headlessgl' runs in Node with the package 'gl', from version 9 on: npm install gl@9.0.0-rc.10`,
      { cause },
    );
  }
  const context = create(1, 1, { createWebGL2Context: true });
  if (context && 'texStorage2D' in context) return createKernel(acceptIntegers(context));
  throw new Error(
    context
      ? `gpu: mode 'headlessgl' needs WebGL 2, which the package 'gl' has from version 9 on: npm install gl@9.0.0-rc.10`
      : `gpu: the package 'gl' gives no context: it needs OpenGL and on Linux an X server, such as that of xvfb-run`,
  );
}

/** Makes `texSubImage2D` accept an Int32Array: the package `gl` takes integers as bytes only. */
function acceptIntegers(gl: WebGL2RenderingContext): WebGL2RenderingContext {
  const write = gl.texSubImage2D.bind(gl) as (...parameters: unknown[]) => void;
  return Object.assign(gl, {
    texSubImage2D: (...parameters: unknown[]) => {
      const { buffer, byteOffset, byteLength } = parameters.pop() as Int32Array;
      write(...parameters, new Uint8Array(buffer, byteOffset, byteLength));
    },
  });
}

function createKernel(context?: WebGL2RenderingContext): FragmentKernel {
  return new gpuJs.WebGL2Kernel('function kernel() {}', {
    output: [1],
    precision: 'single',
    ...(context && { context, canvas: {} }),
  });
}
