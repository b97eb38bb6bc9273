import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import * as fc from 'fast-check';
import { makeOpaque, makeWhiteout } from '../../src/linux/overlay-files.js';
import { join, parentOf, type TreePath } from '../../src/model/tree-path.js';

/** What a layer holds at a path, other than in its parent's listing. */
export type LayerNode =
  | { readonly kind: 'file'; readonly content: string; readonly mode: number }
  | { readonly kind: 'directory'; readonly opaque: boolean; readonly mode: number }
  | { readonly kind: 'symlink'; readonly target: string }
  | { readonly kind: 'whiteout' };

export type Layer = readonly (readonly [TreePath, LayerNode])[];

/** Names that sort and encode badly are among them: a newline, a byte that is no UTF-8, `a` before `a-b` before `a/…`. */
const name = fc.constantFrom('a', 'b', 'a-b', 'a\nb', '\xff\xe9');
export const treePath: fc.Arbitrary<TreePath> = fc
  .array(name, { minLength: 1, maxLength: 3 })
  .map((parts) => parts.reduce((path, part) => join(path, part), ''));

export const plainNode: fc.Arbitrary<LayerNode> = fc.oneof(
  fc.record({
    kind: fc.constant('file' as const),
    content: fc.constantFrom('', '1', '2', '22', '3\n', 'long\ntext\n'),
    mode: fc.constantFrom(0o644, 0o755, 0o600),
  }),
  fc.record({
    kind: fc.constant('directory' as const),
    opaque: fc.constant(false),
    mode: fc.constantFrom(0o755, 0o700),
  }),
  fc.record({ kind: fc.constant('symlink' as const), target: fc.constantFrom('a', '../b', '/etc') }),
);
const overlayNode: fc.Arbitrary<LayerNode> = fc.oneof(
  { weight: 4, arbitrary: plainNode },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('whiteout' as const) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('directory' as const),
      opaque: fc.constant(true),
      mode: fc.constant(0o755),
    }),
  },
);
/** A layer or an upper directory. */
export const layer: fc.Arbitrary<Layer> = fc.array(fc.tuple(treePath, overlayNode), { maxLength: 12 });

/** `path` below `directory`, as bytes. */
export function at(directory: string, path: TreePath): Buffer {
  return Buffer.concat([Buffer.from(`${directory}/`), Buffer.from(path, 'latin1')]);
}

/** Makes `directory` hold `nodes`. What does not fit, because its name is taken or its parent is no directory, is left out. */
export function makeLayer(directory: string, nodes: Layer): void {
  mkdirSync(directory, { recursive: true });
  const kinds = new Map<TreePath, string>([['', 'directory']]);
  const place = (path: TreePath, node: LayerNode): void => {
    const parent = parentOf(path);
    if (!kinds.has(parent)) place(parent, { kind: 'directory', opaque: false, mode: 0o755 });
    if (kinds.has(path) || kinds.get(parent) !== 'directory') return;
    kinds.set(path, node.kind);
    makeNode(at(directory, path), node);
  };
  for (const [path, node] of nodes) place(path, node);
}

function makeNode(file: Buffer, node: LayerNode): void {
  if (node.kind === 'file') writeFileSync(file, node.content);
  if (node.kind === 'directory') mkdirSync(file);
  if (node.kind === 'symlink') symlinkSync(node.target, file);
  if (node.kind === 'whiteout') makeWhiteout(file);
  if (node.kind === 'file' || node.kind === 'directory') chmodSync(file, node.mode);
  if (node.kind === 'directory' && node.opaque) makeOpaque(file);
}
