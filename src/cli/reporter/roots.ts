import type { Limit } from '../../observe/limits.js';
import type { Root } from '../../observe/registry.js';
import type { RootStatus, ShadowStatus } from '../../observe/run-status.js';
import { age, count, grouped, shown, size } from './human.js';
import type { Style } from './style.js';
import { type Column, labelled, table } from './table.js';

/** What `mzr observe root list` says. `now` in milliseconds since 1970. */
export function rootPages(roots: readonly (Root & RootStatus)[], now: number, style: Style): string {
  if (roots.length === 0) return 'There are no roots. Add one with: mzr observe root add DIRECTORY\n';
  return roots.map((root) => page(root, now, style)).join('\n');
}

function page(root: Root & RootStatus, now: number, style: Style): string {
  const { path, patterns, enabledPaths, initPolicy, limits, roundAt, error, shadows } = root;
  const pairs: [string, string][] = [
    ['root', style.bold(shown(path))],
    ['patterns', patterns.trimEnd()],
  ];
  if (enabledPaths.length > 0) pairs.push(['enabled', enabledPaths.map(shown).join('\n')]);
  pairs.push(['init policy', initPolicy.trimEnd() || 'enter-subdirs']);
  if (limits.length > 0) pairs.push(['limits', limits.map(limitText).join('\n')]);
  pairs.push(['last round', roundAt === undefined ? 'none yet' : `${since(roundAt, now)} (${roundAt})`]);
  if (error !== undefined) pairs.push(['error', style.red(error.message)]);
  const list = shadows.length === 0 ? '' : `\n${shadowTable(shadows, path, now, style)}`;
  return labelled(pairs, style) + list;
}

function shadowTable(shadows: readonly ShadowStatus[], root: string, now: number, style: Style): string {
  const columns: Column<ShadowStatus>[] = [
    { title: 'TRUE', right: true, text: ({ trueAt }) => (trueAt === undefined ? 'never' : since(trueAt, now)) },
    {
      title: 'ENTRIES',
      right: true,
      text: ({ entries }) => (entries === undefined ? '-' : grouped(entries)),
    },
    { title: 'DIRECTORY', text: ({ path }) => shown(below(path, root)) },
    {
      title: 'STATE',
      text: (status) => stateText(status, now),
      paint: ({ failures }, text) => (failures > 0 ? style.red(text) : style.yellow(text)),
    },
  ];
  return table(shadows, columns, style);
}

function below(path: string, root: string): string {
  if (path === root) return '.';
  return path.startsWith(`${root}/`) ? path.slice(root.length + 1) : path;
}

function stateText({ failures, error, retryAt, unread = 0, missing }: ShadowStatus, now: number): string {
  const parts: string[] = [];
  if (missing === true) parts.push('not found any more');
  if (unread > 0) parts.push(`${count(unread, 'path')} unreadable`);
  if (error !== undefined) {
    const again = retryAt === undefined ? '' : `, again ${until(retryAt, now)}`;
    parts.push(`failed ${failures === 1 ? 'once' : `${failures} times`}${again}: ${error.message}`);
  }
  return parts.join('; ');
}

function since(time: string, now: number): string {
  return `${age(Date.parse(time), now)} ago`;
}

function until(time: string, now: number): string {
  const then = Date.parse(time);
  return then <= now ? 'in the next round' : `in ${age(now, then)}`;
}

function limitText({ prefix, entries, bytes }: Limit): string {
  const parts: string[] = [];
  if (entries !== undefined) parts.push(count(entries, 'entry', 'entries'));
  if (bytes !== undefined) parts.push(size(bytes));
  return `${prefix === '' ? 'everywhere' : shown(prefix)}: at most ${parts.join(', ')}`;
}
