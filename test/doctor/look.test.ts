import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { lookAtMachine } from '../../src/doctor/look.js';
import { Image } from '../support/image.js';

const images = process.getuid?.() === 0 ? ['a mounted image'] : [];

describe('a look at this machine', () => {
  afterEach(() => vi.unstubAllEnvs());
  it('takes a state directory that is not there yet for its nearest parent', () => {
    vi.stubEnv('XDG_STATE_HOME', '/no/such/directory');
    expect(lookAtMachine('/').stateInOtherSubvolume).toBe(false);
  });
});

describe.each(images)('a look at btrfs on %s (defined only for root)', () => {
  let image: Image;
  let tree: string;
  beforeAll(() => {
    image = new Image('btrfs');
    tree = path.join(image.path, 'tree');
    execFileSync('btrfs', ['subvolume', 'create', tree]);
    fs.mkdirSync(path.join(tree, 'directory'));
    fs.mkdirSync(path.join(image.path, 'directory'));
  });
  afterAll(() => image.end());
  afterEach(() => vi.unstubAllEnvs());

  it.each([
    ['in the same subvolume', 'tree/directory', false],
    ['in another subvolume', 'directory', true],
    ['on another file system', '../../..', false],
  ])('tells a state directory %s', (_, state, expected) => {
    vi.stubEnv('XDG_STATE_HOME', path.join(image.path, state));
    expect(lookAtMachine(tree).stateInOtherSubvolume).toBe(expected);
  });
});
