import fs from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ensureRuntimeDirectory, runtimeDirectory } from '../../src/protocol/runtime-directory.js';

const uid = process.getuid?.() ?? 0;

describe('the runtime directory', () => {
  let root: string;
  beforeEach(() => {
    root = fs.mkdtempSync('/tmp/mz-');
  });
  afterEach(() => fs.rmSync(root, { recursive: true }));
  const at = (name: string): string => join(root, name);
  const refusal = (path: string): unknown => {
    try {
      ensureRuntimeDirectory(path, uid);
      return undefined;
    } catch (error) {
      return error;
    }
  };
  const refused = (reason: RegExp): object => ({
    code: 'E_RUNTIME_DIRECTORY',
    message: expect.stringMatching(reason),
    hint: expect.any(String),
  });

  it('lies in XDG_RUNTIME_DIR, where that is a directory of the user', () => {
    expect(runtimeDirectory({ XDG_RUNTIME_DIR: root }, uid)).toBe(at('mizer'));
  });

  it('lies elsewhere when XDG_RUNTIME_DIR is relative, missing, a link or of someone else', () => {
    fs.symlinkSync(root, at('link'));
    for (const value of [undefined, '', 'here', at('missing'), at('link')]) {
      expect(runtimeDirectory({ XDG_RUNTIME_DIR: value }, uid)).not.toContain(root);
    }
    expect(runtimeDirectory({ XDG_RUNTIME_DIR: root }, uid + 1)).not.toContain(root);
    expect(runtimeDirectory({ XDG_RUNTIME_DIR: root }, 987_654)).toBe('/tmp/mizer-987654');
  });

  it('is made for the user alone, and taken as it is the second time', () => {
    const umask = process.umask(0);
    expect(refusal(at('mizer'))).toBeUndefined();
    process.umask(umask);
    expect(fs.statSync(at('mizer')).mode & 0o7777).toBe(0o700);
    expect(refusal(at('mizer'))).toBeUndefined();
  });

  it.each([0o755, 0o770, 0o701, 0o711])('is refused with mode %o', (mode) => {
    fs.mkdirSync(at('mizer'));
    fs.chmodSync(at('mizer'), mode);
    expect(refusal(at('mizer'))).toMatchObject(refused(/others may look into it/));
  });

  it('is refused as a symbolic link, even to a good directory', () => {
    fs.mkdirSync(at('good'), { mode: 0o700 });
    fs.symlinkSync(at('good'), at('mizer'));
    expect(refusal(at('mizer'))).toMatchObject(refused(/symbolic link/));
  });

  it('is refused when it is no directory, belongs to someone else or cannot be made', () => {
    fs.writeFileSync(at('file'), '');
    expect(refusal(at('file'))).toMatchObject(refused(/not a directory/));
    expect(refusal(at('no/where'))).toMatchObject(refused(/cannot be made/));
    fs.mkdirSync(at('foreign'), { mode: 0o700 });
    const foreign = uid === 0 ? at('foreign') : '/root';
    if (uid === 0) fs.chownSync(foreign, 4242, 4242);
    expect(refusal(foreign)).toMatchObject(refused(/belongs to the user with the id/));
  });

  it('is refused with a path too long for a socket, before anything is made', () => {
    const long = at('x'.repeat(100));
    expect(refusal(long)).toMatchObject(refused(/too long/));
    expect(fs.existsSync(long)).toBe(false);
  });
});
