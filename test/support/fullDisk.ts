// For `node --import`: a disk with room for a few bytes more.
import { setFileSystem } from '../../packages/nn/src/files/fileSystem.ts';
import { createFaultyFileSystem, createSystemError } from './faultyFileSystem.ts';

const system = createFaultyFileSystem();
setFileSystem({
  ...system,
  open: async (path, flags, mode) => {
    const file = await system.open(path, flags, mode);
    return {
      ...file,
      writeFile: async (content) => {
        await file.writeFile(content.subarray(0, 1000));
        if (content.length > 1000) throw createSystemError('ENOSPC', 'write');
      },
    };
  },
});
