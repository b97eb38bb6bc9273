import { parentPort } from 'node:worker_threads';
import { answerWith } from '../disk/background.js';
import { hashFile, StoppedError, type HashResult, type HashSignals } from './hash-file.js';

/** Files to hash, in their order, as `hashAll` asks for them. */
export interface HashQuestion {
  readonly root: string;
  readonly paths: readonly string[];
  readonly signals: HashSignals;
}

answerWith<HashQuestion>(parentPort, ({ root, paths, signals }) => {
  const results: HashResult[] = [];
  try {
    for (const path of paths) results.push(hashFile(root, path, signals));
  } catch (error) {
    // Who told it to stop wants no answer.
    if (!(error instanceof StoppedError)) throw error;
  }
  return { value: results };
});
