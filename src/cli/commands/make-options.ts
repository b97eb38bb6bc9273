import {
  branchName,
  cpuShare,
  file,
  memorySize,
  newName,
  origin,
  path,
  processCount,
  revision,
} from '../arguments/types.js';
import { flag, list, value } from '../declaration.js';

/** What a context can be made of (contexts.md, "Options that make a context"). */
export const makeOptions = {
  from: value(
    origin,
    'fork this context or snapshot, - the host view (default: the context one stands in, else the host view)',
  ),
  at: value(revision, 'tracked files as in this commit, build products of the nearest snapshot'),
  clean: flag('tracked files only'),
  live: flag('no snapshot: the host view itself lies below; edits of untouched files shine through'),
  branch: value(branchName, 'check out this branch, created where it does not exist'),
  name: value(newName, 'name the context'),
  share: list(path, 'do not fork this path: share it with the host view, read and write (repeatable)'),
  exclude: list(path, 'leave this path out of the fork (repeatable)'),
} as const;

export const limitOptions = {
  cpu: value(cpuShare, 'at most this share of one core, such as 150%'),
  memory: value(memorySize, 'at most this much memory, such as 4G'),
  pids: value(processCount, 'at most this many processes, such as 500'),
} as const;

export const environmentOption = {
  env: value(file, 'set the KEY=VALUE lines of this file in the environment'),
} as const;
