import { gitText } from '../git/run.js';
import type { ObjectReader } from '../git/tree-reader.js';
import { MizerError } from '../model/errors.js';
import { NOGTREE } from './blob.js';
import { askableDate } from './date-words.js';
import type { Shadow } from './shadow.js';

/** A recorded state of a real directory. */
export interface Moment {
  readonly commit: string;
  readonly tree: string;
  /** When it was recorded, in seconds since 1970. */
  readonly time: number;
}

const branch = 'refs/heads/master-stat';

/**
 * The state that a revision names, or the last one recorded at or before a date, in the words that git understands (`2026-11-20`,
 * `monday`, `2 weeks ago`; a day without a time of day means that day at the present time of day). Without either, the newest.
 * @throws MizerError `E_NOT_OBSERVED` before the first stat, `E_REVISION_UNKNOWN`, `E_TOO_EARLY` (its `data.first` is the first moment)
 */
export async function momentAt(shadow: Shadow, reader: ObjectReader, when?: string): Promise<Moment> {
  const newest = await momentOf(reader, branch);
  if (newest === undefined || !(await isObserved(reader, newest))) throw notObserved(shadow);
  if (when === undefined) return newest;
  const named = when.includes('\n') ? undefined : await momentOf(reader, when);
  if (named !== undefined) return checked(shadow, reader, when, named);
  return lastBefore(shadow, reader, newest, when);
}

/** As `momentAt`; a date before the first state means the first state. */
export async function momentSince(shadow: Shadow, reader: ObjectReader, when: string): Promise<Moment> {
  try {
    return await momentAt(shadow, reader, when);
  } catch (error) {
    if (!(error instanceof MizerError) || error.code !== 'E_TOO_EARLY') throw error;
    return error.data['first'] as Moment;
  }
}

async function momentOf(reader: ObjectReader, name: string): Promise<Moment | undefined> {
  const object = await reader.object(`${name}^{commit}`);
  if (object?.type !== 'commit') return undefined;
  const text = object.content.toString('latin1');
  const [, tree = ''] = /^tree ([0-9a-f]+)$/m.exec(text) ?? [];
  const [, time = ''] = /^committer .* (\d+) [-+]\d+$/m.exec(text) ?? [];
  return { commit: object.oid, tree, time: Number(time) };
}

/** A branch begins with the stub, which knows nothing of the directory yet. */
async function isObserved(reader: ObjectReader, moment: Moment): Promise<boolean> {
  return (await reader.object(`${moment.tree}:${NOGTREE}`)) !== undefined;
}

async function checked(shadow: Shadow, reader: ObjectReader, when: string, moment: Moment): Promise<Moment> {
  const base = await gitText(['merge-base', moment.commit, branch], { ...place(shadow), answers: [1] });
  if (base === moment.commit && (await isObserved(reader, moment))) return moment;
  throw new MizerError('E_REVISION_UNKNOWN', `'${when}' is not a recorded state of ${shadow.realDirectory}.`, {
    hint: `See git -C ${shadow.path} log master-stat.`,
    data: { revision: when, commit: moment.commit },
  });
}

async function lastBefore(shadow: Shadow, reader: ObjectReader, newest: Moment, when: string): Promise<Moment> {
  const time = await secondsOf(shadow, when);
  if (newest.time <= time) return newest;
  const own = ['rev-list', '--first-parent'];
  const commit = await gitText([...own, '-1', `--before=${time}`, branch], place(shadow));
  const found = commit === '' ? undefined : await momentOf(reader, commit);
  if (found !== undefined && (await isObserved(reader, found))) return found;
  const recorded = await gitText([...own, '--reverse', branch, '--', NOGTREE], place(shadow));
  const first = (await momentOf(reader, recorded.split('\n')[0] ?? '')) ?? newest;
  const began = new Date(first.time * 1000).toISOString();
  throw new MizerError('E_TOO_EARLY', `Nothing was recorded of ${shadow.realDirectory} at ${when} yet.`, {
    hint: `The first state is of ${began}.`,
    data: { date: when, first },
  });
}

async function secondsOf(shadow: Shadow, when: string): Promise<number> {
  const words = askableDate(when);
  if (words === undefined) throw unknown(when);
  const answer = await gitText(['rev-parse', `--since=${words}`], place(shadow));
  return Number(answer.replace('--max-age=', ''));
}

function place(shadow: Shadow): { readonly cwd: string; readonly environment: Readonly<Record<string, string>> } {
  return { cwd: '/', environment: { GIT_DIR: shadow.gitDir } };
}

function unknown(when: string): MizerError {
  return new MizerError('E_REVISION_UNKNOWN', `'${when}' is neither a recorded state nor a date.`, {
    group: 'usage',
    hint: "Write a commit, or a date such as 2026-11-20, '2026-11-20 18:00', monday or '2 weeks ago'.",
    data: { revision: when },
  });
}

function notObserved(shadow: Shadow): MizerError {
  return new MizerError('E_NOT_OBSERVED', `Nothing has been recorded of ${shadow.realDirectory} yet.`, {
    hint: 'Record it with mzr observe stat.',
    data: { realDirectory: shadow.realDirectory },
  });
}
