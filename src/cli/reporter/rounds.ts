import { toDisplay } from '../../model/tree-path.js';
import type { Progress } from '../../protocol/messages.js';
import type { RoundSummary, RunEvent, ShadowEvent } from '../../observe/run-events.js';
import type { ShaProgress } from '../../observe/sha.js';
import type { StatProgress } from '../../observe/stat.js';
import { count, shown, size } from './human.js';
import { jsonPath } from './json.js';
import { statProgress } from './stat.js';
import type { Style } from './style.js';

type Told = Exclude<RunEvent, { readonly kind: 'progress' }>;

/** What a run did, a line an event; nothing of what stayed as it was. */
export function eventText(event: Told, style: Style): string {
  switch (event.kind) {
    case 'shadow':
      return shadowText(event, style);
    case 'root':
      return `${style.red('failed   ')}  ${shown(event.root)}: ${event.error.message}\n`;
    case 'unreadable':
      return `${style.red('failed   ')}  ${shown(event.root)}: ${toDisplay(event.error.path) || '.'} (${event.error.reason})\n`;
    case 'round':
      return roundText(event.summary, style);
  }
}

function shadowText({ path, result, entries, errors, error, retryAt }: ShadowEvent, style: Style): string {
  if ((result === 'unchanged' && errors.length === 0) || result === 'waiting') return '';
  const paint = {
    made: style.green,
    changed: style.green,
    unchanged: style.dim,
    busy: style.yellow,
    failed: style.red,
  };
  const facts = {
    made: count(entries ?? 0, 'entry', 'entries'),
    changed: count(entries ?? 0, 'entry', 'entries'),
    unchanged: count(entries ?? 0, 'entry', 'entries'),
    busy: 'another looks at it',
    failed: `${error?.message ?? ''}${retryAt === undefined ? '' : ` Not tried again before ${retryAt}.`}`,
  }[result];
  const unread = errors.map((one) => `           ${style.red(one.reason)}  ${toDisplay(one.path) || '.'}\n`);
  return `${paint[result](result.padEnd(9))}  ${shown(path)}: ${facts}\n${unread.join('')}`;
}

function roundText({ seconds, errors, ...counts }: RoundSummary, style: Style): string {
  const total = Object.values(counts).reduce((sum, number) => sum + number, 0);
  const parts = Object.entries(counts).flatMap(([result, number]) => (number === 0 ? [] : [`${number} ${result}`]));
  const unread = errors === 0 ? '' : `, ${count(errors, 'error')}`;
  const details = parts.length === 0 ? '' : `: ${parts.join(', ')}`;
  return style.dim(`${count(total, 'directory', 'directories')}${details}${unread} in ${seconds.toFixed(1)} s\n`);
}

/** The same as a line of JSON. */
export function eventJson(event: Told): string {
  const plain = (error: { readonly path: string; readonly reason: string }): unknown => ({
    path: jsonPath(error.path),
    reason: error.reason,
  });
  const document =
    event.kind === 'shadow'
      ? { ...event, errors: event.errors.map(plain) }
      : event.kind === 'unreadable'
        ? { ...event, error: plain(event.error) }
        : event;
  return `${JSON.stringify(document)}\n`;
}

/** Milliseconds that a scan has gone on when the first is told of it. */
const firstTold = 100;

/** How far the directories of a run are, each with its rate and what is left. */
export function runProgress(now: () => number): (event: Extract<RunEvent, { readonly kind: 'progress' }>) => Progress {
  const started = new Map<string, (progress: StatProgress) => Progress>();
  return ({ path, entries, expected }) => {
    const progress = started.get(path) ?? statProgress(now() - firstTold, now);
    // It is done when all are seen; a later round begins anew.
    if (expected > 0 && entries >= expected) started.delete(path);
    else started.set(path, progress);
    const { phase, ...numbers } = progress({ entries, expected, phase: 'scan' });
    return { phase: `${shown(path)}: ${phase}`, ...numbers };
  };
}

/** How far hashing is, with its rate: files that are left are known, their bytes are not. */
export function hashProgress(startMs: number, now: () => number): (progress: ShaProgress) => Progress {
  return ({ files, bytes, expected }) => {
    const rate = bytes / Math.max(0.001, (now() - startMs) / 1000);
    return { phase: `hashing, ${size(bytes)} at ${size(rate)}/s, files`, done: files, total: expected };
  };
}
