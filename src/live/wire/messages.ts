import { LiveError } from '../errors.js';
import type { Epoch, Presence } from '../operation.js';
import { readBatch, type Batch } from './batch-codec.js';
import { disclose, enclose, KIND } from './envelope.js';
import { readEpoch, writeEpoch } from './epoch-codec.js';
import { readPresence, writePresence } from './presence-codec.js';
import { isRefusal, Refused, refusing, type Refusal } from './refusal.js';
import { Reader, Writer } from './varint.js';

export type Message =
  | { readonly kind: 'operations'; readonly batch: Batch }
  | { readonly kind: 'epoch'; readonly epoch: Epoch }
  | { readonly kind: 'presence'; readonly presence: Presence }
  | { readonly kind: 'refused'; readonly refusal: Refusal };

/** All messages of an input, in its order. Never throws. What it gives may lie in `bytes`. */
export function decodeMessages(bytes: Uint8Array): Message[] {
  const messages: Message[] = [];
  for (const enclosed of disclose(bytes)) {
    const message = isRefusal(enclosed) ? enclosed : refusing(() => readMessage(enclosed.kind, enclosed.payload));
    messages.push(isRefusal(message) ? { kind: 'refused', refusal: message } : message);
  }
  return messages;
}

function readMessage(kind: number, payload: Uint8Array): Message {
  const reader = new Reader(payload);
  const message = readPayload(kind, reader);
  reader.finish();
  return message;
}

function readPayload(kind: number, reader: Reader): Message {
  switch (kind) {
    case KIND.operations:
      return { kind: 'operations', batch: readBatch(reader) };
    case KIND.epoch:
      return { kind: 'epoch', epoch: readEpoch(reader) };
    case KIND.presence:
      return { kind: 'presence', presence: readPresence(reader) };
    default:
      throw new Refused('KIND_UNKNOWN', `This version does not know messages of kind ${kind}.`);
  }
}

/** @throws LiveError ARGUMENT_INVALID, NAME_INVALID: others would refuse it */
export function encodeEpoch(epoch: Epoch): Uint8Array {
  const writer = new Writer();
  writeEpoch(writer, epoch);
  return checked(KIND.epoch, writer.view());
}

/** @throws LiveError ARGUMENT_INVALID, NAME_INVALID: others would refuse it */
export function encodePresence(presence: Presence): Uint8Array {
  const writer = new Writer();
  writePresence(writer, presence);
  return checked(KIND.presence, writer.view());
}

/** What others would refuse is an error of the caller's here. */
function checked(kind: number, payload: Uint8Array): Uint8Array {
  const message = refusing(() => readMessage(kind, payload));
  if (isRefusal(message)) throw new LiveError('ARGUMENT_INVALID', message.message);
  return enclose(kind, payload);
}
