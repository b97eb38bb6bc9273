import { foreign, systemCall } from './native.js';

/** The bare calls of mount(2) and of the newer mount interface, whose numbers are the same on all architectures. */
export const mountCall = foreign<[Buffer | null, Buffer, Buffer | null, number, Buffer | null]>('mount', 'int', [
  'void *',
  'void *',
  'void *',
  'ulong',
  'void *',
]);
export const umount2 = foreign<[Buffer, number]>('umount2', 'int', ['void *', 'int']);
export const openTree = systemCall<[number, Buffer, number]>(428, ['int', 'void *', 'uint']);
export const moveMount = systemCall<[number, Buffer, number, Buffer, number]>(429, [
  'int',
  'void *',
  'int',
  'void *',
  'uint',
]);
export const fsopen = systemCall<[Buffer, number]>(430, ['void *', 'uint']);
export const fsconfig = systemCall<[number, number, Buffer | null, Buffer | null, number]>(431, [
  'int',
  'uint',
  'void *',
  'void *',
  'int',
]);
export const fsmount = systemCall<[number, number, number]>(432, ['int', 'uint', 'uint']);
export const mountSetattr = systemCall<[number, Buffer, number, BigUint64Array, number]>(442, [
  'int',
  'void *',
  'uint',
  'void *',
  'size_t',
]);

/** `AT_FDCWD` */
export const currentDirectory = -100;
/** `AT_EMPTY_PATH` */
export const emptyPath = 0x1000;
/** `AT_RECURSIVE` */
export const recursive = 0x8000;
/** `O_CLOEXEC` as `open_tree` wants it. */
export const closeOnExec = 0x80000;
