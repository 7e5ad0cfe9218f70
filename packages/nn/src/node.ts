export { loadCheckpoint, saveCheckpoint, type CheckpointParts, type Json } from './checkpoint.ts';
