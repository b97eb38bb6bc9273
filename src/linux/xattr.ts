import { constants } from 'node:os';
import { checked, foreign, toCString, type KernelPath } from './native.js';

const lgetxattr = foreign<[Buffer, Buffer, Buffer | null, number]>('lgetxattr', 'long', [
  'void *',
  'void *',
  'void *',
  'size_t',
]);
const lsetxattr = foreign<[Buffer, Buffer, Uint8Array, number, number]>('lsetxattr', 'int', [
  'void *',
  'void *',
  'void *',
  'size_t',
  'int',
]);
const llistxattr = foreign<[Buffer, Buffer | null, number]>('llistxattr', 'long', ['void *', 'void *', 'size_t']);
const lremovexattr = foreign<[Buffer, Buffer]>('lremovexattr', 'int', ['void *', 'void *']);

const { ENODATA, EOPNOTSUPP, ERANGE } = constants.errno;

/** Reads what `read` has to say into a buffer that is large enough, even while the size changes. `undefined` where there is nothing. */
function readAll(path: KernelPath, call: string, read: (buffer: Buffer) => number): Buffer | undefined {
  for (let size = 256; ; size *= 4) {
    const buffer = Buffer.alloc(size);
    const length = read(buffer);
    if (length === -ENODATA || length === -EOPNOTSUPP) return undefined;
    // The kernel holds at most 64 KiB in one value or list.
    if (length === -ERANGE && size < 65_536) continue;
    return buffer.subarray(0, checked(length, call, path));
  }
}

/** The value of an extended attribute, `undefined` where there is none or the file system has none. Follows no symbolic link; lgetxattr(2). */
export function getAttribute(path: KernelPath, name: string): Buffer | undefined {
  const [cPath, cName] = [toCString(path), toCString(name)];
  return readAll(path, 'lgetxattr', (buffer) => lgetxattr(cPath, cName, buffer, buffer.length));
}

/** Sets an extended attribute, made or replaced. Follows no symbolic link; lsetxattr(2). */
export function setAttribute(path: KernelPath, name: string, value: Uint8Array): void {
  checked(lsetxattr(toCString(path), toCString(name), value, value.length, 0), 'lsetxattr', path);
}

/** The names of all extended attributes this process may see. Follows no symbolic link; llistxattr(2). */
export function listAttributes(path: KernelPath): string[] {
  const cPath = toCString(path);
  const list = readAll(path, 'llistxattr', (buffer) => llistxattr(cPath, buffer, buffer.length));
  return (list ?? Buffer.alloc(0)).toString().split('\0').slice(0, -1);
}

/** Removes an extended attribute; says whether it was there. Follows no symbolic link; lremovexattr(2). */
export function removeAttribute(path: KernelPath, name: string): boolean {
  const result = lremovexattr(toCString(path), toCString(name));
  if (result === -ENODATA) return false;
  checked(result, 'lremovexattr', path);
  return true;
}
