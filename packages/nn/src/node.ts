export {
  loadCheckpoint,
  saveCheckpoint,
  type CheckpointLimits,
  type CheckpointParts,
  type Json,
  type JsonOf,
  type LoadCheckpointOptions,
} from './checkpoint.ts';
export { FolderLockedError, lockFolder } from './files/folderLock.ts';
export { removeStaleTemporaries } from './files/temporary.ts';
export { FileWriteError, writeFileAtomic } from './files/writeFile.ts';
