const everything = Array.from({ length: 256 }, (_, code) => code);

function asciiClass(name: string): ((code: number) => boolean) | undefined {
  const between = (low: string, high: string) => (code: number) =>
    code >= low.charCodeAt(0) && code <= high.charCodeAt(0);
  const [digit, lower, upper] = [between('0', '9'), between('a', 'z'), between('A', 'Z')];
  const letter = (code: number): boolean => lower(code) || upper(code);
  const graph = between('!', '~');
  const classes: Readonly<Record<string, (code: number) => boolean>> = {
    alnum: (code) => letter(code) || digit(code),
    alpha: letter,
    blank: (code) => code === 32 || code === 9,
    cntrl: (code) => code < 32 || code === 127,
    digit,
    graph,
    lower,
    print: between(' ', '~'),
    punct: (code) => graph(code) && !letter(code) && !digit(code),
    // Git's own table: without vertical tab and form feed.
    space: (code) => [9, 10, 13, 32].includes(code),
    upper,
    xdigit: (code) => digit(code) || between('a', 'f')(code) || between('A', 'F')(code),
  };
  return classes[name];
}

function literal(unit: string): string {
  return `\\x${unit.charCodeAt(0).toString(16).padStart(2, '0')}`;
}

/**
 * The set in brackets that begins after the `[` at `at - 1`, and where it ends.
 * @returns `undefined` where it never closes or names an unknown class: such a pattern matches nothing
 */
function brackets(
  pattern: string,
  at: number,
  pathname: boolean,
): { readonly set: string; readonly end: number } | undefined {
  const start = at;
  const negated = pattern[at] === '!' || pattern[at] === '^';
  const members = new Set<number>();
  let first = negated ? start + 1 : start;
  let previous: number | undefined;
  for (at = first; at === first || pattern[at] !== ']'; at += 1) {
    let unit = pattern[at];
    if (unit === undefined) return undefined;
    if (unit === '-' && previous !== undefined && pattern[at + 1] !== undefined && pattern[at + 1] !== ']') {
      at += 1;
      if (pattern[at] === '\\') at += 1;
      unit = pattern[at];
      if (unit === undefined) return undefined;
      for (let code = previous; code <= unit.charCodeAt(0); code += 1) members.add(code);
      previous = undefined;
      continue;
    }
    if (unit === '[' && pattern[at + 1] === ':') {
      const close = pattern.indexOf(']', at + 2);
      if (close < 0) return undefined;
      if (close - at - 3 >= 0 && pattern[close - 1] === ':') {
        const belongs = asciiClass(pattern.slice(at + 2, close - 1));
        if (belongs === undefined) return undefined;
        for (const code of everything) if (belongs(code)) members.add(code);
        at = close;
        previous = undefined;
        continue;
      }
    }
    if (unit === '\\') {
      at += 1;
      unit = pattern[at];
      if (unit === undefined) return undefined;
    }
    previous = unit.charCodeAt(0);
    members.add(previous);
  }
  const chosen = everything.filter((code) => members.has(code) !== negated && !(pathname && code === 47));
  return { set: `[${chosen.map((code) => literal(String.fromCharCode(code))).join('')}]`, end: at };
}

/**
 * A glob as git's ignore and attribute files have it, over byte strings; gitignore(5).
 * @param pathname whether `/` is matched only by itself and by a double star that stands between slashes
 * @returns `undefined` for a pattern that matches nothing
 */
export function compileGlob(pattern: string, pathname: boolean): RegExp | undefined {
  let text = '';
  for (let at = 0; at < pattern.length; at += 1) {
    const unit = pattern[at]!;
    if (unit === '*') {
      const start = at;
      while (pattern[at + 1] === '*') at += 1;
      const next = pattern[at + 1];
      const open = start === 0 || pattern[start - 1] === '/';
      const closed = next === undefined || next === '/' || (next === '\\' && pattern[at + 2] === '/');
      if (!pathname) text += '[^]*';
      else if (at === start || !open || !closed) text += '[^/]*';
      else if (next === '/') {
        text += '(?:[^]*/)?';
        at += 1;
      } else text += '[^]*';
    } else if (unit === '?') text += pathname ? '[^/]' : '[^]';
    else if (unit === '[') {
      const found = brackets(pattern, at + 1, pathname);
      if (found === undefined) return undefined;
      text += found.set;
      at = found.end;
    } else if (unit === '\\') {
      at += 1;
      const escaped = pattern[at];
      if (escaped === undefined) return undefined;
      text += literal(escaped);
    } else text += literal(unit);
  }
  return new RegExp(`^${text}$`);
}

/** A pattern of an ignore or attribute file, ready to be asked. */
export interface PathPattern {
  readonly negative: boolean;
  readonly directoriesOnly: boolean;
  /** @param path below the directory of the file, without trailing slash */
  readonly matches: (path: string, name: string) => boolean;
}

/** A pattern as it stands in the file, blanks at its end already gone. */
export function pathPattern(text: string): PathPattern {
  const negative = text.startsWith('!');
  let rest = negative ? text.slice(1) : text;
  const directoriesOnly = rest.endsWith('/');
  if (directoriesOnly) rest = rest.slice(0, -1);
  const byName = !rest.includes('/');
  const glob = compileGlob(rest.startsWith('/') ? rest.slice(1) : rest, !byName);
  return {
    negative,
    directoriesOnly,
    matches: (path, name) => glob?.test(byName ? name : path) === true,
  };
}
