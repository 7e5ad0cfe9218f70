export { gpu, type GpuMode, type GpuOptions } from './gpu.ts';
export type { GpuBackend } from './backend.ts';
