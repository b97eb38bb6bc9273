import { toDisplay } from '../../model/tree-path.js';
import type { ContextDetails, ContextInfo, Limits } from '../../protocol/messages.js';
import { age, count, shellWord, shown, size } from './human.js';
import { snapshotTable } from './snapshots.js';
import type { Style } from './style.js';
import { type Column, labelled, table } from './table.js';

/** The table of `mzr list`. `now` in milliseconds since 1970. */
export function contextTable(contexts: readonly ContextInfo[], now: number, style: Style): string {
  const quiet = (_: ContextInfo, text: string): string => (text === '0' ? style.dim(text) : text);
  const columns: Column<ContextInfo>[] = [
    {
      title: '  NAME',
      text: ({ current, name }) => `${current ? '*' : ' '} ${name}`,
      paint: ({ current }, text) => (current ? style.green(text) : text),
    },
    { title: 'BRANCH', text: branchText, paint: ({ branch }, text) => (branch === undefined ? style.dim(text) : text) },
    { title: 'BASE', text: ({ base, live }) => base ?? (live ? 'host view' : '-') },
    { title: 'AGE', right: true, text: ({ createdAt }) => age(Date.parse(createdAt), now) },
    { title: 'SIZE', right: true, text: ({ bytes }) => size(bytes) },
    { title: 'SESSIONS', right: true, text: ({ sessions }) => String(sessions), paint: quiet },
    { title: 'PROCESSES', right: true, text: ({ processes }) => String(processes), paint: quiet },
  ];
  const stated = contexts.some((context) => stateText(context) !== '');
  if (stated) columns.push({ title: 'STATE', text: stateText, paint: (_, text) => style.yellow(text) });
  return table(contexts, columns, style);
}

/** The branch; without one the commit. */
function branchText({ branch, head }: ContextInfo): string {
  if (branch !== undefined) return shown(branch);
  return head === undefined ? '-' : `(${head.slice(0, 10)})`;
}

function stateText({ live, paused, hidden }: ContextInfo): string {
  return [live ? 'live' : '', paused ? 'paused' : '', hidden ? 'hidden' : ''].filter((word) => word !== '').join(', ');
}

/** Everything about one context, for `mzr show`. */
export function contextPage(details: ContextDetails, now: number, style: Style): string {
  const state = stateText(details);
  const pairs: (readonly [string, string])[] = [
    ['context', style.bold(details.name) + (details.current ? ' (you are in it)' : '')],
    ['work tree', shown(details.workTree)],
    ['branch', branchText(details)],
    ['head', details.head ?? '-'],
    ['base', details.base ?? (details.live ? 'the host view itself' : '-')],
    ['lineage', details.lineage.join(' ← ') || '-'],
    ['made', `${age(Date.parse(details.createdAt), now)} ago (${details.createdAt})`],
    ['changes', count(details.changes, 'path')],
    ['size', size(details.bytes)],
    ['upper directory', shown(details.upper)],
    ['mount point', shown(details.mountPoint)],
    ['sessions', String(details.sessions)],
  ];
  if (state !== '') pairs.push(['state', style.yellow(state)]);
  if (details.command !== undefined) pairs.push(['command', shown(details.command.map(shellWord).join(' '))]);
  if (details.share.length > 0) pairs.push(['shared', details.share.map(toDisplay).join('\n')]);
  const limits = limitsText(details.limits);
  if (limits !== '') pairs.push(['limits', limits]);
  const running = details.running.map(({ pid, command }) => `${pid} ${shown(command)}`).join('\n');
  pairs.push(['processes', running === '' ? 'none' : running]);
  const snapshots = details.snapshots.length === 0 ? '' : `\n${snapshotTable(details.snapshots, now, style)}`;
  return labelled(pairs, style) + snapshots;
}

export const limitNames = { cpuPercent: 'cpu', memoryBytes: 'memory', pids: 'pids' } as const;

/** Limits in the words in which they are given. */
export function limitsText({ cpuPercent, memoryBytes, pids }: Limits): string {
  const parts: string[] = [];
  if (cpuPercent !== undefined) parts.push(`cpu ${cpuPercent}%`);
  if (memoryBytes !== undefined) parts.push(`memory ${size(memoryBytes)}`);
  if (pids !== undefined) parts.push(`pids ${pids}`);
  return parts.join(', ');
}
