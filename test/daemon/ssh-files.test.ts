import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { filesCheckedBySsh, sshSubstitutes } from '../../src/daemon/ssh-files.js';

describe('what ssh reads', () => {
  let top: string;
  beforeEach(() => {
    top = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'mzr-ssh-')));
  });
  afterEach(() => fs.rmSync(top, { recursive: true }));
  const write = (name: string, content: string): string => {
    const file = path.join(top, name);
    fs.mkdirSync(path.dirname(file), { recursive: true });
    fs.writeFileSync(file, content);
    return file;
  };
  const checked = (isChecked = false): string[] => {
    const files = filesCheckedBySsh([{ file: path.join(top, 'config'), directory: top, isChecked }]);
    return files.map((file) => path.relative(top, file));
  };

  it('is found through patterns, relative and absolute names, quotes, other includes and blocks that do not hold', () => {
    write('config', `Host no-such\n  Include d/*.conf\nINCLUDE = "with space" ${top}/absolute\n`);
    write('d/b.conf', 'Include deeper');
    write('d/a.conf', '# Include commented');
    write('d/.hidden.conf', '');
    write('d/other', '');
    for (const name of ['with space', 'absolute', 'deeper', 'commented']) write(name, '');
    expect(checked()).toEqual(['d/a.conf', 'd/b.conf', 'deeper', 'with space', 'absolute']);
  });

  it('is named by where it really lies, and once', () => {
    write('real/x', '');
    fs.symlinkSync('real/x', path.join(top, 'link'));
    write('config', 'Include link real/x');
    expect(checked()).toEqual(['real/x']);
    expect(checked(true)).toEqual(['config', 'real/x']);
  });

  it('ends where files include each other, and leaves out what is not there, no file, or cannot be read', () => {
    write('config', 'Include again d none no/such/*');
    write('again', 'Include again config');
    fs.mkdirSync(path.join(top, 'd'));
    expect(checked()).toEqual(['again', 'config']);
  });

  it('is copied only where none but root could have put it', () => {
    const copies = path.join(top, 'copies');
    expect(sshSubstitutes([write('own', '')], copies)).toEqual([]);
    expect(fs.existsSync(copies)).toBe(false);
  });
});
