import { readSync } from 'node:fs';
import { AttributeRules } from '../git/attribute-rules.js';
import { toHex, type Oid } from '../git/oid.js';
import { PackWriter } from '../git/pack-writer.js';
import { joinPacks } from '../git/repack.js';
import { requireGit } from '../git/run.js';
import { ObjectReader, type TreeEntry } from '../git/tree-reader.js';
import type { TreePath } from '../model/tree-path.js';
import { parseRecord } from './blob.js';
import { isoSeconds, makeCommit, moveBranch } from './commit.js';
import { derivedBase, keepDerivedBase, requireTip } from './derived-base.js';
import { DerivedWalk, type Place } from './derived-walk.js';
import { noteErrors } from './error-notes.js';
import { isFresh, isUnchanged, unsteady, withFile, type Unread } from './open-file.js';
import type { ObserveError } from './scan.js';
import type { Shadow } from './shadow.js';
import { throwIfAborted, withBranch, type LockOptions } from './shadow-lock.js';
import { fileEntry, sameEntry, treeContent, treeEntry, type SortedEntry } from './stub.js';

/** The attribute that selects a file. */
const attribute = 'nogcontent';
const usual = 'README.md';
/** Larger files are data, which a repository of knowledge is no place for. */
const mostBytes = 16 * 1024 * 1024;

export interface ContentResult {
  /** The commit made; absent when nothing changed. */
  readonly commit?: string;
  readonly unchanged: boolean;
  /** Files that were read. */
  readonly files: number;
  readonly errors: readonly ObserveError[];
}

/**
 * Brings `master-content` up to the state of `master-stat`: the bytes of tracked regular files that have the attribute `nogcontent` in the
 * shadow's `.gitattributes`, and of the top `README.md` unless that says `-nogcontent`. Files above 16 MiB are refused. What has the same
 * record on `master-stat` as before is not read again; what cannot be read keeps its last content and is tried again the next time.
 * @throws MizerError `E_SHADOW_BUSY`, `E_SHADOW_HURT`, `E_INTERRUPTED`, `E_BRANCH_MOVED`, `E_DISK_FULL`, `E_WRITE_FAILED`, `E_GIT`
 */
export async function content(shadow: Shadow, options: LockOptions = {}): Promise<ContentResult> {
  await requireGit();
  return withBranch(shadow, 'content', options, async () => {
    const reader = ObjectReader.open(shadow.gitDir);
    const writer = new PackWriter(shadow.gitDir);
    try {
      return await new Content(shadow, reader, writer, options).run();
    } finally {
      writer.abandon();
      reader.close();
    }
  });
}

class Content {
  readonly #shadow: Shadow;
  readonly #reader: ObjectReader;
  readonly #writer: PackWriter;
  readonly #options: LockOptions;
  readonly #errors: ObserveError[] = [];
  readonly #again: TreePath[] = [];
  #files = 0;

  constructor(shadow: Shadow, reader: ObjectReader, writer: PackWriter, options: LockOptions) {
    this.#shadow = shadow;
    this.#reader = reader;
    this.#writer = writer;
    this.#options = options;
  }

  async run(): Promise<ContentResult> {
    const [stat, own] = [
      await requireTip(this.#shadow, 'master-stat'),
      await requireTip(this.#shadow, 'master-content'),
    ];
    const rules = await this.#rules(stat);
    const base = await derivedBase(this.#shadow, 'content');
    // Other rules select other files: then nothing is known.
    const holds = base !== undefined && (await this.#rules(base.stat)) === rules;
    const walk = new DerivedWalk(this.#reader, holds ? base.again : []);
    const top = await walk.top(stat, holds ? base.stat : undefined, own);
    const entries = await this.#content(walk, top, rules, new AttributeRules(rules));
    const stubs = (await walk.stubs(top.own)).map(sameEntry);
    const tree = toHex(this.#writer.tree(treeContent([...entries, ...stubs])));
    const result = { files: this.#files, errors: this.#errors };
    if (tree === top.own) {
      await keepDerivedBase(this.#shadow, 'content', { commit: own, stat, again: this.#again });
      return { ...result, unchanged: true };
    }
    const commit = await this.#commit(tree, stat, own);
    return { ...result, unchanged: false, commit };
  }

  async #commit(tree: string, stat: string, own: string): Promise<string> {
    const { gitDir } = this.#shadow;
    await this.#writer.finish();
    throwIfAborted(this.#options.signal);
    const message = `content ${isoSeconds()}`;
    const commit = await makeCommit(gitDir, tree, [own], message);
    await noteErrors(this.#shadow, commit, this.#errors);
    await keepDerivedBase(this.#shadow, 'content', { commit, stat, again: this.#again });
    await moveBranch(gitDir, 'master-content', commit, own, message);
    await joinPacks(gitDir);
    return commit;
  }

  /** The attributes file of a commit, as a byte string. */
  async #rules(commit: string): Promise<string> {
    const object = await this.#reader.object(`${commit}:.gitattributes`);
    return object?.type === 'blob' ? object.content.toString('latin1') : '';
  }

  async #content(walk: DerivedWalk, place: Place, text: string, rules: AttributeRules): Promise<SortedEntry[]> {
    const entries: SortedEntry[] = [];
    for (const { path, stat, own, same, below } of await walk.entries(place)) {
      throwIfAborted(this.#options.signal);
      if (stat.mode === '040000') {
        // Without a word of the attribute nothing below the top is selected.
        if (!text.includes(attribute)) continue;
        const inner = same ? own : undefined;
        if (inner !== undefined) entries.push(sameEntry(inner));
        if (same) continue;
        const found = await this.#content(walk, below, text, rules);
        if (found.length > 0) entries.push(treeEntry(stat.name, this.#writer.tree(treeContent(found))));
      } else if (stat.mode !== '120000' && isSelected(rules, path) && (await this.#isFile(stat))) {
        const last = own === undefined || own.mode === '040000' ? [] : [sameEntry(own)];
        entries.push(...(same && last.length > 0 ? last : this.#read(path, stat.name, last)));
      }
    }
    return entries;
  }

  async #isFile({ oid }: TreeEntry): Promise<boolean> {
    return parseRecord(await this.#reader.blob(oid), 'path')?.kind === 'file';
  }

  /** @param last what is kept where the file cannot be read */
  #read(path: TreePath, name: string, last: SortedEntry[]): SortedEntry[] {
    const read = this.#bytes(path);
    if (read.kind !== 'done' || read.fresh) this.#again.push(path);
    if (read.kind === 'gone') return [];
    if (read.kind === 'failed') {
      this.#errors.push({ path, reason: read.reason });
      return last;
    }
    this.#files += 1;
    return [fileEntry(name, read.oid)];
  }

  #bytes(path: TreePath): Unread | { readonly kind: 'done'; readonly oid: Oid; readonly fresh: boolean } {
    return withFile(this.#shadow.realDirectory, path, (file) => {
      if (file.stats.size > BigInt(mostBytes)) return { kind: 'failed', reason: 'it is larger than 16 MiB' } as const;
      const bytes = Buffer.alloc(Number(file.stats.size) + 1);
      let size = 0;
      for (let read = -1; read !== 0 && size < bytes.length; size += read) {
        read = readSync(file.descriptor, bytes, size, bytes.length - size, size);
      }
      if (!isUnchanged(file, size)) return unsteady;
      const oid = this.#writer.blob(bytes.subarray(0, size));
      return { kind: 'done', oid, fresh: isFresh(file.stats) } as const;
    });
  }
}

function isSelected(rules: AttributeRules, path: TreePath): boolean {
  return (rules.value(path, attribute) ?? path === usual) === true;
}
