import type { TreePath } from '../model/tree-path.js';
import { LiveError } from './errors.js';

// Names in git are bytes. Here they are text in which a byte that is not part of valid UTF-8 stands as the lone surrogate
// U+DC00 + byte (Python's surrogateescape, PEP 383), so that every name survives and ordinary ones read as they should.

const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const encoder = new TextEncoder();

/** The text of a name or path given as bytes. */
export function nameFromBytes(bytes: Uint8Array): string {
  try {
    return strict.decode(bytes);
  } catch {
    let text = '';
    for (let at = 0; at < bytes.length;) {
      const length = validLength(bytes, at);
      text +=
        length > 0 ? strict.decode(bytes.subarray(at, at + length)) : String.fromCharCode(0xdc00 + (bytes[at] ?? 0));
      at += Math.max(length, 1);
    }
    return text;
  }
}

/** How many bytes from `at` on are one valid character; 0 for none. */
function validLength(bytes: Uint8Array, at: number): number {
  for (let length = 1; length <= 4 && at + length <= bytes.length; length += 1) {
    try {
      strict.decode(bytes.subarray(at, at + length));
      return length;
    } catch {
      // One byte more may complete it.
    }
  }
  return 0;
}

/** The bytes of a name or path. */
export function nameToBytes(name: string): Uint8Array {
  if (name.isWellFormed()) return encoder.encode(name);
  const bytes: number[] = [];
  for (const character of name) {
    const code = character.codePointAt(0) ?? 0;
    if (code >= 0xdc80 && code <= 0xdcff) bytes.push(code - 0xdc00);
    else bytes.push(...encoder.encode(character));
  }
  return Uint8Array.from(bytes);
}

/** A path in the terms of `model`: a byte string. */
export function toTreePath(path: string): TreePath {
  return Array.from(nameToBytes(path), (byte) => String.fromCharCode(byte)).join('');
}

/** Git's order: by bytes. */
export function compareNames(a: string, b: string): number {
  let same = 0;
  while (same < a.length && a.charCodeAt(same) === b.charCodeAt(same)) same += 1;
  const [first, second] = [a.charCodeAt(same), b.charCodeAt(same)];
  // Where no surrogate decides, UTF-8 sorts as UTF-16 does.
  if (!isSurrogate(first) && !isSurrogate(second)) return first - second || a.length - b.length;
  const left = nameToBytes(a);
  const right = nameToBytes(b);
  for (let at = 0; at < left.length && at < right.length; at += 1) {
    const difference = (left[at] ?? 0) - (right[at] ?? 0);
    if (difference !== 0) return difference;
  }
  return left.length - right.length;
}

function isSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdfff;
}

/** Why git could not hold an entry of this name, or `undefined`. */
export function nameFault(name: string): string | undefined {
  if (name === '') return 'it is empty';
  if (name === '.' || name === '..') return 'it means a directory';
  if (name.includes('/') || name.includes('\0')) return 'it holds a slash or a NUL';
  if (name.toLowerCase() === '.git') return "it is git's own";
  const bytes = nameToBytes(name);
  if (bytes.length > 255) return 'it is longer than 255 bytes';
  // Else two names would be one in git.
  if (!name.isWellFormed() && nameFromBytes(bytes) !== name) return 'it is not as its bytes read';
  return undefined;
}

/**
 * The parts of a path; the root has none.
 * @throws LiveError NAME_INVALID
 */
export function partsOf(path: string): string[] {
  if (path === '') return [];
  const parts = path.split('/');
  for (const part of parts) {
    const fault = nameFault(part);
    if (fault !== undefined)
      throw new LiveError('NAME_INVALID', `${JSON.stringify(path)} is no path of a tree: ${fault}.`);
  }
  return parts;
}
