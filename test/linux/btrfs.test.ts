import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isPlaceholder, isSubvolume, snapshotSubvolume, subvolumeId } from '../../src/linux/btrfs.js';
import { errnoOf } from '../../src/linux/native.js';
import { Image } from '../support/image.js';

const images = process.getuid?.() === 0 ? ['a mounted image'] : [];

function errnoFrom(action: () => void): string | undefined {
  try {
    action();
    return 'none';
  } catch (error) {
    return errnoOf(error);
  }
}

describe('what is no btrfs', () => {
  it('has neither subvolumes nor their snapshots', () => {
    const directory = '/proc/self/fdinfo';
    expect(isSubvolume(directory)).toBe(false);
    expect(isPlaceholder(directory)).toBe(false);
    expect(subvolumeId(directory)).toBe(undefined);
    const snapshot = path.join(os.tmpdir(), 'mizer-no-snapshot');
    expect(errnoFrom(() => snapshotSubvolume(directory, snapshot))).not.toBe('none');
    expect(fs.existsSync(snapshot)).toBe(false);
  });
});

describe.each(images)('subvolumes of %s (defined only for root)', () => {
  let image: Image;
  let top: string;
  beforeAll(() => {
    image = new Image('btrfs');
    top = path.join(image.path, 'top');
    execFileSync('btrfs', ['subvolume', 'create', top]);
    execFileSync('btrfs', ['subvolume', 'create', path.join(top, 'nested')]);
    fs.mkdirSync(path.join(top, 'plain'));
    fs.writeFileSync(path.join(top, 'file'), 'content');
    fs.writeFileSync(path.join(top, 'nested/inside'), 'content');
    fs.symlinkSync('nested', path.join(top, 'link'));
  });
  afterAll(() => image.end());

  it('are told from other directories, from links to them, and by number', () => {
    expect(isSubvolume(top)).toBe(true);
    expect(isSubvolume(path.join(top, 'nested'))).toBe(true);
    expect(isSubvolume(path.join(top, 'plain'))).toBe(false);
    expect(isSubvolume(path.join(top, 'link'))).toBe(false);
    expect(subvolumeId(path.join(top, 'plain'))).toBe(subvolumeId(top));
    const shown = execFileSync('btrfs', ['inspect-internal', 'rootid', top], { encoding: 'utf8' });
    expect(subvolumeId(top)).toBe(shown.trim());
  });

  it('have snapshots that are writable, keep inodes and times, leave nested ones out and follow no later change', () => {
    const snapshot = path.join(top, 'ü snapshot');
    snapshotSubvolume(top, snapshot);
    const [before, after] = [top, snapshot].map((place) => fs.lstatSync(path.join(place, 'file'), { bigint: true }));
    expect(after).toMatchObject({ ino: before?.ino, ctimeNs: before?.ctimeNs, mtimeNs: before?.mtimeNs });
    expect(isSubvolume(snapshot)).toBe(true);
    expect(subvolumeId(snapshot)).not.toBe(subvolumeId(top));
    expect(isPlaceholder(path.join(snapshot, 'nested'))).toBe(true);
    expect(isPlaceholder(path.join(snapshot, 'plain'))).toBe(false);
    fs.appendFileSync(path.join(top, 'file'), ' more');
    fs.writeFileSync(path.join(snapshot, 'new'), '');
    expect(fs.readFileSync(path.join(snapshot, 'file'), 'utf8')).toBe('content');
    expect(fs.existsSync(path.join(top, 'new'))).toBe(false);
  });

  it('are not snapshotted over what exists, nor elsewhere, nor when only part of one is named', () => {
    expect(errnoFrom(() => snapshotSubvolume(top, path.join(top, 'plain')))).toBe('EEXIST');
    expect(errnoFrom(() => snapshotSubvolume(path.join(top, 'plain'), path.join(top, 'new')))).not.toBe('none');
    expect(errnoFrom(() => snapshotSubvolume(top, '/dev/shm/new'))).not.toBe('none');
  });
});
