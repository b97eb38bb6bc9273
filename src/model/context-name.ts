import { MizerError } from './errors.js';

const form = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

/**
 * A context's name, checked: it becomes a directory, part of a ref and part of a mount point.
 * @throws MizerError `E_NAME_INVALID`
 */
export function checkName(name: string): string {
  // A ref may not end in `.` or `.lock`, nor hold `..` (git-check-ref-format).
  if (form.test(name) && !/\.$|\.lock$|\.\./.test(name)) return name;
  throw new MizerError('E_NAME_INVALID', `'${name}' cannot be the name of a context.`, {
    group: 'usage',
    hint: "Use up to 64 letters, digits, '.', '_' and '-', beginning with a letter or digit.",
  });
}
