/** Every character that somebody types is another: one of the private planes 15 and 16, so each is a surrogate pair. */
const FIRST = 0xf0000;

/** Who typed which character, and which may be gone. */
export class Characters {
  readonly #authors: number[] = [];
  readonly #deleted = new Set<number>();
  readonly #gone = new Set<number>();

  type(replica: number, count: number): string {
    let text = '';
    for (let left = count; left > 0; left -= 1) {
      text += String.fromCodePoint(FIRST + this.#authors.length);
      this.#authors.push(replica);
    }
    return text;
  }

  /** Somebody saw this text, and deleted it. */
  delete(text: string): void {
    for (const index of indexesIn(text)) this.#deleted.add(index);
  }

  /** A replica lost its state: what it made and nobody carries over is lost with it. */
  lose(replica: number): void {
    this.#gone.add(replica);
  }

  /** Those that nobody deleted, and that are nowhere. */
  missing(texts: Iterable<string>): string[] {
    const found = new Set<number>();
    for (const text of texts) for (const index of indexesIn(text)) found.add(index);
    return this.#authors.flatMap((author, index) =>
      found.has(index) || this.#deleted.has(index) || this.#gone.has(author) ? [] : [`${author}:${index}`],
    );
  }
}

/** The numbers of the typed characters in a text, in its order. */
export function indexesIn(text: string): number[] {
  return Array.from(text, (character) => (character.codePointAt(0) ?? 0) - FIRST).filter((index) => index >= 0);
}

/** A text so that it can be read in a message. */
export function readable(text: string): string {
  return Array.from(text, (character) => {
    const index = (character.codePointAt(0) ?? 0) - FIRST;
    return index >= 0 ? `<${index}>` : character;
  }).join('');
}

/** Typed characters that are there more than once. */
export function repeated(texts: Iterable<string>): number[] {
  const all = Array.from(texts).flatMap((text) => indexesIn(text));
  return all.filter((index, at) => all.indexOf(index) !== at);
}
