import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import type { Deed, History, Patch } from './history.js';

/** The public collection of editing traces, beside the repository. */
const directory = fileURLToPath(new URL('../../../../../shared/data/editing-traces/', import.meta.url));

interface Trace {
  readonly endContent: string;
  readonly numAgents?: number;
  readonly txns: readonly {
    readonly parents?: readonly number[];
    readonly agent?: number;
    readonly patches: readonly Patch[];
  }[];
}

/** A history that was recorded as people wrote; `undefined` where it is not at hand. */
export function recordedHistory(name: string): History | undefined {
  const file = `${directory}${name}.json.gz`;
  if (!existsSync(file)) return undefined;
  const { txns, numAgents, endContent } = JSON.parse(gunzipSync(readFileSync(file)).toString('utf8')) as Trace;
  const deeds = txns.map(({ parents, agent, patches }, index): Deed => {
    // Positions count code points: the same as offsets as long as there are no surrogate pairs.
    if (patches.some(([, , text]) => /[\ud800-\udfff]/.test(text))) throw new Error(`${name} has surrogate pairs.`);
    return { author: agent ?? 0, parents: parents ?? (index === 0 ? [] : [index - 1]), patches };
  });
  return { name: `recorded (${name})`, authors: numAgents ?? 1, deeds, end: endContent };
}

/** Which histories are written, as a sentence of the results. */
export function historiesAtHand(): string {
  return existsSync(directory) ? 'histories recorded as people wrote, and generated ones' : 'generated histories';
}
