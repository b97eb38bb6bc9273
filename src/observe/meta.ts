import { identity } from '../git/identity.js';
import { complaint, git, gitText } from '../git/run.js';
import { ObjectReader, type TreeEntry } from '../git/tree-reader.js';
import { MizerError } from '../model/errors.js';
import { join, type TreePath } from '../model/tree-path.js';
import { NOGTREE } from './blob.js';
import { isoSeconds, tipOf } from './commit.js';
import { entryAt } from './entry-at.js';
import { checkKey, formatMetadata, type Metadata } from './meta-blob.js';
import { metadataPlace, readMetadata } from './meta-place.js';
import { isTracked } from './nodes.js';
import type { Shadow } from './shadow.js';
import { withReader } from './with-reader.js';

const branch = 'master-meta';

export interface MetadataState {
  /** Empty where nothing is said about the path. */
  readonly metadata: Metadata;
  /** The commit of `master-meta` it was read from; absent before its first. */
  readonly commit?: string;
}

/** What is said about a path. @throws MizerError `E_META_HURT` */
export async function getMetadata(shadow: Shadow, path: TreePath): Promise<MetadataState> {
  const commit = await tipOf(shadow, branch);
  return withReader(shadow, async (reader) => {
    const { own } = await metadataPlace(reader, await treeOf(reader, commit), path, false);
    return { metadata: await readMetadata(reader, own, path), ...(commit === undefined ? {} : { commit }) };
  });
}

export interface PathMetadata {
  readonly path: TreePath;
  readonly metadata: Metadata;
}

/** All paths of which something is said, at or below `path`, in the order of bytes. @throws MizerError `E_META_HURT` */
export async function* listMetadata(shadow: Shadow, path: TreePath = ''): AsyncGenerator<PathMetadata> {
  const commit = await tipOf(shadow, branch);
  const reader = ObjectReader.open(shadow.gitDir);
  try {
    const top = await entryAt(reader, await treeOf(reader, commit), path);
    const pending = top === undefined ? [] : [{ path, entry: top }];
    for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
      const { path: at, entry } = next;
      const children = entry.mode === '040000' ? await reader.tree(entry.oid) : [];
      const own = entry.mode === '040000' ? children.find(({ name }) => name === NOGTREE) : entry;
      if (own !== undefined) yield { path: at, metadata: await readMetadata(reader, own, at) };
      pending.push(
        ...children
          .filter(isTracked)
          .map((child) => ({ path: join(at, child.name), entry: child }))
          .toReversed(),
      );
    }
  } finally {
    reader.close();
  }
}

export interface SetOptions {
  /** The path is a directory, although nothing is known of it. */
  readonly directory?: boolean;
  /** Only if `master-meta` is at this commit; `null`: only if there is no such branch yet. */
  readonly expect?: string | null;
}

const patience = 50;

/**
 * Sets keys of a path's metadata; `undefined` takes a key away, and with the last one the path. All of it becomes one commit, which
 * follows the one that was read or is not made: writers at the same time never undo one another.
 * @throws MizerError `E_META_KEY`; `E_META_CHANGED` where `expect` does not hold; `E_META_WRITE` where git refuses
 */
export async function setMetadata(
  shadow: Shadow,
  path: TreePath,
  changes: Readonly<Record<string, unknown>>,
  options: SetOptions = {},
): Promise<MetadataState> {
  Object.keys(changes).forEach(checkKey);
  let refusal = '';
  for (let tries = 0; tries < patience; tries += 1) {
    const commit = await tipOf(shadow, branch);
    if (options.expect !== undefined && (commit ?? null) !== options.expect) throw changed(options.expect, commit);
    const { edits, metadata } = await withReader(shadow, (reader) =>
      plan(shadow, reader, commit, path, changes, options),
    );
    if (edits === '') return { metadata, ...(commit === undefined ? {} : { commit }) };
    const done = await commitEdits(shadow, commit, edits);
    if (done.commit !== undefined) return { metadata, commit: done.commit };
    refusal = done.refusal;
  }
  throw new MizerError('E_META_WRITE', `Metadata could not be written: ${refusal}.`, {
    group: 'failed',
    hint: `Run \`git fsck\` in ${shadow.path}.`,
  });
}

interface Plan {
  /** In the language of git-fast-import(1); empty where nothing changes. */
  readonly edits: string;
  readonly metadata: Metadata;
}

async function plan(
  shadow: Shadow,
  reader: ObjectReader,
  commit: string | undefined,
  path: TreePath,
  changes: Readonly<Record<string, unknown>>,
  { directory = false }: SetOptions,
): Promise<Plan> {
  const observed = await treeOf(reader, await tipOf(shadow, 'master-stat'));
  const isDirectory = directory || (await entryAt(reader, observed, path))?.mode === '040000';
  const { own, at, covering } = await metadataPlace(reader, await treeOf(reader, commit), path, isDirectory);
  const old = await readMetadata(reader, own, path);
  const merged = Object.entries({ ...old, ...changes }).filter(([, value]) => value !== undefined);
  const metadata = Object.fromEntries(merged);
  const text = formatMetadata(metadata);
  if (text === formatMetadata(old)) return { metadata, edits: '' };
  const edit = text === '' ? `D ${quoted(at)}\n` : `M 100644 inline ${quoted(at)}\n${data(text)}\n`;
  return { metadata, edits: (covering === undefined ? '' : move(covering.path, covering.entry)) + edit };
}

/** What was said of a file stays said of the directory that it has become. */
function move(path: TreePath, { oid }: TreeEntry): string {
  return `D ${quoted(path)}\nM 100644 ${oid} ${quoted(join(path, NOGTREE))}\n`;
}

/** git-fast-import(1) moves a branch only to what follows it, and only from where it has seen it. */
async function commitEdits(
  shadow: Shadow,
  commit: string | undefined,
  edits: string,
): Promise<{ readonly commit?: string; readonly refusal: string }> {
  const environment = { ...(await identity({ cwd: shadow.gitDir })), GIT_DIR: shadow.gitDir };
  const who = await gitText(['var', 'GIT_COMMITTER_IDENT'], { cwd: '/', environment });
  const parent = commit ?? (await tipOf(shadow, 'master-stub'));
  const from = parent === undefined ? '' : `from ${parent}\n`;
  const head = `commit refs/heads/${branch}\nmark :1\ncommitter ${who}\n${data(`meta ${isoSeconds()}`)}\n`;
  const options = {
    cwd: '/',
    environment,
    input: `${head}${from}${edits}get-mark :1\ndone\n`,
    mayWrite: true,
    answers: [1],
  };
  const { status, stdout, stderr } = await git(['fast-import', '--quiet', '--done'], options);
  return { refusal: complaint(stderr), ...(status === 0 ? { commit: stdout.toString('latin1').trim() } : {}) };
}

function data(text: string): string {
  return `data ${Buffer.byteLength(text)}\n${text}`;
}

/** A path in quotes as git-fast-import(1) reads it, in plain ASCII. */
function quoted(path: TreePath): string {
  const escaped = path.replace(/[^ !#-[\]-~]/g, (unit) => `\\${unit.charCodeAt(0).toString(8).padStart(3, '0')}`);
  return `"${escaped}"`;
}

async function treeOf(reader: ObjectReader, commit: string | undefined): Promise<string | undefined> {
  return commit === undefined ? undefined : (await reader.object(`${commit}^{tree}`))?.oid;
}

function changed(expected: string | null, actual: string | undefined): MizerError {
  return new MizerError('E_META_CHANGED', 'Metadata was changed by somebody else; nothing was written.', {
    hint: 'Read it again with mzr observe meta get, and expect the commit it tells.',
    data: { expected, actual: actual ?? null },
  });
}
