import { readFileSync } from 'node:fs';
import { MizerError } from '../../model/errors.js';

// With `s` as `.` stands for no U+2028 and the like without: here only a line feed ends a line.
const line = /^(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=\s*(.*)$/s;
const doubleQuoted = /^"((?:[^"\\]|\\.)*)"\s*(?:#.*)?$/s;
const singleQuoted = /^'([^']*)'\s*(?:#.*)?$/s;
const escapes: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t' };

/**
 * The variables of an environment file: `KEY=VALUE` lines, an `export` before them allowed, empty lines and `#` comments ignored.
 * Single quotes are literal; double quotes know `\n`, `\r`, `\t` and `\` before anything else; nothing is expanded. The last one counts.
 * @throws MizerError `E_ENV_FILE` naming the line
 */
export function parseEnvironment(text: string, file: string): Record<string, string> {
  const variables: Record<string, string> = {};
  for (const [index, raw] of text.split(/\r?\n/).entries()) {
    const content = raw.trim();
    if (content === '' || content.startsWith('#')) continue;
    const [, key, value] = line.exec(content) ?? [];
    if (key === undefined || value === undefined) throw fault(file, index + 1, 'is not of the form KEY=VALUE');
    const read = unquote(value);
    if (read === undefined) throw fault(file, index + 1, 'has a quote that does not end, or text after it');
    if (read.includes('\0')) throw fault(file, index + 1, 'holds a NUL byte');
    variables[key] = read;
  }
  return variables;
}

function unquote(value: string): string | undefined {
  if (value.startsWith("'")) return singleQuoted.exec(value)?.[1];
  if (!value.startsWith('"')) return value.replace(/(?:^|\s+)#.*$/s, '');
  const inner = doubleQuoted.exec(value)?.[1];
  return inner?.replace(/\\(.)/gs, (_, escaped: string) => escapes[escaped] ?? escaped);
}

function fault(file: string, number: number, what: string): MizerError {
  return new MizerError('E_ENV_FILE', `Line ${number} of ${file} ${what}.`, {
    group: 'usage',
    hint: 'Write KEY=VALUE lines; quote values that hold # or spaces at their ends.',
    data: { file, line: number },
  });
}

/** @throws MizerError `E_ENV_FILE` */
export function readEnvironment(file: string): Record<string, string> {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    const reason = (cause as NodeJS.ErrnoException).code ?? String(cause);
    throw new MizerError('E_ENV_FILE', `${file} cannot be read (${reason}).`, {
      group: 'usage',
      hint: 'Name a file of KEY=VALUE lines with --env.',
      cause,
      data: { file },
    });
  }
  return parseEnvironment(text, file);
}
