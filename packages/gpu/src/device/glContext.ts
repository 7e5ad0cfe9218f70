// Contexts of WebGL 2: the browser's, or in Node that of the package `gl`. All backends of a mode share one.
import { gpuJs, type FragmentKernel } from './gpujs.ts';

export type GlMode = 'webgl2' | 'headlessgl';

const shared = new Map<GlMode, FragmentKernel>();

/**
 * A kernel of gpu.js on the context.
 * @throws {Error} that says what is missing.
 */
export async function acquireContext(mode: GlMode): Promise<FragmentKernel> {
  const known = shared.get(mode);
  if (known?.context && !known.context.isContextLost()) return known;
  const kernel = mode === 'webgl2' ? inBrowser() : await inNode();
  shared.set(mode, kernel);
  return kernel;
}

function inBrowser(): FragmentKernel {
  if (typeof OffscreenCanvas === 'undefined') {
    throw new Error(`gpu: mode 'webgl2' runs in browsers; in Node, take 'webgpu', 'headlessgl' or 'webasm'`);
  }
  const kernel = gpuJs.WebGL2Kernel.isSupported ? kernelOn() : undefined;
  if (kernel?.context) return kernel;
  throw new Error(
    'gpu: this browser gives no context of WebGL 2: there is no GPU that it would use, or it is turned off',
  );
}

async function inNode(): Promise<FragmentKernel> {
  // Not a literal, so that bundlers leave it to Node.
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
  if (context && 'texStorage2D' in context) return kernelOn(takingIntegers(context));
  throw new Error(
    context
      ? `gpu: mode 'headlessgl' needs WebGL 2, which the package 'gl' has from version 9 on: npm install gl@9.0.0-rc.10`
      : `gpu: the package 'gl' gives no context: it needs OpenGL and on Linux an X server, such as that of xvfb-run`,
  );
}

/** The package `gl` takes the integers of a texture as bytes. */
function takingIntegers(gl: WebGL2RenderingContext): WebGL2RenderingContext {
  const write = gl.texSubImage2D.bind(gl) as (...place: unknown[]) => void;
  return Object.assign(gl, {
    texSubImage2D: (...parameters: unknown[]) => {
      const { buffer, byteOffset, byteLength } = parameters.pop() as Int32Array;
      write(...parameters, new Uint8Array(buffer, byteOffset, byteLength));
    },
  });
}

function kernelOn(context?: WebGL2RenderingContext): FragmentKernel {
  return new gpuJs.WebGL2Kernel('function kernel() {}', {
    output: [1],
    precision: 'single',
    ...(context && { context, canvas: {} }),
  });
}
