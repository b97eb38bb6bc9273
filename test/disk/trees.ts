import { createHash } from 'node:crypto';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import { getAttribute, listAttributes } from '../../src/linux/xattr.js';
import { walkSync } from '../../src/disk/walk.js';
import { bytesOf } from './helpers.js';

/** All that a faithful copy keeps, one line an entry, hard links by the first name of their file. The root's own line is the first. */
export function portrait(root: string, exclude: readonly string[] = []): string[] {
  const first = new Map<bigint, string>();
  const paths = ['', ...[...walkSync(root, { exclude }).manifest.entries()].map((entry) => entry.path)];
  return paths.map((path) => {
    const at = bytesOf(root, path);
    const { ino } = fs.lstatSync(at, { bigint: true });
    const shared = first.get(ino);
    if (shared === undefined) first.set(ino, path);
    return JSON.stringify([...linePortrait(at, path), shared ?? '']);
  });
}

/** The same without hard links: several copies one after the other do not keep them. */
export function portraitWithoutLinks(root: string): string[] {
  const paths = ['', ...[...walkSync(root).manifest.entries()].map((entry) => entry.path)];
  return paths.map((path) => JSON.stringify(linePortrait(bytesOf(root, path), path)));
}

function linePortrait(at: Buffer, path: string): string[] {
  const stats = fs.lstatSync(at, { bigint: true });
  const attributes = listAttributes(at)
    .sort()
    .map((name) => `${name}=${getAttribute(at, name)?.toString('hex')}`);
  return [path, stats.mode.toString(8), String(stats.mtimeNs), contentOf(at, stats), ...attributes];
}

function contentOf(at: Buffer, stats: fs.BigIntStats): string {
  if (stats.isSymbolicLink()) return fs.readlinkSync(at, 'latin1');
  if (!stats.isFile()) return '';
  return `${stats.size} ${createHash('sha1').update(fs.readFileSync(at)).digest('hex')}`;
}

/** A tree with one of everything that copies lose. */
export function makeDifficultTree(root: string): void {
  const at = (path: string): string => `${root}/${path}`;
  for (const directory of ['plain/deep', 'empty', 'read-only', '-rf', 'links', 'out']) {
    fs.mkdirSync(at(directory), { recursive: true });
  }
  for (const [path, text, mode] of [
    ['plain/file', 'text', 0o644],
    ['plain/deep/script', '#!/bin/sh\n', 0o755],
    ['plain/secret', 'secret', 0o400],
    ['plain/new\nline', '', 0o644],
    ['-rf/--help', 'x', 0o640],
    ['read-only/inside', 'x', 0o444],
    ['links/one', 'shared', 0o600],
    ['.git', 'gitdir: elsewhere\n', 0o644],
    ['out/drop', 'x', 0o644],
    ['out/keep', 'x', 0o644],
  ] as const) {
    fs.writeFileSync(at(path), text, { mode });
  }
  fs.linkSync(at('links/one'), at('links/two'));
  fs.linkSync(at('links/one'), at('plain/deep/three'));
  fs.symlinkSync('nowhere/at all', at('dangling'));
  fs.symlinkSync('loop', at('loop'));
  fs.symlinkSync('/', at('plain/root'));
  fs.writeFileSync(bytesOf(root, 'not \u00ff utf-8'), 'x');
  fs.mkdirSync(bytesOf(root, '\u00fedirectory'));
  fs.writeFileSync(bytesOf(root, '\u00fedirectory/inside'), 'x');
  const sparse = fs.openSync(at('sparse'), 'w');
  fs.writeSync(sparse, 'middle', 5_000_000);
  fs.ftruncateSync(sparse, 10_000_000);
  fs.closeSync(sparse);
  spawnSync('mkfifo', ['-m', '620', at('fifo')]);
  spawnSync('setfattr', ['-n', 'user.colour', '-v', 'blue', at('plain/file')]);
  spawnSync('setfattr', ['-n', 'user.colour', '-v', 'red', at('empty')]);
  spawnSync('touch', ['-h', '-d', '2001-02-03 04:05:06.123456789', at('plain/file'), at('dangling'), at('plain/deep')]);
  spawnSync('touch', ['-d', '1965-01-01 00:00:00.000000001', at('links/one'), at('empty')]);
  fs.chmodSync(at('read-only'), 0o555);
  fs.chmodSync(root, 0o751);
}
