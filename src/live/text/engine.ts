import type { ReplicaId } from '../ids.js';

/** Replaces the UTF-16 code units from `start` up to `end` by `text`. */
export interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** Edits of one text at once: offsets are those of the text before all of them, in order, not overlapping. */
export type Edits = readonly Edit[];

/** At which of its neighbours an anchor holds on when something is inserted just there. */
export type Bias = 'before' | 'after';

/** An update and the replica that made it: an engine believes nobody to have written in another's name. */
export interface AuthoredUpdate {
  readonly author: ReplicaId;
  readonly update: Uint8Array;
}

/** One character of a text: the `clock`-th, from 0, that a replica wrote, or the base (0) holds. */
export interface CharacterId {
  readonly client: number;
  readonly clock: number;
}

/** `length` characters of one replica from `clock` on. */
export interface CharacterRun extends CharacterId {
  readonly length: number;
}

/** Text that its author put between two characters, of which one at least is there. */
export interface Typed {
  readonly kind: 'typed';
  readonly author: ReplicaId;
  /** The how-manieth of its author's characters is the first. */
  readonly clock: number;
  readonly text: string;
  readonly origin: CharacterId | undefined;
  readonly rightOrigin: CharacterId | undefined;
}

/** Characters deleted that one replica had written one after the other. */
export interface Erased extends CharacterRun {
  readonly kind: 'erased';
}

/** What most edits of a text come to. */
export type Stroke = Typed | Erased;

/** Whoever is told all edits of a text: clients by numbers that it gives them. */
export interface EditReader {
  /** The number of a client, the next when it has none. */
  numberOf(client: number): number;
  /** The text of what is typed next by a client: UTF-8, from byte `start` to byte `end`, that stays as it is until all is told. */
  quote(by: number, bytes: Uint8Array, start: number, end: number): void;
  /** So many UTF-16 code units were typed, from the author's `clock`-th on: right of one character and left of another, each by its author's number, -1 where there is none. */
  type(
    by: number,
    clock: number,
    length: number,
    left: number,
    leftClock: number,
    right: number,
    rightClock: number,
  ): void;
  /** So many code units of a client were erased; `singly`: character by character. */
  erase(by: number, clock: number, length: number, singly: boolean): void;
  /** An edit that is told as an update. */
  update(author: ReplicaId, update: Uint8Array): void;
}

/** All edits that a text had, in causal order, as a log has them. */
export interface EditLog {
  /** Tells them at once. */
  tell(to: EditReader): void;
  /** They one by one. */
  updates(): Iterable<AuthoredUpdate>;
}

/** What a batch of updates did. */
export interface Applied {
  /** Upon the text before the batch. */
  readonly edits: Edits;
  /** Which of the updates were refused, as if they had not been in the batch; usually none. */
  readonly refused: readonly number[];
}

/** What undoing or redoing did. */
export interface Undone {
  readonly edits: Edits;
  /** To be sent like an edit's. */
  readonly update: Uint8Array;
}

/**
 * One replicated text. Everything is synchronous. Offsets count UTF-16 code units and never split a surrogate pair.
 * Updates must come in causal order; one that comes twice has no effect.
 */
export interface TextDocument {
  readonly length: number;
  text(): string;
  /** An edit of this replica's; lone surrogates become U+FFFD. Returns the update for the others, `undefined` when nothing changed. @throws LiveError RANGE_INVALID */
  edit(edits: Edits): Uint8Array | undefined;
  /** Another's update, or one of this replica's own read from a log. Returns what changed. @throws TextUpdateRefused, the text being as before */
  apply(update: Uint8Array, author: ReplicaId): Edits;
  /** Many updates in order, as when joining: faster than one by one. */
  applyAll(updates: readonly AuthoredUpdate[]): Applied;
  /** A place that moves along with the text around it, for any replica that holds the same document. */
  anchor(offset: number, bias: Bias): Uint8Array;
  /** Where an anchor is now; `undefined` when it is none of this document's. */
  resolve(anchor: Uint8Array): number | undefined;
  /** Ends the group of edits that one `undo` takes back. */
  checkpoint(): void;
  /** Takes back this replica's own last group, never the base or what others did. */
  undo(): Undone | undefined;
  redo(): Undone | undefined;
  close(): void;
}

/** An update that is no update, or one upon another beginning. */
export class TextUpdateRefused extends Error {
  override readonly name = 'TextUpdateRefused';
}

/** A text as it was at a settled version, and what one replica (or all) did to it beyond. */
export interface OwnPart {
  readonly before: string;
  /** Upon `before`. */
  readonly edits: Edits;
}

/** Makes texts; behind it stands a library. */
export interface TextEngine {
  /**
   * A text that begins as `seed`, which every replica brings in alike, and all edits that it had, in causal order; of these those are left out that `apply` would
   * refuse. Undo groups end only at checkpoints.
   */
  open(replica: ReplicaId, seed: string, log?: EditLog): TextDocument;
  /**
   * Separates the history of a text: `settled` are the updates that make it `before`, `rest` all others in the order in which they were integrated, of
   * which `own(index)` says which count as one's own. A character of another's that is not settled is in neither; nor is an own one that somebody has
   * deleted since, as nobody would carry that deletion.
   * @throws TextUpdateRefused for an update that `apply` would have refused
   */
  separate(
    seed: string,
    settled: readonly AuthoredUpdate[],
    rest: readonly AuthoredUpdate[],
    own: (index: number) => boolean,
  ): OwnPart;
}
