import { checked, foreign, toCString, type KernelPath } from './native.js';

const mkfifo = foreign<[Buffer, number]>('mkfifo', 'int', ['void *', 'uint']);

/** Makes a named pipe, of which the process's umask takes away permissions. The name must be free; mkfifo(3). */
export function makeFifo(path: KernelPath, mode: number): void {
  checked(mkfifo(toCString(path), mode), 'mkfifo', path);
}
