import { AttributeRules } from '../git/attribute-rules.js';
import { IgnoreRules } from '../git/ignore-rules.js';
import type { ObjectReader } from '../git/tree-reader.js';
import { MizerError } from '../model/errors.js';
import { NOGTREE, type RootRecord } from './blob.js';
import { BundlePatterns } from './bundle-patterns.js';
import { LastRecords } from './last-records.js';
import { STUB_FILES } from './policy.js';
import type { TrackingRules } from './tracking.js';
import type { Shadow } from './shadow.js';
import { sameEntry, type SortedEntry } from './stub.js';

/** A branch as it is before something is written to it. */
export interface LastState {
  readonly commit: string;
  /** The commit's tree. */
  readonly tree: string;
  readonly records: LastRecords;
  /** Absent before the first stat. */
  readonly root: RootRecord | undefined;
  readonly rules: TrackingRules;
  /** The stub's files in the tree. */
  readonly stub: readonly SortedEntry[];
}

/** Reads what `master-stat` is at. @throws MizerError `E_SHADOW_HURT`, `E_GIT` */
export async function lastState(shadow: Shadow, reader: ObjectReader): Promise<LastState> {
  const commit = await reader.object('refs/heads/master-stat^{commit}');
  const tree = await reader.object('refs/heads/master-stat^{tree}');
  if (commit === undefined || tree === undefined) {
    throw new MizerError('E_SHADOW_HURT', `The shadow repository ${shadow.path} has no branch master-stat.`, {
      group: 'failed',
      hint: 'Bring it back with `git branch master-stat master-stub` there, or make a new shadow repository.',
      data: { path: shadow.path },
    });
  }
  const records = new LastRecords(reader, tree.oid);
  const entries = await records.entries('');
  const stub = STUB_FILES.flatMap((name) => entries.get(name) ?? []);
  const contents = new Map<string, string>();
  for (const { name, oid } of stub) contents.set(name, (await reader.blob(oid)).toString('latin1'));
  const root = await records.record(entries.get(NOGTREE), 'nogtree');
  return {
    commit: commit.oid,
    tree: tree.oid,
    records,
    root: root?.kind === 'root' ? root : undefined,
    rules: {
      ignore: new IgnoreRules(contents.get('.gitignore') ?? ''),
      attributes: new AttributeRules(contents.get('.gitattributes') ?? ''),
      bundles: new BundlePatterns(contents.get('.nogbundles') ?? ''),
    },
    stub: stub.map(sameEntry),
  };
}

/** Entries the tree spoke of, the root included; 0 before the first stat. */
export function entriesOf(root: RootRecord | undefined): number {
  if (root === undefined) return 0;
  const { dirs, files, links, others } = root.totals;
  return dirs + files + links + others;
}
