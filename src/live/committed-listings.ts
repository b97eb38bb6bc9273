import type { BaseEntry } from './base-listing.js';
import type { NodeId, Oid } from './ids.js';
import type { ShownEntry, TreeView } from './view.js';

/** What git holds of a file or link. */
export interface FileContent {
  readonly mode: number;
  readonly oid: Oid;
}

/** Whether git keeps a directory: an empty one it does not, and of one that is not loaded it may be unknown whether anything is left in it. */
type Presence = 'there' | 'empty' | 'unknown';

/**
 * The directories of a commit that holds what `view` shows, by path, as far as they follow from what is loaded: nothing is asked for. `contents` are the files that are
 * not as the base has them; of a made file without any the directory counts as not known. Directories without a file are left out, as git does.
 * What nobody touched keeps its id, so it can be loaded later even where the commit itself has not arrived.
 */
export function committedListings(
  view: TreeView,
  contents: ReadonlyMap<NodeId, FileContent>,
): ReadonlyMap<string, readonly BaseEntry[]> {
  const listings = new Map<string, readonly BaseEntry[]>();
  const { changed, departed } = changedDirectories(view, contents);

  function visit(directory: ShownEntry, path: string): Presence {
    const [node, ...merged] = directory.nodes;
    if (merged.length === 0 && view.places.basePath(node) !== undefined && !changed.has(node)) {
      copyLoaded(view.places.basePath(node) ?? '', path);
      return 'there';
    }
    const shown = view.list(directory.nodes);
    if (shown === undefined) return isSurelyThere(directory) ? 'there' : 'unknown';
    const entries: BaseEntry[] = [];
    let isWhole = true;
    for (const entry of shown) {
      const presence = entry.type === 'directory' ? visit(entry, below(path, entry.name)) : 'there';
      const committed = presence === 'there' ? committedEntry(entry) : undefined;
      if (committed !== undefined) entries.push(committed);
      else if (presence !== 'empty') isWhole = false;
    }
    if (isWhole && (entries.length > 0 || path === '')) listings.set(path, entries);
    return entries.length > 0 ? 'there' : isWhole ? 'empty' : 'unknown';
  }

  function committedEntry({ name, type, nodes, base }: ShownEntry): BaseEntry | undefined {
    if (type === 'directory') {
      const isSame = nodes.length === 1 && !changed.has(nodes[0]);
      return { name, mode: 0o40000, oid: isSame ? (base?.oid ?? null) : null };
    }
    const content = contents.get(nodes[0]) ?? base;
    return content === undefined ? undefined : { name, mode: content.mode, oid: content.oid };
  }

  function copyLoaded(from: string, to: string): void {
    const listing = view.base.directory(from);
    if (listing === undefined || listing === null) return;
    listings.set(to, Array.from(listing.values()));
    for (const { name, mode } of listing.values()) {
      if (mode === 0o40000) copyLoaded(below(from, name), below(to, name));
    }
  }

  /** Of one that is not loaded: all of some base directory's own is still in it, or a file was put into it. */
  function isSurelyThere({ nodes }: ShownEntry): boolean {
    return nodes.some((node) => {
      if (view.places.basePath(node) !== undefined && !departed.has(node)) return true;
      for (const child of view.places.children(node)) {
        const type = view.typeOf(child);
        if (type !== undefined && type !== null && type !== 'directory') return true;
      }
      return false;
    });
  }

  visit(view.root, '');
  return listings;
}

/**
 * `changed`: directories with anything below them that is not as the base has it. `departed`: base directories that some
 * entry below them, by the base, was touched in.
 */
function changedDirectories(
  { places }: TreeView,
  contents: ReadonlyMap<NodeId, FileContent>,
): { readonly changed: ReadonlySet<NodeId>; readonly departed: ReadonlySet<NodeId> } {
  const changed = new Set<NodeId>();
  const departed = new Set<NodeId>();
  const mark = (into: Set<NodeId>, from: NodeId | null | undefined, place: typeof places.place): void => {
    for (let at = from; typeof at === 'string' && !into.has(at); at = place(at)?.parent) into.add(at);
  };
  const now = (node: NodeId): ReturnType<typeof places.place> => places.place(node);
  const home = (node: NodeId): ReturnType<typeof places.place> => places.homeOf(node);
  for (const node of places.touched()) {
    mark(changed, now(node)?.parent, now);
    mark(changed, home(node)?.parent, now);
    mark(departed, home(node)?.parent, home);
  }
  for (const node of contents.keys()) mark(changed, now(node)?.parent, now);
  return { changed, departed };
}

function below(path: string, name: string): string {
  return path === '' ? name : `${path}/${name}`;
}
