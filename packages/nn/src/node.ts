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
export { openLog, RecordLog, type LogValue, type OpenLogOptions } from './files/log.ts';
export { removeStaleTemporaries } from './files/temporary.ts';
export { FileWriteError, writeFileAtomic } from './files/writeFile.ts';
