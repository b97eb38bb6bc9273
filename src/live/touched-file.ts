import { compareStamps } from './ids.js';
import type { NodeId, Oid, ReplicaId, Stamp } from './ids.js';
import type { Conflict, Operation } from './operation.js';
import type { Refusal } from './wire/refusal.js';
import { TextUpdateRefused, type EditLog } from './text/engine.js';
import type { Edits, TextDocument, TextEngine } from './text/engine.js';

/** What a text began from: the blob (`null`: it began empty), and what it reads as. */
export interface Seed {
  readonly oid: Oid | null;
  readonly text: string;
}

/** Bytes that somebody gave a binary file or link. */
export interface ContentVersion extends Stamp {
  readonly bytes: Uint8Array;
}

export type TextOperation = Operation & { readonly action: { readonly kind: 'text' } };

/**
 * What the operations of one epoch did inside of one file. Edits of a text wait in the log until it is opened; from then on the text is kept, and
 * those that come are worked in at once.
 */
export class TouchedFile {
  readonly node: NodeId;
  /** Greatest stamp first: the first one stands, the others can be had back. */
  readonly contents: ContentVersion[] = [];
  /** Not yet resolved, by `<replica>.<seq>`. */
  readonly conflicts = new Map<string, Operation & { readonly action: Conflict }>();
  executable: (Stamp & { readonly on: boolean }) | undefined;
  /** The blob that the first edit names. */
  base: Oid | null | undefined;
  #seed: Seed | undefined;
  #document: TextDocument | undefined;
  #hasEdits = false;

  constructor(node: NodeId) {
    this.node = node;
  }

  /** Whether anybody edited its text. */
  get hasEdits(): boolean {
    return this.#hasEdits;
  }

  get document(): TextDocument | undefined {
    return this.#document;
  }

  get seed(): Seed | undefined {
    return this.#seed;
  }

  /** Brings in the beginning and all edits so far, which are upon that beginning. */
  open(engine: TextEngine, replica: ReplicaId, seed: Seed, edits: EditLog): TextDocument {
    const document = engine.open(replica, seed.text, edits);
    this.#document = document;
    this.#seed = seed;
    return document;
  }

  /** Notes that somebody edits its text, which began from that blob. */
  note(base: Oid | null): void {
    this.#hasEdits = true;
    this.base ??= base;
  }

  /** Edits by others, or own ones from a log, in causal order. Returns what changed upon the text before; nothing while it is not open. */
  receive(operations: readonly TextOperation[]): { readonly edits: Edits; readonly refused: readonly Refusal[] } {
    const document = this.#document;
    if (document === undefined) return { edits: [], refused: [] };
    const refused: Refusal[] = [];
    const right = operations.filter((operation) => {
      if (operation.action.base === this.#seed?.oid) return true;
      refused.push(refusal(operation, 'It edits a text that began from another blob.'));
      return false;
    });
    const first = right[0];
    if (first === undefined) return { edits: [], refused };
    if (right.length === 1) {
      try {
        return { edits: document.apply(first.action.update, first.replica), refused };
      } catch (error) {
        if (!(error instanceof TextUpdateRefused)) throw error;
        refused.push(refusal(first, error.message));
        return { edits: [], refused };
      }
    }
    const applied = document.applyAll(right.map(({ action, replica }) => ({ author: replica, update: action.update })));
    for (const index of applied.refused) refused.push(refusal(right[index]!, 'Its update makes no sense there.'));
    return { edits: applied.edits, refused };
  }

  setContent(version: ContentVersion): void {
    const at = this.contents.findIndex((other) => compareStamps(other, version) < 0);
    this.contents.splice(at < 0 ? this.contents.length : at, 0, version);
  }

  setExecutable(stamp: Stamp, on: boolean): void {
    if (this.executable === undefined || compareStamps(this.executable, stamp) < 0) {
      this.executable = { time: stamp.time, replica: stamp.replica, on };
    }
  }

  /** Ends the text; it can be opened again. */
  close(): void {
    this.#document?.close();
    this.#document = undefined;
  }
}

export function isTextOperation(operation: Operation): operation is TextOperation {
  return operation.action.kind === 'text';
}

function refusal({ replica, seq }: Operation, message: string): Refusal {
  return { code: 'REFERENCE_INVALID', message, operation: { replica, seq } };
}
