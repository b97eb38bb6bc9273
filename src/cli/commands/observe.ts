import type { Family } from '../declaration.js';
import { discover } from './observe/discover.js';
import { exportAll } from './observe/export.js';
import { growth } from './observe/growth.js';
import { init } from './observe/init.js';
import { ls } from './observe/ls.js';
import { meta } from './observe/meta.js';
import { applyStub, reinit } from './observe/reinit.js';
import { root } from './observe/root.js';
import { run } from './observe/run.js';
import { content, sha } from './observe/sha.js';
import { stat } from './observe/stat.js';
import { status } from './observe/status.js';

export const observe: Family = {
  name: 'observe',
  summary: 'versioned knowledge of trees too big to commit',
  group: 'observe',
  description: [
    'A shadow repository is a git repository of its own that keeps what is known about a directory (names, sizes, times), not the files themselves. Nothing is ever written into the directory.',
  ],
  members: [init, stat, sha, content, status, reinit, applyStub, ls, growth, discover, root, run, meta, exportAll],
};
