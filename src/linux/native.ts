import { createRequire } from 'node:module';
import type * as KoffiModule from 'koffi';
import { getSystemErrorMap } from 'node:util';
import { constants } from 'node:os';
import { MizerError } from '../model/errors.js';

type Koffi = typeof KoffiModule;
type Library = ReturnType<Koffi['load']>;

const require = createRequire(import.meta.url);
let koffi: Koffi | undefined;
let libc: Library | undefined;

/** The foreign function interface itself, loaded at first use: it takes some milliseconds, which a pure parser must not pay. */
export function foreignInterface(): Koffi {
  koffi ??= require('koffi') as Koffi;
  return koffi;
}

type Call<Arguments extends readonly unknown[]> = (...values: Arguments) => number;

/**
 * A function of the C library, looked up at its first call. It answers what C answers, and `-errno` instead of -1, as the kernel
 * itself does. `type` and the parameters are C types; buffers go to `void *` without a copy.
 */
export function foreign<Arguments extends readonly unknown[]>(
  name: string,
  type: 'int' | 'long',
  parameters: readonly string[],
): Call<Arguments> {
  let declared: Call<Arguments> | undefined;
  return (...values) => {
    if (declared === undefined) {
      libc ??= foreignInterface().load(null);
      declared = libc.func(name, type, [...parameters]);
    }
    const result = declared(...values);
    return result < 0 ? -foreignInterface().errno() : Number(result);
  };
}

/**
 * The same without anything around it, for calls by the million: declared at the first use of what is returned, it answers -1 for a failure,
 * and `lastErrno` says why until the next call.
 */
export function plainForeign<Arguments extends readonly unknown[]>(
  name: string,
  type: 'int' | 'long',
  parameters: readonly string[],
): () => Call<Arguments> {
  let declared: Call<Arguments> | undefined;
  return () => {
    libc ??= foreignInterface().load(null);
    declared ??= libc.func(name, type, [...parameters]) as unknown as Call<Arguments>;
    return declared;
  };
}

/** Why the last call in this thread failed. */
export function lastErrno(): number {
  return foreignInterface().errno();
}

/** A system call by number, for what the C library does not wrap everywhere; otherwise like `foreign`. */
export function systemCall<Arguments extends readonly unknown[]>(
  number: number,
  parameters: readonly string[],
): Call<Arguments> {
  const call = foreign<[number, ...Arguments]>('syscall', 'long', ['long', ...parameters]);
  return (...values) => call(number, ...values);
}

const closeCall = foreign<[number]>('close', 'int', ['int']);

/**
 * Closes a descriptor that this room opened. `fs.closeSync` is for those of `fs.openSync`: a worker thread keeps a list of them, warns
 * of strangers, and closes the rest when it ends.
 */
export function closeDescriptor(fd: number): void {
  checked(closeCall(fd), 'close');
}

/** A path for the kernel: text (sent as UTF-8) or bytes. */
export type KernelPath = string | Uint8Array;

/** `value` as C wants it: its bytes and a NUL. */
export function toCString(value: KernelPath): Buffer {
  const bytes = typeof value === 'string' ? Buffer.from(value) : value;
  if (bytes.includes(0)) {
    throw new MizerError('E_PATH_INVALID', `${JSON.stringify(toMessage(value))} contains a NUL byte.`, {
      group: 'usage',
      hint: 'Name an existing file or directory.',
    });
  }
  return Buffer.concat([bytes, Buffer.of(0)]);
}

/** `path` for a message. */
export function toMessage(path: KernelPath): string {
  return typeof path === 'string' ? path : Buffer.from(path).toString();
}

/** `ENOENT` for 2. */
export function errnoName(errno: number): string {
  const known = getSystemErrorMap().get(-errno)?.[0];
  if (known !== undefined) return known;
  return Object.entries(constants.errno).find(([, value]) => value === errno)?.[0] ?? `errno ${errno}`;
}

/**
 * The error of a failed system call.
 * @param result `-errno`
 */
export function systemError(result: number, call: string, path?: KernelPath): MizerError {
  const errno = errnoName(-result);
  const meaning = getSystemErrorMap().get(result)?.[1] ?? 'the kernel refused';
  const where = path === undefined ? '' : ` on ${toMessage(path)}`;
  return new MizerError('E_SYSCALL', `${call}${where} failed: ${meaning} (${errno}).`, {
    group: 'failed',
    hint: 'Run `mzr doctor` to see what this machine allows.',
    data: { errno, call, ...(path === undefined ? {} : { path: toMessage(path) }) },
  });
}

/**
 * Passes on the result of a system call.
 * @throws MizerError `E_SYSCALL` with `data.errno`, `data.call`, `data.path` where the result is negative
 */
export function checked(result: number, call: string, path?: KernelPath): number {
  if (result < 0) throw systemError(result, call, path);
  return result;
}

/** The name of the errno behind an error of this room or of Node (`ENOENT`), or `undefined`. */
export function errnoOf(error: unknown): string | undefined {
  if (error instanceof MizerError) return typeof error.data['errno'] === 'string' ? error.data['errno'] : undefined;
  return error instanceof Error && 'syscall' in error && 'code' in error ? String(error.code) : undefined;
}
