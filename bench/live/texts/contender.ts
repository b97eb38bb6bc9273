/** One replica of one text. Offsets count UTF-16 code units. */
export interface TextReplica {
  /** Called with each change by another, as soon as the text has it. */
  onChange: (() => void) | undefined;
  /** Replaces `deleted` characters from `start` on by `inserted`, and returns what has to be sent. */
  edit(start: number, deleted: number, inserted: string): Uint8Array;
  /** Works in what another sent. Has been told when it returns or resolves. */
  apply(update: Uint8Array): void | Promise<unknown>;
  text(): string;
  /** All that one needs who has nothing. */
  save(): Uint8Array;
}

/** Something that can replicate a text. */
export interface TextContender {
  readonly name: string;
  /** So many replicas of one text that begins as `seed`. */
  open(seed: string, count: number): TextReplica[] | Promise<TextReplica[]>;
  /** The text that comes out of what was saved, and of updates upon it. */
  load(saved: readonly Uint8Array[]): string | Promise<string>;
}

/** Numbers as large as random ones are: small ones would take fewer bytes than in use. */
export function replicaNumber(index: number): number {
  return 0x9e3779b1 + index * 0x01000193;
}
