import { MizerError } from '../../model/errors.js';
import type { TreePath } from '../../model/tree-path.js';
import type { Limits, MakeOptions } from '../../protocol/messages.js';
import { defined } from '../answer.js';

export interface MakeInput {
  readonly from: string | undefined;
  readonly at: string | undefined;
  readonly clean: boolean;
  readonly live: boolean;
  readonly branch: string | undefined;
  readonly name: string | undefined;
  readonly share: readonly TreePath[];
  readonly exclude: readonly TreePath[];
}

export interface LimitInput {
  readonly cpu: number | undefined;
  readonly memory: number | undefined;
  readonly pids: number | undefined;
}

/** @throws MizerError `E_USAGE` for options that exclude one another */
export function makeOf(input: MakeInput): MakeOptions {
  const { from, at, clean, live, branch, name, share, exclude } = input;
  const other = clean ? '--clean' : at === undefined ? (from === undefined ? undefined : '--from') : '--at';
  if (live && other !== undefined) {
    throw new MizerError('E_USAGE', `--live and ${other} exclude one another.`, {
      group: 'usage',
      hint: 'A live context has the host view itself below it. Leave one of the two out.',
    });
  }
  return {
    ...defined({ from, at, branch, name }),
    ...(clean ? { clean } : {}),
    ...(live ? { live } : {}),
    ...(share.length === 0 ? {} : { share }),
    ...(exclude.length === 0 ? {} : { exclude }),
  };
}

/** `undefined` when nothing is limited. */
export function limitsOf({ cpu, memory, pids }: LimitInput): Limits | undefined {
  const limits = defined({ cpuPercent: cpu, memoryBytes: memory, pids });
  return Object.keys(limits).length === 0 ? undefined : limits;
}
