import { MizerError } from './errors.js';
import { Manifest, ROW_WORDS } from './manifest.js';

/** `MZMF` in the machine's own byte order, so that a file from a machine of the other order is not taken for one of ours. */
const MAGIC = 0x464d5a4d;
const VERSION = 1;
/** Words before the rows: magic, version, rows, bytes of text, checksum, three spare ones. */
const HEADER_WORDS = 8;
/** Bytes turned into text at once: as many arguments as every engine takes. */
const CHUNK = 8192;

/** `manifest` as bytes, to be kept or handed to another thread. */
export function encodeManifest(manifest: Manifest): Uint8Array<ArrayBuffer> {
  const { text } = manifest;
  const rowsBytes = manifest.length * ROW_WORDS * 4;
  const textStart = HEADER_WORDS * 4 + rowsBytes;
  const bytes = new Uint8Array(textStart + Math.ceil(text.length / 4) * 4);
  const words = new Uint32Array(bytes.buffer);
  words.set(manifest.words, HEADER_WORDS);
  for (let at = 0; at < text.length; at += 1) bytes[textStart + at] = text.charCodeAt(at);
  words[0] = MAGIC;
  words[1] = VERSION;
  words[2] = manifest.length;
  words[3] = text.length;
  words[4] = checksum(words);
  return bytes;
}

/**
 * The manifest that `bytes` hold.
 * @throws MizerError `E_MANIFEST_CORRUPT` when they are not exactly what `encodeManifest` gave
 */
export function decodeManifest(bytes: Uint8Array): Manifest {
  if (bytes.length < HEADER_WORDS * 4 || bytes.length % 4 !== 0) throw corrupt('its length is wrong');
  // A copy of its own: `bytes` may lie at an odd address of a shared pool. (`slice` would copy no Buffer.)
  const own = new Uint8Array(bytes).buffer;
  const words = new Uint32Array(own);
  const [magic, version, rows = 0, textLength = 0, sum] = words;
  if (magic !== MAGIC) throw corrupt('it does not begin as a manifest does');
  if (version !== VERSION) throw corrupt(`its version is ${version}, not ${VERSION}`);
  const textStart = (HEADER_WORDS + rows * ROW_WORDS) * 4;
  if (own.byteLength !== textStart + Math.ceil(textLength / 4) * 4) throw corrupt('its length is wrong');
  if (sum !== checksum(words)) throw corrupt('its checksum does not match');
  const text = textOf(new Uint8Array(own, textStart, textLength));
  return new Manifest(words.slice(HEADER_WORDS, HEADER_WORDS + rows * ROW_WORDS), text);
}

/** Over all words but its own. Each step is a bijection of both the sum and the word, so no change of one word goes unseen. */
function checksum(words: Uint32Array): number {
  let sum = 0x9e3779b9;
  for (let at = 0; at < words.length; at += 1) {
    if (at === 4) continue;
    sum = Math.imul(sum ^ (words[at] ?? 0), 0x85ebca6b);
    sum = (sum << 13) | (sum >>> 19);
  }
  return sum >>> 0;
}

function textOf(bytes: Uint8Array): string {
  const parts: string[] = [];
  for (let at = 0; at < bytes.length; at += CHUNK) {
    // `apply` takes anything with a length and is eight times as quick as a spread.
    parts.push(Reflect.apply(String.fromCharCode, undefined, bytes.subarray(at, at + CHUNK)));
  }
  return parts.join('');
}

function corrupt(reason: string): MizerError {
  return new MizerError('E_MANIFEST_CORRUPT', `A stored manifest cannot be read: ${reason}.`, {
    group: 'failed',
    hint: 'Run `mzr doctor`: it says which snapshot is hurt and how to go on without it.',
  });
}
