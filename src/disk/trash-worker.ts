import { readdirSync, realpathSync } from 'node:fs';
import { parentPort } from 'node:worker_threads';
import { mountsOf } from '../linux/mountinfo.js';
import { answerWith } from './background.js';
import { removeTree, type RemoveError, type RemoveResult } from './remove-tree.js';
import { codeOf } from './tree-location.js';

answerWith<string>(parentPort, (trash) => ({ value: empty(trash) }));

function empty(trash: string): RemoveResult {
  let removed = 0;
  const errors: RemoveError[] = [];
  let real: Buffer;
  let names: Buffer[];
  try {
    real = Buffer.from(realpathSync(trash));
    names = readdirSync(real, { encoding: 'buffer' });
  } catch (error) {
    const code = codeOf(error);
    return { removed, errors: code === 'ENOENT' ? [] : [{ path: Buffer.from(trash), code }] };
  }
  for (const name of names) {
    // Read anew for each: the last one may have taken long.
    const mountPoints = new Set(mountsOf('thread-self').map(({ mountPoint }) => mountPoint));
    const one = removeTree(Buffer.concat([real, Buffer.from('/'), name]), mountPoints);
    removed += one.removed;
    errors.push(...one.errors);
  }
  return { removed, errors };
}
