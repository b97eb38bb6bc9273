/** Copies of fewer bytes take as much room as the bytes. */
const worthCopying = 4;
const longestInsert = 127;

/**
 * Writes into `out` how `target` is made of `base`, as packs have it (gitformat-pack(5)). For short texts of lines that correspond: line
 * by line, what is alike at the beginning and the end is copied. Byte strings below 64 KiB.
 * @param out long enough for `target`, and a sixth more
 * @returns how many bytes
 */
export function writeDelta(base: string, target: string, out: Uint8Array): number {
  let at = writeSize(out, writeSize(out, 0, base.length), target.length);
  /** From here to the copy in hand nothing of the target is written yet. */
  let unwritten = 0;
  let [copyTo, copyFrom, copyLength] = [0, 0, 0];
  const settle = (): void => {
    if (copyLength >= worthCopying) {
      at = writeInsert(out, at, target, unwritten, copyTo);
      at = writeCopy(out, at, copyFrom, copyLength);
      unwritten = copyTo + copyLength;
    }
    copyLength = 0;
  };
  const copy = (to: number, from: number, length: number): void => {
    if (length === 0) return;
    if (copyLength > 0 && copyFrom + copyLength === from && copyTo + copyLength === to) copyLength += length;
    else {
      settle();
      [copyTo, copyFrom, copyLength] = [to, from, length];
    }
  };
  for (let [to, from] = [0, 0]; to < target.length && from < base.length;) {
    const toEnd = target.indexOf('\n', to) + 1 || target.length;
    const fromEnd = base.indexOf('\n', from) + 1 || base.length;
    const shorter = Math.min(toEnd - to, fromEnd - from);
    let head = 0;
    while (head < shorter && target.charCodeAt(to + head) === base.charCodeAt(from + head)) head += 1;
    let tail = 0;
    while (tail < shorter - head && target.charCodeAt(toEnd - 1 - tail) === base.charCodeAt(fromEnd - 1 - tail))
      tail += 1;
    copy(to, from, head);
    copy(toEnd - tail, fromEnd - tail, tail);
    to = toEnd;
    from = fromEnd;
  }
  settle();
  return writeInsert(out, at, target, unwritten, target.length);
}

function writeSize(out: Uint8Array, at: number, size: number): number {
  let rest = size;
  for (; rest > 0x7f; rest >>>= 7) out[at++] = (rest & 0x7f) | 0x80;
  out[at++] = rest;
  return at;
}

function writeInsert(out: Uint8Array, at: number, text: string, start: number, end: number): number {
  for (let from = start; from < end; from += longestInsert) {
    const to = Math.min(end, from + longestInsert);
    out[at++] = to - from;
    for (let index = from; index < to; index += 1) out[at++] = text.charCodeAt(index);
  }
  return at;
}

function writeCopy(out: Uint8Array, at: number, from: number, length: number): number {
  const command = at++;
  let flags = 0x80;
  if ((from & 0xff) !== 0) [flags, out[at++]] = [flags | 0x01, from & 0xff];
  if (from > 0xff) [flags, out[at++]] = [flags | 0x02, from >>> 8];
  if ((length & 0xff) !== 0) [flags, out[at++]] = [flags | 0x10, length & 0xff];
  if (length > 0xff) [flags, out[at++]] = [flags | 0x20, length >>> 8];
  out[command] = flags;
  return at;
}
