import { applyUpdate, Doc, encodeStateAsUpdate, type Text } from 'yjs';
import { replicaNumber, type TextContender, type TextReplica } from './contender.js';

/** The text engine alone. */
export const yjsText: TextContender = {
  name: 'Yjs alone',
  open(seed, count) {
    const base = new Doc();
    base.clientID = 0;
    base.getText('t').insert(0, seed);
    const state = encodeStateAsUpdate(base);
    return Array.from({ length: count }, (_, index) => {
      const doc = new Doc();
      applyUpdate(doc, state);
      doc.clientID = replicaNumber(index);
      return new YjsReplica(doc);
    });
  },
  load(saved) {
    const doc = new Doc();
    doc.transact(() => saved.forEach((update) => applyUpdate(doc, update)));
    return doc.getText('t').toString();
  },
};

class YjsReplica implements TextReplica {
  onChange: (() => void) | undefined;
  readonly #doc: Doc;
  readonly #text: Text;
  #sent: Uint8Array = new Uint8Array();

  constructor(doc: Doc) {
    this.#doc = doc;
    this.#text = doc.getText('t');
    doc.on('update', (update: Uint8Array, _origin: unknown, _doc: Doc, { local }: { local: boolean }) => {
      if (local) this.#sent = update;
    });
    this.#text.observe(({ delta }, { local }) => {
      if (!local && delta.length > 0) this.onChange?.();
    });
  }

  edit(start: number, deleted: number, inserted: string): Uint8Array {
    this.#doc.transact(() => {
      if (deleted > 0) this.#text.delete(start, deleted);
      if (inserted !== '') this.#text.insert(start, inserted);
    });
    return this.#sent;
  }

  apply(update: Uint8Array): void {
    applyUpdate(this.#doc, update);
  }

  text(): string {
    return this.#text.toString();
  }

  save(): Uint8Array {
    return encodeStateAsUpdate(this.#doc);
  }
}
