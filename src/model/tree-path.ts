import { MizerError } from './errors.js';

/**
 * A path inside a tree as its bytes are: a *byte string*, each code unit one byte (0 to 255), parts separated by `/`, no leading or
 * trailing slash, `''` the root. Names on Linux are bytes; kept so, any name survives, and comparing with `<` is git's order.
 */
export type TreePath = string;

// oxlint-disable-next-line no-control-regex -- the ASCII range is what is meant
const ascii = /^[\u0000-\u007f]*$/;

/** A byte string from ordinary text. */
export function fromText(text: string): TreePath {
  if (ascii.test(text)) return text;
  return encodeURIComponent(text.toWellFormed()).replace(/%(..)/g, (_, hex: string) =>
    String.fromCharCode(parseInt(hex, 16)),
  );
}

/** The bytes of a byte string. */
export function toBytes(path: TreePath): Uint8Array {
  return Uint8Array.from(path, (unit) => unit.charCodeAt(0));
}

/** The text a byte string stands for, or `undefined` where its bytes are not UTF-8. */
export function toText(path: TreePath): string | undefined {
  if (ascii.test(path)) return path;
  const percent = (unit: string): string => `%${unit.charCodeAt(0).toString(16).padStart(2, '0')}`;
  try {
    // `decodeURIComponent` is the language's own strict UTF-8 decoder.
    return decodeURIComponent(path.replace(/[^A-Za-z0-9]/g, percent));
  } catch {
    return undefined;
  }
}

/** A path as git prints it: plain where that is unambiguous, otherwise in double quotes with C escapes (`core.quotePath=false`). */
export function toDisplay(path: TreePath): string {
  const text = toText(path);
  // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
  if (text !== undefined && !/["\\\u0000-\u001f\u007f]/.test(text)) return text;
  const escapes: Record<string, string> = { '"': '\\"', '\\': '\\\\', '\n': '\\n', '\t': '\\t', '\r': '\\r' };
  let quoted = '';
  for (const unit of path) {
    const code = unit.charCodeAt(0);
    const plain = code >= 0x20 && code < 0x7f;
    quoted += escapes[unit] ?? (plain ? unit : `\\${code.toString(8).padStart(3, '0')}`);
  }
  return `"${quoted}"`;
}

/** The directory that holds `path`; the root's is the root. */
export function parentOf(path: TreePath): TreePath {
  const slash = path.lastIndexOf('/');
  return slash < 0 ? '' : path.slice(0, slash);
}

/** The last part of `path`. */
export function nameOf(path: TreePath): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/** `directory` and `name` as one path. */
export function join(directory: TreePath, name: string): TreePath {
  return directory === '' ? name : `${directory}/${name}`;
}

/** Whether `path` is `directory` or lies below it. */
export function isWithin(path: TreePath, directory: TreePath): boolean {
  return directory === '' || path === directory || path.startsWith(`${directory}/`);
}

/**
 * A path as it was typed by somebody who stands in `standing`, as a path inside the tree at `top`: `.`, `..` and doubled slashes are
 * worked out as written, symbolic links are not followed. All are byte strings, the first two absolute.
 * @throws MizerError `E_PATH_INVALID` when it leads out of the tree
 */
export function pathFrom(top: string, standing: string, typed: string): TreePath {
  const parts: string[] = [];
  for (const part of (typed.startsWith('/') ? typed : `${standing}/${typed}`).split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(part);
  }
  const path = `/${parts.join('/')}`;
  if (path === top) return '';
  return checkPath(path.startsWith(`${top}/`) ? path.slice(top.length + 1) : path);
}

/**
 * A path that came from outside, checked: relative, no empty part, no `.` or `..`, no NUL.
 * @throws MizerError `E_PATH_INVALID`
 */
export function checkPath(path: TreePath): TreePath {
  const bad =
    path.startsWith('/') || path.includes('\0') || path.split('/').some((part) => ['', '.', '..'].includes(part));
  if (bad) {
    throw new MizerError('E_PATH_INVALID', `${toDisplay(path)} is not a path inside the work tree.`, {
      group: 'usage',
      hint: 'Name a file or directory of the work tree.',
    });
  }
  return path;
}
