import { LoroDoc, type LoroText } from 'loro-crdt';
import { replicaNumber, type TextContender, type TextReplica } from './contender.js';

export const loroText: TextContender = {
  name: 'Loro',
  open(seed, count) {
    const base = new LoroDoc();
    base.setPeerId(0);
    base.getText('t').insert(0, seed);
    base.commit();
    const state = base.export({ mode: 'snapshot' });
    return Array.from({ length: count }, (_, index) => {
      const doc = new LoroDoc();
      doc.import(state);
      doc.setPeerId(replicaNumber(index));
      return new LoroReplica(doc);
    });
  },
  load(saved) {
    const doc = new LoroDoc();
    doc.importBatch([...saved]);
    return doc.getText('t').toString();
  },
};

class LoroReplica implements TextReplica {
  onChange: (() => void) | undefined;
  readonly #doc: LoroDoc;
  readonly #text: LoroText;
  #sent: Uint8Array = new Uint8Array();

  constructor(doc: LoroDoc) {
    this.#doc = doc;
    this.#text = doc.getText('t');
    doc.subscribeLocalUpdates((update) => (this.#sent = update));
    doc.subscribe(({ by }) => {
      if (by === 'import') this.onChange?.();
    });
  }

  edit(start: number, deleted: number, inserted: string): Uint8Array {
    if (deleted > 0) this.#text.delete(start, deleted);
    if (inserted !== '') this.#text.insert(start, inserted);
    this.#doc.commit();
    return this.#sent;
  }

  apply(update: Uint8Array): void {
    this.#doc.import(update);
  }

  text(): string {
    return this.#text.toString();
  }

  save(): Uint8Array {
    return this.#doc.export({ mode: 'snapshot' });
  }
}
