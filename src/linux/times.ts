import { checked, foreign, toCString, type KernelPath } from './native.js';

const utimensat = foreign<[number, Buffer, BigInt64Array, number]>('utimensat', 'int', [
  'int',
  'void *',
  'void *',
  'int',
]);
const currentDirectory = -100;
const noFollow = 0x100;
const billion = 1_000_000_000n;

/** Seconds and nanoseconds; the latter are never negative, also before 1970. */
function timespec(ns: bigint): [bigint, bigint] {
  const rest = ((ns % billion) + billion) % billion;
  return [(ns - rest) / billion, rest];
}

/** Sets access and modification time, in nanoseconds since 1970. Of a symbolic link its own; utimensat(2). */
export function setTimes(path: KernelPath, atimeNs: bigint, mtimeNs: bigint): void {
  const times = BigInt64Array.from([...timespec(atimeNs), ...timespec(mtimeNs)]);
  checked(utimensat(currentDirectory, toCString(path), times, noFollow), 'utimensat', path);
}
