import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import Module from 'node:module';
import path from 'node:path';
import { Script } from 'node:vm';
import { expect, test } from 'vitest';
import { freshDirectory } from '../observe/places.js';
import { binary } from './mzr.js';

const place = freshDirectory();
const built = path.join(path.dirname(path.dirname(binary)), 'dist');
const endOfLine = '\n'.charCodeAt(0);

function kept(): { readonly source: Buffer; readonly code: Buffer } {
  return {
    source: fs.readFileSync(path.join(built, 'bundle/main.cjs')),
    code: fs.readFileSync(path.join(built, 'bundle/main.cjs.code')),
  };
}

test('what V8 compiled at the build is of this bundle and is taken', () => {
  const { source, code } = kept();
  const line = source.subarray(0, source.indexOf(endOfLine) + 1);
  expect(code.subarray(0, line.length)).toEqual(line);
  const cachedData = code.subarray(line.length);
  expect(new Script(Module.wrap(source.toString('latin1')), { cachedData }).cachedDataRejected).toBe(false);
});

test('a command runs all the same where the kept code is missing, damaged, or of another bundle of the same length', () => {
  fs.cpSync(path.dirname(binary), place('bin'), { recursive: true });
  fs.cpSync(built, place('dist'), { recursive: true, filter: (file) => !file.endsWith('.code') });
  fs.cpSync(path.join(path.dirname(built), 'package.json'), place('package.json'));
  fs.symlinkSync(path.join(path.dirname(built), 'node_modules'), place('node_modules'));
  const run = (): string => {
    const { stdout, stderr } = spawnSync(process.execPath, [place('bin/mzr.js'), '--version'], { encoding: 'utf8' });
    return stdout + stderr;
  };
  const told = run();
  expect(told).toMatch(/^mizer \d/);
  const { source, code } = kept();
  for (const damaged of [code.subarray(0, 5000), Buffer.from('// 0\n'), Buffer.alloc(code.length, 'x')]) {
    fs.writeFileSync(place('dist/bundle/main.cjs.code'), damaged);
    expect(run()).toBe(told);
  }
  fs.writeFileSync(place('dist/bundle/main.cjs.code'), code);
  const end = source.indexOf(endOfLine);
  const other = source.toString('latin1').replaceAll('mizer ${', 'MIZER ${').slice(end);
  fs.writeFileSync(place('dist/bundle/main.cjs'), source.toString('latin1', 0, end).replace(/\w{4}$/, '0000') + other);
  expect(run()).toBe(told.replace('mizer', 'MIZER'));
});
