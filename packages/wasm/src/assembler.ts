// The entry point for kernels: the assembler, and the commands that kernels are lowered to.
export * from './assembler/index.ts';
export type { Command, KernelCode, Scratch, SlotAddress, Word } from './command.ts';
