import * as automerge from '@automerge/automerge';
import { replicaNumber, type TextContender, type TextReplica } from './contender.js';

interface Held {
  text: string;
}

export const automergeText: TextContender = {
  name: 'Automerge',
  open(seed, count) {
    const base = automerge.from<{ text: string }>({ text: seed });
    const state = automerge.save(base);
    return Array.from({ length: count }, (_, index) => {
      const actor = replicaNumber(index).toString(16).padStart(8, '0');
      return new AutomergeReplica(automerge.load<Held>(state, { actor }));
    });
  },
  load(saved) {
    const [first = new Uint8Array(), ...rest] = saved;
    const doc = automerge.load<Held>(first);
    return rest.length === 0 ? doc.text : automerge.applyChanges(doc, rest)[0].text;
  },
};

class AutomergeReplica implements TextReplica {
  onChange: (() => void) | undefined;
  #doc: automerge.Doc<Held>;

  constructor(doc: automerge.Doc<Held>) {
    this.#doc = doc;
  }

  edit(start: number, deleted: number, inserted: string): Uint8Array {
    this.#doc = automerge.change(this.#doc, (draft) => automerge.splice(draft, ['text'], start, deleted, inserted));
    return automerge.getLastLocalChange(this.#doc) ?? new Uint8Array();
  }

  apply(update: Uint8Array): void {
    const patchCallback = (): void => this.onChange?.();
    [this.#doc] = automerge.applyChanges(this.#doc, [update], { patchCallback });
  }

  text(): string {
    return this.#doc.text;
  }

  save(): Uint8Array {
    return automerge.save(this.#doc);
  }
}
