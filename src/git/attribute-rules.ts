import { nameOf, type TreePath } from '../model/tree-path.js';
import { pathPattern, type PathPattern } from './wildmatch.js';

type Value = true | false | string;
/** `undefined`: said to be unspecified. */
type State = readonly [attribute: string, value: Value | undefined];

interface Line {
  readonly pattern: PathPattern;
  readonly states: readonly State[];
}

const blank = ' \t\r\n';
const macroPrefix = '[attr]';
const validName = /^[A-Za-z0-9_.][-A-Za-z0-9_.]*$/;

/** One attributes file at the top of a tree; gitattributes(5). */
export class AttributeRules {
  readonly #lines: Line[] = [];
  readonly #macros = new Map<string, readonly State[]>([
    [
      'binary',
      [
        ['diff', false],
        ['merge', false],
        ['text', false],
      ],
    ],
  ]);

  /** @param text the file's bytes as a byte string */
  constructor(text: string) {
    for (const line of text.replace(/^\u00ef\u00bb\u00bf/, '').split('\n')) this.#parse(line);
  }

  /**
   * What the file says of an attribute of a path; `undefined`: unspecified.
   * @param path ends in a slash for a directory
   */
  value(path: TreePath, attribute: string): Value | undefined {
    const isDirectory = path.endsWith('/');
    const bare = isDirectory ? path.slice(0, -1) : path;
    const name = nameOf(bare);
    const known = new Map<string, Value | undefined>();
    for (let index = this.#lines.length - 1; index >= 0 && !known.has(attribute); index -= 1) {
      const { pattern, states } = this.#lines[index]!;
      if ((isDirectory || !pattern.directoriesOnly) && pattern.matches(bare, name)) this.#fill(states, known);
    }
    return known.get(attribute);
  }

  /** What is set last counts; a macro stands for its attributes only where it is what counts. */
  #fill(states: readonly State[], known: Map<string, Value | undefined>): void {
    for (let index = states.length - 1; index >= 0; index -= 1) {
      const [attribute, value] = states[index]!;
      if (known.has(attribute)) continue;
      known.set(attribute, value);
      if (value === true) this.#fill(this.#macros.get(attribute) ?? [], known);
    }
  }

  #parse(line: string): void {
    const text = skipBlank(line);
    if (text === '' || text.startsWith('#')) return;
    let [name, rest] = (text.startsWith('"') ? unquote(text) : undefined) ?? cut(text);
    const isMacro = name.startsWith(macroPrefix) && name.length > macroPrefix.length;
    if (isMacro) {
      name = name.slice(macroPrefix.length);
      if (!validName.test(name)) return;
    }
    const states: State[] = [];
    for (rest = skipBlank(rest); rest !== '';) {
      const [word, after] = cut(rest);
      rest = skipBlank(after);
      const state = stateOf(word);
      if (state === undefined) return;
      states.push(state);
    }
    if (isMacro) this.#macros.set(name, states);
    else if (!name.startsWith('!')) this.#lines.push({ pattern: pathPattern(name), states });
  }
}

function stateOf(word: string): State | undefined {
  const equals = word.indexOf('=');
  const prefixed = word.startsWith('-') || word.startsWith('!');
  const name = prefixed
    ? word.slice(1, equals < 0 ? undefined : equals)
    : word.slice(0, equals < 0 ? undefined : equals);
  if (!validName.test(name)) return undefined;
  if (word.startsWith('-')) return [name, false];
  if (word.startsWith('!')) return [name, undefined];
  return [name, equals < 0 ? true : word.slice(equals + 1)];
}

function skipBlank(text: string): string {
  let at = 0;
  while (at < text.length && blank.includes(text[at]!)) at += 1;
  return text.slice(at);
}

/** The word that `text` begins with, and what follows. */
function cut(text: string): [string, string] {
  let at = 0;
  while (at < text.length && !blank.includes(text[at]!)) at += 1;
  return [text.slice(0, at), text.slice(at)];
}

const escapes: Readonly<Record<string, string>> = {
  a: '\u0007',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
  '"': '"',
};

/** A string in double quotes with escapes as in C, and what follows; `undefined` where it is none. */
function unquote(text: string): [string, string] | undefined {
  let value = '';
  for (let at = 1; at < text.length; at += 1) {
    const unit = text[at]!;
    if (unit === '"') return [value, text.slice(at + 1)];
    if (unit !== '\\') {
      value += unit;
      continue;
    }
    const octal = /^[0-3][0-7]{2}/.exec(text.slice(at + 1, at + 4))?.[0];
    const plain = escapes[text[at + 1] ?? ''];
    if (octal === undefined && plain === undefined) return undefined;
    value += octal === undefined ? plain : String.fromCharCode(parseInt(octal, 8));
    at += octal === undefined ? 1 : 3;
  }
  return undefined;
}
