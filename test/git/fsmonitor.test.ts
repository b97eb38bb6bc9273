import { existsSync, readFileSync, rmSync, statSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { installMonitor, sessionEnvironment } from '../../src/git/fsmonitor.js';
import { makeTemplate, templateServes } from '../../src/git/template-index.js';
import { git, gitWith, makeRepository, makeWorld, writeFiles } from '../support/git-world.js';
import { type OverlayHub, startHub } from '../support/overlay-hub.js';
import { fork, type ForkableRepository, makeForkable, statIn, type TestContext } from './context-world.js';

const { root } = makeWorld();
const state = path.join(root, 'state');
let hub: OverlayHub;
let environment: Record<string, string>;

beforeAll(async () => {
  hub = await startHub();
  const settings = installMonitor(path.join(root, "the user's \\ monitor"));
  environment = { ...sessionEnvironment({}, state, settings ?? '') };
});

/** Two branches that disagree about what is a file and what a directory, and a host view with every kind of uncommitted state. */
function makeStirred(name: string): string {
  const workTree = makeRepository(path.join(root, name), {
    '.gitignore': '*.o\nign/\n',
    a: 'a',
    b: 'b',
    'd/e': 'de',
    'd/f/g': 'dfg',
    'lib/x': 'x',
    'lib/y': 'y',
    'lib/sub/z': 'z',
    gone: 'gone',
    link: { link: 'a' },
    tool: { executable: '#!/bin/sh\n' },
    'größe/ü': 'u',
  });
  git(workTree, 'switch', '-q', '-c', 'other');
  git(workTree, 'rm', '-q', '-r', 'd', 'b');
  writeFiles(workTree, {
    d: 'now a file',
    'b/in': 'now a directory',
    'lib/new': 'new',
    'fresh/one': '1',
    'fresh/two': '2',
  });
  git(workTree, 'add', '-A');
  git(workTree, 'commit', '-q', '-m', 'other');
  git(workTree, 'switch', '-q', 'main');
  writeFiles(workTree, {
    'lib/y': 'modified',
    staged: 'staged',
    untracked: 'u',
    'un/tracked': 'u',
    'x.o': 'o',
    'ign/deep/x': 'i',
  });
  git(workTree, 'add', 'staged');
  git(workTree, 'update-index', '--force-remove', 'nothing');
  hub.run('rm', path.join(workTree, 'gone'));
  return workTree;
}

async function templateFor(repository: ForkableRepository): Promise<string> {
  const template = path.join(repository.store, 'template');
  const made = await makeTemplate({
    repository: { workTree: repository.workTree, gitDir: repository.commonDir, objectFormat: 'sha1' },
    template,
    fill: true,
    tree: repository.layer,
    host: statIn(repository.workTree),
    layer: statIn(repository.layer),
  });
  expect(made).toBe(true);
  return template;
}

const quick = [
  'status --porcelain',
  'status --porcelain -uall',
  'status --porcelain -uall --ignored',
  'diff-files --name-status',
];

/** What git says of a context's state with the monitor, and what it says when it looks at everything itself. */
function bothViews(context: TestContext): readonly [quickly: string, fully: string] {
  const plain = '-c core.fsmonitor=false -c core.untrackedCache=false';
  const refresh = 'update-index -q --refresh >/dev/null;';
  // The full view works on a copy of the index, so that it does not put right what the monitor got wrong.
  const full = `cp "$(git rev-parse --git-dir)/index" /tmp/full.$$; export GIT_INDEX_FILE=/tmp/full.$$;`;
  // Only the first writes an index: listing every file spoils what git remembers of untracked ones.
  const script = (settings: string): string =>
    quick.map((command) => `git ${settings} ${command} 2>&1; echo ---;`).join(' export GIT_OPTIONAL_LOCKS=0; ');
  const quickly = context.run('sh', '-c', script(''));
  const fully = context.run('sh', '-c', `${full} git ${plain} ${refresh} ${script(plain)} rm -f /tmp/full.$$*`);
  return [quickly, fully];
}

/** A sequence of pseudo-random numbers below a bound, the same for the same seed. */
function randomFrom(seed: number): (below: number) => number {
  let now = seed * 2654435761;
  return (below) => {
    now = (Math.imul(now ^ (now >>> 15), 2246822519) + 3266489917) >>> 0;
    return (now >>> 8) % below;
  };
}

const paths = `
  a b b/in d d/e d/f d/f/g lib lib/x lib/new lib/sub lib/sub/z lib/.gitignore .gitignore gone new n/m n/m/o n ign ign/deep/x x.o lib/y.o
  un un/tracked untracked fresh fresh/one fresh/three link tool größe größe/ü nest nest/.git nest/file staged
`
  .trim()
  .split(/\s+/);

/** What people and programs do in a work tree, as shell text; what fails fails as it would for them. */
function operation(random: (below: number) => number): string {
  const pick = (): string => paths[random(paths.length)] ?? 'a';
  const [one, two] = [pick(), pick()];
  const directory = path.dirname(one);
  const operations = [
    `mkdir -p ${directory}; echo ${random(1000)} > ${one}`,
    `mkdir -p ${directory}; echo ${random(1000)} > ${one}`,
    `echo more >> ${one}`,
    `touch ${one}`,
    `cp ${one} t.tmp && mv t.tmp ${one}`,
    `chmod +x ${one}`,
    `rm -rf ${one}`,
    `rm -rf ${one}`,
    `rm -rf ${one}; mkdir -p ${one}`,
    `rm -rf ${one}; mkdir -p ${one}; echo x > ${one}/x`,
    `mkdir -p ${one}`,
    `mv ${one} ${two}`,
    `cp -a ${one} ${two}`,
    `ln -sf ${two} ${one}`,
    `echo ${path.basename(two)} >> ${random(2) === 0 ? '.gitignore' : 'lib/.gitignore'}`,
    `git init -q nest; rm -rf ${random(2) === 0 ? 'nest/.git' : 'nothing'}`,
    'git add -A',
    `git add ${one}`,
    `git rm -q -r --cached ${one}`,
    `git rm -q -r -f ${one}`,
    `git mv -f ${one} ${two}`,
    'git checkout -q -f --detach other',
    'git checkout -q -f --detach start',
    'git checkout -q --detach other',
    `git checkout -q start -- ${one}`,
    `git restore ${one}`,
    'git reset -q',
    'git reset -q --hard other',
    'git reset -q --soft start',
    `git reset -q other -- ${one}`,
    'git commit -q -a -m x',
    'git stash -q -u',
    'git stash pop -q',
    'git clean -f -d -q',
    'git clean -ffdxq',
    'git merge -q -m x other',
    'git cherry-pick other',
    'git rm -q -r --cached . ; git reset -q',
    `printf 'diff --git a/made b/made\\nnew file mode 100644\\n--- /dev/null\\n+++ b/made\\n@@ -0,0 +1 @@\\n+made\\n' | git apply --index`,
    'rm -f made',
    `git update-index --add --cacheinfo 100644,$(git rev-parse start:a),${one}`,
    'git -c core.fsmonitor=false status',
    'env -u GIT_CONFIG_COUNT git add -A',
    'env -u GIT_CONFIG_COUNT git status',
    'git sparse-checkout set --no-cone /lib',
    'git sparse-checkout disable',
    'git update-index --split-index',
    'git update-index --index-version 4',
    'git status',
    'git status -uall',
  ];
  return operations[random(operations.length)] ?? 'true';
}

async function stir(context: TestContext, seed: number, steps: number): Promise<void> {
  const random = randomFrom(seed);
  context.git('tag', '-f', 'start', 'main');
  const done: string[] = [];
  for (let step = 0; step < steps; step += 1) {
    const count = 1 + random(3);
    const chosen = Array.from({ length: count }, () => operation(random));
    done.push(...chosen);
    context.run('sh', '-c', `( ${chosen.join('\n')}\n) >/dev/null 2>&1; true`);
    const [quickly, fully] = bothViews(context);
    expect({ done, status: quickly }).toEqual({ done, status: fully });
  }
}

describe('the monitor of a context', () => {
  it.each([1, 2, 3, 4])('says what a full scan says, whatever is done in the context (%i)', async (seed) => {
    const repository = makeForkable(hub, makeStirred(`stirred${seed}`), state);
    const template = await templateFor(repository);
    const context = await fork(hub, repository, 'one', { environment, monitor: { template, delta: [] } });
    const [quickly, fully] = bothViews(context);
    expect(quickly).toBe(fully);
    await stir(context, seed, 12);
  });

  it.each([5, 6])('says so too where the context stands on more than the template was made for (%i)', async (seed) => {
    const repository = makeForkable(hub, makeStirred(`thicker${seed}`), state);
    const template = await templateFor(repository);
    // A layer is what another context changed.
    const first = await fork(hub, repository, 'first', { environment, monitor: { template, delta: [] } });
    const script =
      'echo x > a; rm b; rm -rf d; mkdir d; echo e > d/new; rm -rf lib/sub; echo s > lib/sub; mkdir -p very/deep; echo x > very/deep/x';
    first.run('sh', '-c', `${script}; rm .git`);
    hub.run('umount', first.mountPoint);
    const delta = [
      'a',
      'b',
      'd',
      'd/e',
      'd/f',
      'd/f/g',
      'd/new',
      'lib/sub',
      'lib/sub/z',
      'very',
      'very/deep',
      'very/deep/x',
    ];
    const lower = [first.upper, repository.layer];
    const context = await fork(hub, repository, 'one', { environment, lower, monitor: { template, delta } });
    const [quickly, fully] = bothViews(context);
    expect(quickly).toBe(fully);
    await stir(context, seed, 12);
  });

  it('misses nothing of what leaves no trace in the upper directory', async () => {
    const repository = makeForkable(hub, makeStirred('traceless'), state);
    const template = await templateFor(repository);
    const context = await fork(hub, repository, 'one', { environment, monitor: { template, delta: [] } });
    const steps = [
      // In a directory without modified files: git itself lists the others again.
      ['echo x > größe/come', 'rm größe/come'],
      ['mkdir -p größe/come; echo x > größe/come/and', 'rm -r größe/come'],
      ['mkdir -p come/and; echo x > come/and/go', 'rm -r come'],
      ['echo x > added; git add added', 'rm added'],
      ['mkdir more; echo x > more/added; git add more', 'rm -r more'],
      ['git checkout -q -f --detach other', 'rm -r fresh lib/new'],
      ['rm -rf lib; mkdir lib', 'rmdir lib'],
      ['rm -rf lib; mkdir -p lib/sub; echo x > lib/sub/z', 'rm -r lib/sub'],
      ['git apply --index made.patch', 'rm made'],
    ];
    const patch = '--- /dev/null\\n+++ b/made\\n@@ -0,0 +1 @@\\n+made\\n';
    context.run('sh', '-c', `printf 'diff --git a/made b/made\\nnew file mode 100644\\n${patch}' > made.patch`);
    for (const step of steps.flat()) {
      context.run('sh', '-c', step);
      const [quickly, fully] = bothViews(context);
      expect({ step, status: quickly }).toEqual({ step, status: fully });
    }
  });

  it('lets a fresh context use the shared index as it is: nothing is looked at, nothing is written', async () => {
    const workTree = makeStirred('fresh');
    // git writes its index again when a file is of the index's own second.
    hub.run('find', workTree, '-exec', 'touch', '-h', '-d', '1 minute ago', '{}', '+');
    git(workTree, 'update-index', '-q', '--refresh', '--ignore-missing', 'a', 'lib/x');
    const repository = makeForkable(hub, workTree, state);
    const template = await templateFor(repository);
    const context = await fork(hub, repository, 'one', { environment, monitor: { template, delta: [] } });
    const shared = statSync(path.join(template, 'index')).ino;
    const trace = path.join(root, 'trace');
    context.run('env', `GIT_TRACE2_PERF=${trace}`, 'git', 'status');
    expect(readFileSync(trace, 'utf8')).not.toMatch(/opendir:[1-9]/);
    expect(readFileSync(trace, 'utf8')).not.toContain('do_write_index');
    expect(statSync(path.join(context.admin, 'index')).ino).toBe(shared);
    // Entries git holds for unchanged without a look are shown in small letters.
    const marks = new Map(
      context
        .git('ls-files', '-f')
        .split('\n')
        .map((line) => [line.slice(2), line[0]]),
    );
    expect([marks.get('a'), marks.get('lib/y'), marks.get('gone')]).toEqual(['h', 'H', 'H']);
    context.run('sh', '-c', 'echo x > new; git status');
    expect(statSync(path.join(context.admin, 'index')).ino).not.toBe(shared);
  });

  it('vouches for no other tree that came by the git directory', async () => {
    const repository = makeForkable(hub, makeStirred('copied'), state);
    const template = await templateFor(repository);
    const context = await fork(hub, repository, 'one', { environment, monitor: { template, delta: [] } });
    const copy = path.join(root, 'copy-of-context');
    context.run('sh', '-c', `cp -a . ${copy} && echo other > ${copy}/a && rm -r ${copy}/lib`);
    expect(context.git('-C', copy, 'status', '--porcelain', '-uno')).toContain(' D lib/x');
    expect(context.git('-C', copy, 'status', '--porcelain', '-uno')).toContain(' M a');
  });

  it('lets git look itself where the context has no view: a live one, one that shares a path', async () => {
    const repository = makeForkable(hub, makeStirred('live'), state);
    const context = await fork(hub, repository, 'one', { environment, lower: [repository.layer] });
    expect(existsSync(path.join(context.admin, 'mizer'))).toBe(false);
    await stir(context, 7, 5);
  });
});

describe('the settings of a session', () => {
  const answers = (cwd: string): readonly string[] =>
    ['core.fsmonitor', 'core.untrackedCache'].map((key) =>
      gitWith(environment, cwd, 'config', '--default', 'unset', key),
    );

  it('hold in contexts and in no other repository', async () => {
    const workTree = makeRepository(path.join(root, 'other'));
    expect(answers(workTree)).toEqual(['unset', 'unset']);
    const repository = makeForkable(hub, makeRepository(path.join(root, 'mine')), state);
    const context = await fork(hub, repository, 'one', { environment });
    expect(context.git('config', 'core.untrackedCache')).toBe('true');
    expect(context.git('-C', workTree, 'config', '--default', 'unset', 'core.untrackedCache')).toBe('unset');
    expect(answers(repository.workTree)).toEqual(['unset', 'unset']);
  });

  it('are added to what the caller hands to git, once', () => {
    const caller = { GIT_CONFIG_COUNT: '1', GIT_CONFIG_KEY_0: 'user.name', GIT_CONFIG_VALUE_0: 'Eve' };
    const added = sessionEnvironment(caller, '/s[1]', '/settings');
    expect(added).toEqual({
      GIT_CONFIG_COUNT: '2',
      GIT_CONFIG_KEY_1: 'includeIf.gitdir:/s\\[1\\]/**.path',
      GIT_CONFIG_VALUE_1: '/settings',
    });
    expect(sessionEnvironment({ ...caller, ...added }, '/s[1]', '/newer')).toEqual({ GIT_CONFIG_VALUE_1: '/newer' });
  });
});

it('a template serves as long as the host’s index means the same', async () => {
  const workTree = makeStirred('serves');
  const repository = makeForkable(hub, workTree, state);
  const template = await templateFor(repository);
  const place = { workTree, gitDir: repository.commonDir, objectFormat: 'sha1' } as const;
  expect(templateServes(template, place)).toBe(true);
  hub.run('touch', path.join(workTree, 'a'));
  git(workTree, 'status');
  expect(templateServes(template, place)).toBe(true);
  git(workTree, 'add', 'lib/y');
  expect(templateServes(template, place)).toBe(false);
  rmSync(template, { recursive: true });
  expect(templateServes(template, place)).toBe(false);
});

it('a split index serves as a template’s source', async () => {
  const workTree = makeStirred('split');
  git(workTree, 'update-index', '--split-index');
  const repository = makeForkable(hub, workTree, state);
  const template = await templateFor(repository);
  const context = await fork(hub, repository, 'one', { environment, monitor: { template, delta: [] } });
  expect(context.git('status', '--porcelain')).toBe(git(workTree, 'status', '--porcelain'));
});
