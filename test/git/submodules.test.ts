import { existsSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { installMonitor, sessionEnvironment } from '../../src/git/fsmonitor.js';
import { listRegistered } from '../../src/git/linked-worktree.js';
import { discover, type Repository } from '../../src/git/repository.js';
import { makeTemplate } from '../../src/git/template-index.js';
import {
  listSubmodules,
  registerSubmodule,
  secondPathOfSubmodule,
  unregisterSubmodules,
} from '../../src/git/submodules.js';
import { git, makeRepository, makeWorld, writeFiles } from '../support/git-world.js';
import { type OverlayHub, startHub } from '../support/overlay-hub.js';
import { fork, makeForkable, statIn } from './context-world.js';

const { root } = makeWorld();
const state = path.join(root, 'state');
let hub: OverlayHub;

beforeAll(async () => {
  hub = await startHub();
});

/** A work tree with a submodule in a submodule, and one of the old style whose git directory is in the work tree. */
function makeNested(): string {
  const inner = makeRepository(path.join(root, 'inner'), { 'inner.txt': 'inner\n' });
  const outer = makeRepository(path.join(root, 'outer'), { 'outer.txt': 'outer\n' });
  git(outer, 'submodule', '--quiet', 'add', inner, 'deep/inner');
  git(outer, 'commit', '-qm', 'inner');
  const workTree = makeRepository(path.join(root, 'top'), { 'top.txt': 'top\n' });
  git(workTree, 'submodule', '--quiet', 'add', outer, 'libs/outer');
  git(workTree, 'submodule', '--quiet', 'update', '--init', '--recursive');
  makeRepository(path.join(workTree, 'old'), { 'old.txt': 'old\n' });
  git(workTree, '-c', 'advice.addEmbeddedRepo=false', 'add', 'old');
  git(workTree, 'commit', '-qm', 'submodules');
  return workTree;
}

it('every submodule of a context has its own HEAD, index and files, and commits there are commits of its repository', async () => {
  const workTree = makeNested();
  const found = (await discover(workTree)) as Repository;
  const submodules = await listSubmodules(found);
  const common = path.join(workTree, '.git/modules/libs/outer');
  expect(submodules.map(({ path: place, commonDir }) => [place, commonDir])).toEqual([
    ['libs/outer', common],
    ['libs/outer/deep/inner', path.join(common, 'modules/deep/inner')],
    ['old', path.join(workTree, 'old/.git')],
  ]);
  const repository = makeForkable(hub, workTree, state);
  const oldSecond = path.join(state, 'old/.git');
  hub.run('mkdir', '-p', oldSecond);
  hub.run('mount', '--bind', path.join(workTree, 'old/.git'), oldSecond);
  const context = await fork(hub, repository, 'one', {
    prepare: async (upper, mountPoint) => {
      for (const submodule of submodules) {
        const inside = secondPathOfSubmodule(submodule, repository.commonDir, repository.secondPath);
        await registerSubmodule({ submodule, name: 'one', mountPoint, upper, secondPath: inside ?? oldSecond });
      }
      expect(statSync(path.join(upper, 'libs')).mtimeMs).toBeCloseTo(statSync(path.join(workTree, 'libs')).mtimeMs, 2);
    },
  });
  expect(context.git('status', '--porcelain')).toBe('');
  for (const place of ['libs/outer', 'libs/outer/deep/inner', 'old']) {
    const inThere = (...args: readonly string[]): string => context.git('-C', place, ...args);
    expect(inThere('rev-parse', '--show-toplevel')).toBe(path.join(workTree, place));
    expect(inThere('status', '--porcelain')).toBe('');
    context.run('sh', '-c', `cd ${place} && echo new > made && git add made && git commit -qm made`);
    const made = inThere('rev-parse', 'HEAD');
    const host = path.join(workTree, place);
    expect(git(host, 'cat-file', '-t', made)).toBe('commit');
    git(host, 'gc', '-q', '--prune=now');
    git(host, 'worktree', 'prune', '--expire=now');
    expect(git(host, 'fsck', '--strict', '--no-dangling')).toBe('');
    expect(git(host, 'cat-file', '-t', made)).toBe('commit');
    expect(existsSync(path.join(host, 'made'))).toBe(false);
  }
  expect(git(workTree, 'status', '--porcelain')).toBe('');
  expect(context.git('status', '--porcelain')).toBe(' M libs/outer\n M old');
  context.git('submodule', '--quiet', 'update', '--recursive');
  // The old one is not in `.gitmodules`, so no command of git brings it back.
  expect(context.git('status', '--porcelain')).toBe(' M old');
  unregisterSubmodules(submodules, 'one');
  for (const { commonDir } of submodules) expect(listRegistered(commonDir)).toEqual([]);
});

it('the monitor serves a submodule, also where a directory above it was replaced', async () => {
  const sub = makeRepository(path.join(root, 'sub'), { 'kept.txt': 'kept\n', 'lost.txt': 'lost\n' });
  const workTree = makeRepository(path.join(root, 'watched'));
  git(workTree, 'submodule', '--quiet', 'add', sub, 'libs/sub');
  git(workTree, 'commit', '-qm', 'sub');
  const repository = makeForkable(hub, workTree, state);
  const [submodule] = await listSubmodules((await discover(workTree)) as Repository);
  if (submodule === undefined) throw new Error('no submodule');
  const template = path.join(root, 'sub-template');
  await makeTemplate({
    repository: submodule,
    template,
    fill: true,
    tree: path.join(repository.layer, 'libs/sub'),
    host: statIn(submodule.workTree),
    layer: statIn(path.join(repository.layer, 'libs/sub')),
  });
  const settings = installMonitor(path.join(root, 'monitor')) ?? '';
  const secondPath = secondPathOfSubmodule(submodule, repository.commonDir, repository.secondPath) ?? '';
  let admin = '';
  const context = await fork(hub, repository, 'watched', {
    environment: { ...sessionEnvironment({}, state, settings) },
    prepare: async (upper, mountPoint) => {
      const seen = path.join(repository.secondPath, path.relative(repository.commonDir, upper));
      const places = [submodule.workTree, path.join(mountPoint, 'libs/sub')];
      const monitor = { places, upper: seen, prefix: 'libs/sub', template, delta: [] };
      admin = await registerSubmodule({
        submodule,
        name: 'watched',
        mountPoint,
        upper,
        secondPath,
        indexFrom: path.join(template, 'index'),
        monitor,
      });
    },
  });
  const before = readFileSync(path.join(admin, 'index'));
  expect(context.git('-C', 'libs/sub', 'status', '--porcelain')).toBe('');
  // In small letters: valid without a look.
  expect(context.git('-C', 'libs/sub', 'ls-files', '-f')).toBe('h kept.txt\nh lost.txt');
  expect(readFileSync(path.join(admin, 'index')).equals(before)).toBe(true);
  context.run('sh', '-c', 'cp -a libs other && rm -rf libs other/sub/lost.txt && mv other libs');
  expect(context.git('-C', 'libs/sub', 'status', '--porcelain')).toBe(' D lost.txt');
});

it('a work tree without submodules has none, and a directory that was never initialised is none', async () => {
  const origin = makeRepository(path.join(root, 'origin'), { a: 'a' });
  const workTree = makeRepository(path.join(root, 'lone'));
  expect(await listSubmodules((await discover(workTree)) as Repository)).toEqual([]);
  git(workTree, 'submodule', '--quiet', 'add', origin, 'sub');
  git(workTree, 'commit', '-qm', 'sub');
  git(root, 'clone', '-q', workTree, 'clone');
  writeFiles(path.join(root, 'clone'), { 'sub/own': 'own' });
  expect(await listSubmodules((await discover(path.join(root, 'clone'))) as Repository)).toEqual([]);
});
