import { chmodSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { checkCommand } from '../../src/cli/session/locate.js';

let root = '';
let tree = '';
beforeAll(() => {
  root = realpathSync(mkdtempSync(join(tmpdir(), 'mizer-locate-')));
  tree = join(root, 'tree');
  for (const directory of ['tree', 'bin', 'home']) mkdirSync(join(root, directory));
  writeFileSync(join(root, 'bin/tool'), '#!/bin/sh\n');
  chmodSync(join(root, 'bin/tool'), 0o755);
  writeFileSync(join(root, 'bin/text'), 'x');
  mkdirSync(join(root, 'bin/folder'));
  symlinkSync(tree, join(root, 'home/project'));
  symlinkSync(join(tree, 'build/made'), join(root, 'bin/made'));
});
afterAll(() => rmSync(root, { recursive: true }));

const check = (name: string, searchPath = `/nonexistent:${root}/bin`, cwd = tree): void => {
  checkCommand(name, searchPath, cwd, tree);
};

test('what can be executed is accepted, by name and by path', () => {
  expect(() => check('tool')).not.toThrow();
  expect(() => check(join(root, 'bin/tool'))).not.toThrow();
  expect(() => check('../bin/tool')).not.toThrow();
});

test.each(['nonsuch', '/nonexistent/tool', '../bin/nonsuch', ''])(
  'what is certainly not there is refused: %j',
  (name) => {
    expect(() => check(name)).toThrowError(expect.objectContaining({ code: 'E_COMMAND_NOT_FOUND' }));
  },
);

test.each(['text', 'folder'])('what is there and cannot be executed is told apart: %s', (name) => {
  expect(() => check(name)).toThrowError(expect.objectContaining({ code: 'E_COMMAND_NOT_EXECUTABLE' }));
});

test('what the context may have although the host view lacks it is left to the session', () => {
  expect(() => check('./build/made')).not.toThrow();
  expect(() => check(join(tree, 'build/made'))).not.toThrow();
  expect(() => check('made-later', `${tree}/node_modules/.bin:/usr/bin`)).not.toThrow();
  expect(() => check('made-later', `${root}/home/project/build/bin`)).not.toThrow();
  expect(() => check('made')).not.toThrow();
  expect(() => check('made-later', '')).not.toThrow();
});
