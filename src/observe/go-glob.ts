/** One rune of a name: a byte that stands for itself, any but a slash, or one of a class. */
type Term =
  | { readonly kind: 'byte'; readonly byte: number }
  | { readonly kind: 'any' }
  | { readonly kind: 'class'; readonly negated: boolean; readonly ranges: readonly (readonly [number, number])[] };

/** What must follow in a row, and whether a star stands before it. */
interface Chunk {
  readonly star: boolean;
  readonly terms: readonly Term[];
}

/** A pattern of Go's `path.Match`, read once. */
export interface GoGlob {
  readonly source: string;
  /** Whether the pattern matches the whole name, a byte string. */
  readonly matches: (name: string) => boolean;
}

const slash = 0x2f;
/** What Go reads for bytes that are not UTF-8; such a byte counts as one rune. */
const replacement = 0xfffd;

/**
 * Reads a pattern as Go's `path.Match` does, to the last quirk: `*` and `?` match no slash, but a class may; a star takes the first place
 * where what follows it up to the next star fits, and is not tried again when the rest then does not.
 * @param source the pattern's bytes as a byte string
 * @returns `undefined` where Go says that the pattern is malformed, which it does not for some names only
 */
export function readGlob(source: string): GoGlob | undefined {
  const chunks: Chunk[] = [];
  for (let at = 0; at < source.length;) {
    const start = skipStars(source, at);
    const end = endOfChunk(source, start);
    const terms = readTerms(source, start, end);
    if (terms === undefined) return undefined;
    chunks.push({ star: start > at, terms });
    at = end;
  }
  return { source, matches: (name) => matchChunks(chunks, name) };
}

function skipStars(source: string, from: number): number {
  let at = from;
  while (source[at] === '*') at += 1;
  return at;
}

/** Up to the next star that is not escaped and has no bracket open before it. */
function endOfChunk(source: string, from: number): number {
  let inClass = false;
  for (let at = from; at < source.length; at += 1) {
    const unit = source[at];
    if (unit === '\\') at += 1;
    else if (unit === '[') inClass = true;
    else if (unit === ']') inClass = false;
    else if (unit === '*' && !inClass) return at;
  }
  return source.length;
}

function readTerms(source: string, from: number, end: number): Term[] | undefined {
  const terms: Term[] = [];
  for (let at = from; at < end;) {
    const unit = source[at];
    if (unit === '[') {
      const read = readClass(source, at + 1, end);
      if (read === undefined) return undefined;
      terms.push(read.term);
      at = read.end;
      continue;
    }
    if (unit === '?') terms.push({ kind: 'any' });
    else {
      if (unit === '\\') at += 1;
      if (at >= end) return undefined;
      terms.push({ kind: 'byte', byte: source.charCodeAt(at) });
    }
    at += 1;
  }
  return terms;
}

function readClass(
  source: string,
  from: number,
  end: number,
): { readonly term: Term; readonly end: number } | undefined {
  const negated = source[from] === '^' && from < end;
  const ranges: [number, number][] = [];
  let at = negated ? from + 1 : from;
  while (ranges.length === 0 || source[at] !== ']') {
    const low = readMember(source, at, end);
    if (low === undefined) return undefined;
    const high = source[low.end] === '-' ? readMember(source, low.end + 1, end) : low;
    if (high === undefined) return undefined;
    ranges.push([low.rune, high.rune]);
    at = high.end;
  }
  return { term: { kind: 'class', negated, ranges }, end: at + 1 };
}

/** A character of a class; something has to follow it. */
function readMember(
  source: string,
  from: number,
  end: number,
): { readonly rune: number; readonly end: number } | undefined {
  if (from >= end || source[from] === '-' || source[from] === ']') return undefined;
  const at = source[from] === '\\' ? from + 1 : from;
  if (at >= end) return undefined;
  const rune = runeAt(source, at, end);
  const width = widthAt(source, at, end);
  if ((rune === replacement && width === 1) || at + width >= end) return undefined;
  return { rune, end: at + width };
}

function matchChunks(chunks: readonly Chunk[], name: string): boolean {
  let at = 0;
  for (const [index, { star, terms }] of chunks.entries()) {
    const isLast = index === chunks.length - 1;
    if (star && terms.length === 0) return !name.includes('/', at);
    const next = fit(terms, star, isLast, name, at);
    if (next === undefined) return false;
    at = next;
  }
  return at === name.length;
}

/** Where the name goes on behind a chunk; the last one has to reach its end. */
function fit(terms: readonly Term[], star: boolean, isLast: boolean, name: string, from: number): number | undefined {
  for (let at = from; ; at += 1) {
    const end = matchTerms(terms, name, at);
    if (end !== undefined && (!isLast || end === name.length)) return end;
    if (!star || at >= name.length || name[at] === '/') return undefined;
  }
}

function matchTerms(terms: readonly Term[], name: string, from: number): number | undefined {
  let at = from;
  for (const term of terms) {
    if (at >= name.length) return undefined;
    const byte = name.charCodeAt(at);
    if (term.kind === 'byte') {
      if (byte !== term.byte) return undefined;
      at += 1;
      continue;
    }
    if (term.kind === 'any' ? byte === slash : !isMember(term, runeAt(name, at, name.length))) return undefined;
    at += widthAt(name, at, name.length);
  }
  return at;
}

function isMember({ negated, ranges }: Extract<Term, { kind: 'class' }>, rune: number): boolean {
  return ranges.some(([low, high]) => low <= rune && rune <= high) !== negated;
}

/** The number of bytes of the rune at `at`: 1 where it is not UTF-8 as RFC 3629 has it. */
function widthAt(bytes: string, at: number, end: number): number {
  const first = bytes.charCodeAt(at);
  const width = first < 0xc2 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 1;
  if (width === 1 || at + width > end) return 1;
  const second = bytes.charCodeAt(at + 1);
  const least = first === 0xe0 ? 0xa0 : first === 0xf0 ? 0x90 : 0x80;
  const most = first === 0xed ? 0x9f : first === 0xf4 ? 0x8f : 0xbf;
  if (second < least || second > most) return 1;
  for (let index = 2; index < width; index += 1) if ((bytes.charCodeAt(at + index) & 0xc0) !== 0x80) return 1;
  return width;
}

function runeAt(bytes: string, at: number, end: number): number {
  const first = bytes.charCodeAt(at);
  if (first < 0x80) return first;
  const width = widthAt(bytes, at, end);
  if (width === 1) return replacement;
  let rune = first & (0xff >> (width + 1));
  for (let index = 1; index < width; index += 1) rune = (rune << 6) | (bytes.charCodeAt(at + index) & 0x3f);
  return rune;
}
