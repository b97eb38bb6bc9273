import type { Random } from './random.js';

/** Files by path; content is one line. Directories are there when a file is in them. */
export type Files = ReadonlyMap<string, string>;

/** What `mzr` promises, in a few maps: what each tree must hold. */
export interface Model {
  /** The commit that every HEAD is at. */
  readonly head: Files;
  host: Files;
  readonly contexts: Map<string, { readonly base: Files; files: Files }>;
}

const paths = ['a', 'b', 'dir/a', 'dir/b', 'dir/deep/a', 'dir/deep/b', 'other/a', 'build/a', 'build/deep/b'];

/** What git ignores in the repository of the soak. */
export function isIgnored(path: string): boolean {
  return path.startsWith('build/');
}

export type Edit =
  | { readonly do: 'write' | 'replace'; readonly path: string; readonly content: string }
  | { readonly do: 'remove' | 'remove-directory'; readonly path: string };

let written = 0;

/** Some edits; the contents are new each time. */
export function someEdits(random: Random): Edit[] {
  return Array.from({ length: 1 + random.below(4) }, () => {
    const kind = random.pick(['write', 'write', 'write', 'replace', 'remove', 'remove-directory'] as const);
    if (kind === 'remove-directory') return { do: kind, path: random.pick(['dir', 'dir/deep', 'other', 'build/deep']) };
    const path = random.pick(paths);
    written += 1;
    return kind === 'remove' ? { do: kind, path } : { do: kind, path, content: `content${written}` };
  });
}

/** The files after `edits`. */
export function edited(files: Files, edits: readonly Edit[]): Files {
  const after = new Map(files);
  for (const edit of edits) {
    if ('content' in edit) after.set(edit.path, edit.content);
    else if (edit.do === 'remove') after.delete(edit.path);
    else for (const path of files.keys()) if (path.startsWith(`${edit.path}/`)) after.delete(path);
    if (edit.do === 'remove-directory') {
      for (const path of after.keys()) if (path.startsWith(`${edit.path}/`)) after.delete(path);
    }
  }
  return after;
}

/** The same edits as lines for a shell that stands in the tree. Paths and contents need no quotes. */
export function asShell(edits: readonly Edit[]): string {
  return edits.map(lineOf).join('\n');
}

function lineOf(edit: Edit): string {
  if (!('content' in edit)) return edit.do === 'remove' ? `rm -f ${edit.path}` : `rm -rf ${edit.path}`;
  const { path, content } = edit;
  const write =
    edit.do === 'write' ? `echo ${content} > ${path}` : `echo ${content} > ${path}.new && mv ${path}.new ${path}`;
  return `mkdir -p $(dirname ${path}) && ${write}`;
}

/** What applying `theirs`, made upon `base`, makes of `ours`; `undefined` when a path was changed on both sides. */
export function applied(base: Files, ours: Files, theirs: Files): Files | undefined {
  const after = new Map(ours);
  for (const path of new Set([...base.keys(), ...theirs.keys()])) {
    const wanted = theirs.get(path);
    if (isIgnored(path) || wanted === base.get(path) || wanted === ours.get(path)) continue;
    if (ours.get(path) !== base.get(path)) return undefined;
    if (wanted === undefined) after.delete(path);
    else after.set(path, wanted);
  }
  return after;
}

/** Whether `files` have something that git does not ignore and that none of `elsewhere` has. */
export function hasWork(files: Files, elsewhere: readonly Files[]): boolean {
  const paths = new Set([files, ...elsewhere].flatMap((each) => [...each.keys()]));
  return [...paths].some((path) => !isIgnored(path) && elsewhere.every((each) => each.get(path) !== files.get(path)));
}

/** One line for each file, in order: what the machine's listing prints too. */
export function listed(files: Files): string {
  return [...files]
    .map(([path, content]) => `./${path}\t${content}\n`)
    .sort()
    .join('');
}
