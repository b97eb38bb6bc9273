import type { TextContender, TextReplica } from '../texts/contender.js';
import type { Deliveries, History } from './history.js';

/** A history that was written once more. */
export interface Replayed {
  readonly replicas: readonly TextReplica[];
  /** Milliseconds for everything that all authors did and heard. */
  readonly took: number;
  /** What has to be heard by one who was not there, in order. */
  readonly sent: readonly Uint8Array[];
}

/** Lets a contender write a history: each author at a replica of his own, each edit put into bytes, each delivery worked in. */
export async function replay(contender: TextContender, history: History, deliveries: Deliveries): Promise<Replayed> {
  const replicas = await contender.open('', history.authors);
  const beginnings = replicas.slice(0, 1).map((replica) => replica.save());
  const updates: Uint8Array[][] = [];
  const deliver = async (replica: TextReplica, wanted: readonly number[]): Promise<void> => {
    for (const index of wanted) {
      for (const update of updates[index] ?? []) {
        const done = replica.apply(update);
        if (done !== undefined) await done;
      }
    }
  };
  const start = performance.now();
  for (const [index, { author, patches }] of history.deeds.entries()) {
    const replica = replicas[author];
    if (replica === undefined) throw new Error(`There is no author ${author}.`);
    const heard = deliveries.before[index] ?? [];
    if (heard.length > 0) await deliver(replica, heard);
    updates.push(patches.map((patch) => replica.edit(...patch)));
  }
  for (const [author, replica] of replicas.entries()) await deliver(replica, deliveries.end[author] ?? []);
  const took = performance.now() - start;
  const texts = replicas.map((replica) => replica.text());
  if (texts.some((text) => text !== (history.end ?? texts[0]))) throw new Error(`${contender.name} reads otherwise.`);
  return { replicas, took, sent: [...beginnings, ...updates.flat()] };
}
