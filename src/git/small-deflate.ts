/** The code of each byte in the fixed table of RFC 1951 (3.2.6), first bit lowest, and its length. */
const codes = new Uint16Array(256);
const lengths = new Uint8Array(256);
for (let byte = 0; byte < 256; byte += 1) {
  const [code, length] = byte < 144 ? [0x30 + byte, 8] : [0x190 + byte - 144, 9];
  lengths[byte] = length;
  for (let bit = 0; bit < length; bit += 1) codes[byte]! |= ((code >>> bit) & 1) << (length - 1 - bit);
}

/**
 * Writes `bytes` as a zlib stream of one block with the fixed code and nothing repeated: for some tens of bytes, where a call of zlib takes
 * fifty times as long and its own tables would not pay.
 * @param out room for nine eighths of the bytes, and eight more
 * @returns where it ends
 */
export function writeSmallDeflate(bytes: Uint8Array, length: number, out: Uint8Array, start: number): number {
  let at = start;
  out[at++] = 0x78;
  out[at++] = 0x01;
  // Last block (1), fixed code (01).
  let [bits, count] = [0b011, 3];
  let [low, high] = [1, 0];
  for (let index = 0; index < length; index += 1) {
    const byte = bytes[index]!;
    bits |= codes[byte]! << count;
    count += lengths[byte]!;
    while (count >= 8) {
      out[at++] = bits & 0xff;
      bits >>>= 8;
      count -= 8;
    }
    low += byte;
    high += low;
    if ((index & 0xfff) === 0xfff) [low, high] = [low % 65521, high % 65521];
  }
  // The end is seven zero bits.
  count += 7;
  for (; count > 0; count -= 8) {
    out[at++] = bits & 0xff;
    bits >>>= 8;
  }
  [low, high] = [low % 65521, high % 65521];
  out[at++] = high >>> 8;
  out[at++] = high & 0xff;
  out[at++] = low >>> 8;
  out[at++] = low & 0xff;
  return at;
}
