import { toDisplay } from '../../model/tree-path.js';
import type { ApplyResult, Conflict } from '../../protocol/messages.js';
import { nameStatus } from './changes.js';
import { count } from './human.js';
import type { Style } from './style.js';

interface Asked {
  readonly context: string;
  readonly into: string | undefined;
  readonly dryRun: boolean;
  readonly merge: boolean;
}

const reasons: Readonly<Record<Conflict['reason'], string>> = {
  'both-changed': 'changed on both sides',
  'both-added': 'added on both sides',
  'changed-and-deleted': 'changed on one side, deleted on the other',
  blocked: 'something stands in its way',
  'merge-failed': 'changed on both sides in the same lines',
};

/** What `mzr apply` did, would do, or could not. */
export function applyText(asked: Asked, result: ApplyResult, style: Style): string {
  const target = asked.into ?? 'the host view';
  if (result.conflicts.length > 0) return conflictText(asked, result, target, style);
  const merged = new Set(result.merged);
  const rows = result.written.map(
    (change) => nameStatus([change], style).trimEnd() + (merged.has(change.path) ? style.dim('  (merged)') : ''),
  );
  const same = result.same === 0 ? '' : `, ${result.same} already the same`;
  const verb = asked.dryRun ? 'would go' : 'went';
  const total = `${count(result.written.length, 'change')} of ${asked.context} ${verb} into ${target}${same}.`;
  return `${[...rows, total].join('\n')}\n`;
}

function conflictText(asked: Asked, { conflicts }: ApplyResult, target: string, style: Style): string {
  const rows = conflicts.map(
    ({ path, reason }) => `${style.red('C')}\t${toDisplay(path)}  ${style.dim(reasons[reason])}\n`,
  );
  const head = `${count(conflicts.length, 'conflict')} between ${asked.context} and ${target}; nothing was written.`;
  const mergeable =
    !asked.merge && conflicts.some(({ reason }) => reason === 'both-changed' || reason === 'both-added');
  const hint = mergeable
    ? 'merge text with --merge, or name the paths to apply'
    : 'mend these by hand, or name the paths to apply';
  return `${rows.join('')}${head}\n${style.cyan('hint:')} ${hint}.\n`;
}
