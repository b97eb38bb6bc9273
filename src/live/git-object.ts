import { sha1 } from '@noble/hashes/legacy.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, concatBytes } from '@noble/hashes/utils.js';
import type { Oid } from './ids.js';

/** How many hexadecimal digits an object id has: 40 with SHA-1, 64 with SHA-256. */
export type OidLength = 40 | 64;

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The id that git gives an object. */
export function objectId(type: 'blob' | 'tree' | 'commit', bytes: Uint8Array, length: number): Oid {
  const object = concatBytes(encoder.encode(`${type} ${bytes.length}\0`), bytes);
  return bytesToHex(length === 64 ? sha256(object) : sha1(object));
}

/** A text as a file holds it. It is well formed. */
export function textToBytes(text: string): Uint8Array {
  return encoder.encode(text);
}

/** What a file of these bytes reads as; `undefined` when it is binary: not UTF-8, with a NUL, or longer than `limit` bytes. A byte order mark stays. */
export function textOfBytes(bytes: Uint8Array, limit: number): string | undefined {
  if (bytes.length > limit || bytes.includes(0)) return undefined;
  try {
    return decoder.decode(bytes);
  } catch {
    return undefined;
  }
}

export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, at) => byte === b[at]);
}
