import { createID, getItem, getState } from 'yjs';
import { isInsidePair } from './edits.js';
import type { Bias } from './engine.js';
import { contentOf } from './yjs-item.js';
import type { YjsText } from './yjs-text.js';

// An anchor is the bias (0 `before`, 1 `after`) and the character it holds on to: client and clock as in Yjs' updates, 7 bits a byte, the lowest first.
// Without a character it is the start (`before`) or the end (`after`) of the text.

/** An anchor at an offset within the text. */
export function encodeAnchor(text: YjsText, offset: number, bias: Bias): Uint8Array {
  const held = bias === 'before' ? offset - 1 : offset;
  const bytes = [bias === 'before' ? 0 : 1];
  if (held >= 0 && held < text.length) {
    const { item, start } = text.places.at(held);
    for (let number of [item.id.client, item.id.clock + held - start]) {
      for (; number > 0x7f; number = Math.floor(number / 128)) bytes.push((number % 128) | 0x80);
      bytes.push(number);
    }
  }
  return Uint8Array.from(bytes);
}

/** Where an anchor is now; `undefined` when it is none, or names what is not there. */
export function resolveAnchor(text: YjsText, anchor: Uint8Array): number | undefined {
  const [bias] = anchor;
  if (bias !== 0 && bias !== 1) return undefined;
  if (anchor.length === 1) return bias === 0 ? 0 : text.length;
  const numbers = readNumbers(anchor.subarray(1));
  const [client, clock] = numbers ?? [];
  if (client === undefined || clock === undefined || numbers?.length !== 2) return undefined;
  if (clock >= getState(text.store, client)) return undefined;
  const item = getItem(text.store, createID(client, clock));
  const start = text.places.startOf(item, ({ deleted }) => !deleted);
  if (item.deleted) return start;
  const within = clock - item.id.clock + (bias === 0 ? 1 : 0);
  return start + (isInsidePair(contentOf(item), within) ? within - 1 : within);
}

function readNumbers(bytes: Uint8Array): number[] | undefined {
  const numbers: number[] = [];
  let value = 0;
  let factor = 1;
  for (const byte of bytes) {
    if (factor > 2 ** 28) return undefined;
    value += (byte & 0x7f) * factor;
    factor *= 128;
    if (byte > 0x7f) continue;
    numbers.push(value);
    value = 0;
    factor = 1;
  }
  return factor === 1 ? numbers : undefined;
}
