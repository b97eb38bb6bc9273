import { join } from 'node:path';
import type { Repository } from '../git/repository.js';

/** An index for a context on a snapshot of the host view: the host view's own. git replaces an index, never writes into it. */
export function readyIndex(repository: Repository): string {
  return join(repository.gitDir, 'index');
}
