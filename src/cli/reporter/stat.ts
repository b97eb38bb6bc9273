import type { StatusChange } from '../../observe/status.js';
import type { ObserveError, StatProgress, StatResult } from '../../observe/stat.js';
import { toDisplay } from '../../model/tree-path.js';
import type { Progress } from '../../protocol/messages.js';
import { count, grouped } from './human.js';
import { jsonPath } from './json.js';
import type { Style } from './style.js';

/** How far a scan is, with its rate and the time that is left when it goes on so. */
export function statProgress(startMs: number, now: () => number): (progress: StatProgress) => Progress {
  return ({ entries, expected, phase }) => {
    if (phase === 'write') return { phase: 'writing', done: entries, total: 0 };
    const rate = entries / Math.max(0.001, (now() - startMs) / 1000);
    const speed = `${grouped(Math.round(rate))}/s`;
    const left = expected > entries ? `, ${timeLeft((expected - entries) / Math.max(1, rate))}` : '';
    return { phase: `looking, ${speed}${left}`, done: entries, total: Math.max(expected, 0) };
  };
}

function timeLeft(seconds: number): string {
  if (seconds < 100) return `${Math.ceil(seconds)} s left`;
  return seconds < 6000 ? `${Math.ceil(seconds / 60)} min left` : `${Math.ceil(seconds / 3600)} h left`;
}

export function statText(result: StatResult): string {
  if (result.immutable) return 'immutable\n';
  const unread = result.errors.length === 0 ? '' : `, ${count(result.errors.length, 'path')} could not be read`;
  if (result.commit === undefined) return `no changes${unread}\n`;
  return `${result.commit.slice(0, 12)}: ${count(result.entries, 'entry', 'entries')}${unread}\n`;
}

export function statJson({ commit, unchanged, immutable, entries, errors }: StatResult): unknown {
  return { commit: commit ?? null, unchanged, immutable, entries, errors: errorsJson(errors) };
}

export function errorsJson(errors: readonly ObserveError[]): unknown {
  return errors.map(({ path, reason }) => ({ path: jsonPath(path), reason }));
}

/** A line for each path that could not be read. */
export function errorLines(errors: readonly ObserveError[]): string[] {
  return errors.map(({ path, reason }) => `${display(path, false)} could not be read (${reason}).`);
}

const letters = { new: '?', modified: 'M', deleted: 'D' } as const;

export function statusText(changes: readonly StatusChange[], style: Style): string {
  const paints = { new: style.green, modified: style.yellow, deleted: style.red };
  const line = ({ path, change, isDirectory }: StatusChange): string =>
    `${paints[change](letters[change])} ${display(path, isDirectory)}\n`;
  return changes.map(line).join('');
}

/** The same for programs: the bytes of paths as they are, each line ended by NUL. */
export function statusBytes(changes: readonly StatusChange[]): Buffer {
  const lines = changes.map(
    ({ path, change, isDirectory }) =>
      `${letters[change]} ${path === '' ? '.' : path}${isDirectory && path !== '' ? '/' : ''}\0`,
  );
  return Buffer.from(lines.join(''), 'latin1');
}

function display(path: string, isDirectory: boolean): string {
  if (path === '') return '.';
  return toDisplay(isDirectory ? `${path}/` : path);
}
