import type { EpochState } from './epoch.js';
import { LiveError } from './errors.js';
import { sameBytes, textOfBytes } from './git-object.js';
import { madeNode } from './ids.js';
import type { NodeId } from './ids.js';
import { need } from './loading.js';
import { partsOf } from './names.js';
import type { MadeType } from './operation.js';
import { diffTexts } from './text/diff.js';
import type { Edits } from './text/engine.js';
import type { ShownEntry } from './view.js';

/** Edits a text, telling its buffers. */
export type EditText = (node: NodeId, edits: Edits) => void;

/** @throws LiveError NAME_INVALID; Missing */
export function find(state: EpochState, path: string): ShownEntry | null {
  partsOf(path);
  const { view } = state;
  return need(view.resolve(path), () => view.when(() => view.resolve(path)));
}

/** @throws LiveError NAME_INVALID, NOT_FOUND; Missing */
export function findExisting(state: EpochState, path: string): ShownEntry {
  const entry = find(state, path);
  if (entry === null) throw new LiveError('NOT_FOUND', `There is nothing at ${JSON.stringify(path)}.`);
  return entry;
}

/** @throws LiveError NAME_INVALID, NOT_FOUND, NOT_A_DIRECTORY; Missing */
export function findDirectory(state: EpochState, path: string): ShownEntry {
  const entry = findExisting(state, path);
  if (entry.type === 'directory') return entry;
  throw new LiveError('NOT_A_DIRECTORY', `${JSON.stringify(path)} is no directory.`);
}

/** @throws LiveError as `findExisting`, and IS_A_DIRECTORY; Missing */
export function findFile(state: EpochState, path: string): ShownEntry {
  const entry = findExisting(state, path);
  if (entry.type !== 'directory' && entry.type !== 'submodule') return entry;
  throw new LiveError('IS_A_DIRECTORY', `${JSON.stringify(path)} is a ${entry.type}.`);
}

/** Makes an entry where nothing is. */
export function create(
  state: EpochState,
  editText: EditText,
  path: string,
  type: MadeType,
  content: string | Uint8Array | undefined,
): NodeId {
  const [parent, name] = splitPath(path);
  const directory = findDirectory(state, parent);
  if (find(state, path) !== null)
    throw new LiveError('EXISTS', `There is something at ${JSON.stringify(path)} already.`);
  const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content;
  const text = type === 'text' && bytes !== undefined ? textOfBytes(bytes, state.around.textLimit) : '';
  if (text === undefined) throw new LiveError('NOT_TEXT', `What is to be in ${JSON.stringify(path)} is no text.`);
  if (type === 'directory' && bytes !== undefined) {
    throw new LiveError('ARGUMENT_INVALID', `The directory ${JSON.stringify(path)} cannot hold bytes.`);
  }
  const node = make(state, directory.nodes[0], name, type, false);
  if (type === 'text') editText(node, diffTexts('', text));
  else if (type !== 'directory') state.write({ kind: 'content', node, bytes: bytes ?? new Uint8Array() });
  return node;
}

export function rename(state: EpochState, from: string, to: string): void {
  const entry = findExisting(state, from);
  const [parent, name] = splitPath(to);
  splitPath(from);
  if (from === to) return;
  if (entry.type === 'directory' && to.startsWith(`${from}/`)) {
    throw new LiveError('INTO_ITSELF', `${JSON.stringify(from)} cannot lie in itself.`);
  }
  const directory = findDirectory(state, parent);
  if (find(state, to) !== null) throw new LiveError('EXISTS', `There is something at ${JSON.stringify(to)} already.`);
  for (const node of entry.nodes) state.write({ kind: 'move', node, parent: directory.nodes[0], name });
}

export function remove(state: EpochState, path: string): void {
  const entry = findExisting(state, path);
  splitPath(path);
  for (const node of entry.nodes) putInTrash(state, node);
}

export function setExecutable(state: EpochState, path: string, on: boolean): void {
  const entry = findFile(state, path);
  if (entry.type !== 'file') throw new LiveError('ARGUMENT_INVALID', `${JSON.stringify(path)} is a symbolic link.`);
  const [node] = entry.nodes;
  if (state.isExecutable(node) !== on) state.write({ kind: 'mode', node, executable: on });
}

/** Makes a file hold these bytes, by the smallest edits; a file that changes between text and binary, or was a link, is replaced by a new one of its name. */
export function write(state: EpochState, editText: EditText, path: string, bytes: Uint8Array): void {
  const entry = find(state, path);
  const text = textOfBytes(bytes, state.around.textLimit);
  if (entry === null) {
    createWithParents(state, editText, path, text, bytes);
    return;
  }
  const {
    type,
    nodes: [node],
  } = findFile(state, path);
  if (type === 'file') {
    // A text need not be opened to stay as it is.
    if (sameBytes(state.bytes(node), bytes)) return;
    const document = state.document(node);
    if (document !== undefined && text !== undefined) {
      editText(node, diffTexts(document.text(), text));
      return;
    }
    if (document === undefined && text === undefined) {
      state.write({ kind: 'content', node, bytes });
      return;
    }
  }
  const executable = type === 'file' && state.isExecutable(node);
  const { parent, name } = state.view.places.place(node) ?? { parent: null, name: '' };
  putInTrash(state, node);
  fill(
    state,
    editText,
    make(state, parent ?? state.view.places.root, name, text === undefined ? 'binary' : 'text', executable),
    text,
    bytes,
  );
}

function createWithParents(
  state: EpochState,
  editText: EditText,
  path: string,
  text: string | undefined,
  bytes: Uint8Array,
): void {
  const [parent, name] = splitPath(path);
  const { directory, missing } = nearestDirectory(state, parent);
  let node = directory;
  for (const part of missing) node = make(state, node, part, 'directory', false);
  fill(state, editText, make(state, node, name, text === undefined ? 'binary' : 'text', false), text, bytes);
}

/** The deepest directory that is there on the way to a path, and the names that are missing. @throws LiveError NOT_A_DIRECTORY */
export function nearestDirectory(
  state: EpochState,
  path: string,
): { readonly directory: NodeId; readonly missing: readonly string[] } {
  const parts = partsOf(path);
  for (let length = parts.length; length > 0; length -= 1) {
    const at = parts.slice(0, length).join('/');
    const entry = find(state, at);
    if (entry?.type === 'directory') return { directory: entry.nodes[0], missing: parts.slice(length) };
    if (entry !== null) throw new LiveError('NOT_A_DIRECTORY', `${JSON.stringify(at)} is no directory.`);
  }
  return { directory: state.view.places.root, missing: parts };
}

export function make(state: EpochState, parent: NodeId, name: string, type: MadeType, executable: boolean): NodeId {
  const node = madeNode(state.record.id, state.nextMade());
  state.write({ kind: 'create', node, parent, name, type, executable });
  return node;
}

function fill(state: EpochState, editText: EditText, node: NodeId, text: string | undefined, bytes: Uint8Array): void {
  if (text === undefined) state.write({ kind: 'content', node, bytes });
  else editText(node, diffTexts('', text));
}

function putInTrash(state: EpochState, node: NodeId): void {
  const name = state.view.places.place(node)?.name ?? '';
  state.write({ kind: 'move', node, parent: null, name });
}

/** @throws LiveError ARGUMENT_INVALID for the root, NAME_INVALID */
function splitPath(path: string): [parent: string, name: string] {
  const parts = partsOf(path);
  const name = parts.pop();
  if (name === undefined) throw new LiveError('ARGUMENT_INVALID', 'The root can be neither made, moved nor removed.');
  return [parts.join('/'), name];
}
