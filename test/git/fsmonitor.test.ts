import { readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { installMonitor, sessionEnvironment } from '../../src/git/fsmonitor.js';
import { makeTemplate } from '../../src/git/template-index.js';
import { git, makeRepository, makeWorld, writeFiles } from '../support/git-world.js';
import { type OverlayHub, startHub } from '../support/overlay-hub.js';
import { fork, type ForkableRepository, makeForkable, statIn, type TestContext } from './context-world.js';

const { root } = makeWorld();
const state = path.join(root, 'state');
let hub: OverlayHub;
let environment: Record<string, string>;

beforeAll(async () => {
  hub = await startHub();
  const settings = installMonitor(path.join(root, 'monitor'));
  expect(settings).toBe(path.join(root, 'monitor', 'context.gitconfig'));
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
  const script = (settings: string): string =>
    quick.map((command) => `git ${settings} ${command} 2>&1;`).join(' echo ---;');
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

const paths = [
  ...[
    'a',
    'b',
    'b/in',
    'd',
    'd/e',
    'd/f',
    'd/f/g',
    'lib',
    'lib/x',
    'lib/new',
    'lib/sub',
    'lib/sub/z',
    'lib/.gitignore',
  ],
  ...[
    '.gitignore',
    'gone',
    'new',
    'n/m',
    'n/m/o',
    'n',
    'ign',
    'ign/deep/x',
    'x.o',
    'lib/y.o',
    'un',
    'un/tracked',
    'untracked',
  ],
  ...[
    'fresh',
    'fresh/one',
    'fresh/three',
    'link',
    'tool',
    'größe',
    'größe/ü',
    'nest',
    'nest/.git',
    'nest/file',
    'staged',
  ],
];

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
    expect(quickly, `seed ${seed} after:\n${done.join('\n')}`).toBe(fully);
  }
}

describe('the monitor of a context', () => {
  it('says what a full scan says, whatever is done in the context', async () => {
    const repository = makeForkable(hub, makeStirred('stirred'), state);
    const template = await templateFor(repository);
    for (const seed of [1, 2, 3, 4, 5, 6, 7, 8]) {
      const context = await fork(hub, repository, `seed${seed}`, { environment, monitor: { template, delta: [] } });
      const [quickly, fully] = bothViews(context);
      expect(quickly).toBe(fully);
      await stir(context, seed, 20);
    }
  });
});
