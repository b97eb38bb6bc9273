import type { SnapshotInfo } from '../../protocol/messages.js';
import { age, grouped, size } from './human.js';
import type { Style } from './style.js';
import { table } from './table.js';

interface Placed {
  readonly snapshot: SnapshotInfo;
  /** The lines that lead from the ones below it. */
  readonly branch: string;
}

/** Snapshots under those they stand on; `now` in milliseconds since 1970. */
export function snapshotTable(snapshots: readonly SnapshotInfo[], now: number, style: Style): string {
  return table(
    arrange(snapshots),
    [
      { title: 'SNAPSHOT', text: ({ branch, snapshot }) => branch + snapshot.id },
      { title: 'OF', text: ({ snapshot }) => snapshot.of ?? 'host view' },
      { title: 'AGE', right: true, text: ({ snapshot }) => age(Date.parse(snapshot.createdAt), now) },
      { title: 'ENTRIES', right: true, text: ({ snapshot }) => grouped(snapshot.entries) },
      { title: 'SIZE', right: true, text: ({ snapshot }) => size(snapshot.bytes) },
      { title: 'COMMIT', text: ({ snapshot }) => snapshot.head?.slice(0, 10) ?? '-' },
      {
        title: '',
        text: ({ snapshot }) => (snapshot.promoted ? 'promoted' : ''),
        paint: (_, text) => style.green(text),
      },
    ],
    style,
  );
}

/**
 * The forest of lineages, oldest first. A lone successor stands under its parent without indenting, so that a long line of snapshots
 * stays readable; only forks indent.
 */
export function arrange(snapshots: readonly SnapshotInfo[]): readonly Placed[] {
  const ordered = [...snapshots].sort((a, b) => (a.createdAt < b.createdAt ? -1 : a.createdAt > b.createdAt ? 1 : 0));
  const known = new Set(ordered.map(({ id }) => id));
  const above = new Map<string, SnapshotInfo[]>();
  for (const snapshot of ordered) {
    const parent = snapshot.below !== undefined && known.has(snapshot.below) ? snapshot.below : '';
    above.set(parent, [...(above.get(parent) ?? []), snapshot]);
  }
  const placed: Placed[] = [];
  const pending = (above.get('') ?? []).map((snapshot) => ({ snapshot, branch: '', stem: '' })).toReversed();
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const { snapshot, branch, stem } = next;
    placed.push({ snapshot, branch });
    const children = above.get(snapshot.id) ?? [];
    const forked = children.length > 1;
    const entries = children.map((child, index) => {
      if (!forked) return { snapshot: child, branch: stem, stem };
      const last = index === children.length - 1;
      return { snapshot: child, branch: `${stem}${last ? '└ ' : '├ '}`, stem: `${stem}${last ? '  ' : '│ '}` };
    });
    pending.push(...entries.toReversed());
  }
  return placed;
}
