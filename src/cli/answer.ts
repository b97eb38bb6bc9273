import type { Method, Params, Result } from '../protocol/messages.js';
import { jsonLine } from './reporter/json.js';
import { progressLine } from './reporter/progress.js';
import type { World } from './world.js';

/** Asks the daemon, with its progress on the terminal while it takes long. @throws MizerError as the daemon did */
export async function ask<M extends Method>(world: World, method: M, params: Params<M>): Promise<Result<M>> {
  const line = world.err.terminal && !world.json ? progressLine(world.err.write, world.now) : undefined;
  try {
    const daemon = await world.daemon();
    return await daemon.request(method, params, line?.report);
  } finally {
    line?.clear();
  }
}

/** The command's answer on standard output: the one JSON document, or the text for a person. */
export function answer(world: World, document: unknown, text: () => string | Uint8Array): void {
  world.out.write(world.json ? jsonLine(document) : text());
}

/** Sentences for the person on standard error; with `--json` they are in the document. */
export function remark(world: World, sentences: readonly string[]): void {
  if (world.json) return;
  for (const sentence of sentences) world.err.write(`${world.err.style.dim('mzr:')} ${sentence}\n`);
}

/** Only what is there: the protocol leaves out what was not asked for. */
export function defined<T extends object>(values: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  const present = Object.entries(values).filter(([, value]) => value !== undefined);
  return Object.fromEntries(present) as { [K in keyof T]?: Exclude<T[K], undefined> };
}
