import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { userKinds, World } from '../world.js';

describe.each(userKinds)('own HEAD, index and branch over one repository, as %s', (user) => {
  let world: World;
  beforeAll(() => {
    world = new World(user);
    world.repository({ 'f.txt': 'first\n', 'g.txt': 'g\n', '.gitignore': 'out/\n' });
    world.host('git branch other');
    world.ok('run', '--keep=work', '--branch', 'topic', 'true');
  });
  afterAll(() => world.end());
  const head = (context: string): string => world.inside(context, 'git rev-parse HEAD').trim();

  it('makes a commit of a context a commit of the repository at once, and leaves the host view’s HEAD, index and files', () => {
    const before = world.host('git rev-parse HEAD; git status --porcelain=v2 --branch');
    world.inside(
      'work',
      'echo changed > f.txt && git add f.txt && echo staged > g.txt && git add g.txt && git commit -qm topic f.txt',
    );
    expect(world.host('git log --format=%s topic')).toBe('topic\nfirst\n');
    expect(world.host('git show topic:f.txt')).toBe('changed\n');
    expect(world.inside('work', 'git status --porcelain; git branch --show-current')).toBe('M  g.txt\ntopic\n');
    expect(world.host('git rev-parse HEAD; git status --porcelain=v2 --branch')).toBe(before);
    world.inside('work', 'git commit -qm more && git tag from-inside && git branch from-inside');
    expect(world.host('git rev-parse from-inside^{commit} refs/heads/from-inside')).toBe(
      `${head('work')}\n${head('work')}\n`,
    );
    world.host('git tag from-outside && git -c user.name=Bob commit -q --allow-empty -m outside');
    expect(world.inside('work', 'git log --format=%s main; git describe --tags from-outside')).toBe(
      'outside\nfirst\nfrom-outside\n',
    );
    expect(world.contexts()['work']).toMatchObject({ branch: 'topic', head: head('work') });
  });

  it('gives each context an index of its own', () => {
    world.ok('run', '--keep=index-a', 'true');
    world.ok('run', '--keep=index-b', 'true');
    world.inside('index-a', 'echo a > f.txt && git add f.txt');
    world.inside('index-b', 'git rm -q g.txt');
    expect(world.inside('index-a', 'git diff --cached --name-status')).toBe('M\tf.txt\n');
    expect(world.inside('index-b', 'git diff --cached --name-status')).toBe('D\tg.txt\n');
    expect(world.host('git status --porcelain')).toBe('');
  });

  it('lets a branch be checked out once, whoever comes second, and says where it is', () => {
    expect(world.refusal('run', '--branch', 'main', '--', 'true')).toMatchObject({
      code: 'E_BRANCH_IN_USE',
      message: `Branch main is checked out in ${world.tree}.`,
    });
    expect(world.refusal('run', '--branch', 'topic', '--', 'true')).toMatchObject({
      code: 'E_BRANCH_IN_USE',
      message: 'Branch topic is checked out in context work.',
      hint: 'Use that context: mzr shell work',
    });
    expect(world.inside('work', 'git checkout main 2>&1; echo $?')).toMatch(
      /is already (?:checked out|used).*\n128\n$/s,
    );
    expect(world.host('git checkout topic 2>&1; echo $?')).toMatch(/is already (?:checked out|used).*\n128\n$/s);
    expect(world.host('git branch -D topic 2>&1; true')).toMatch(/checked out|used by worktree/);
    expect(world.inside('work', 'git branch -D main 2>&1; true')).toMatch(/checked out|used by worktree/);
    world.inside('work', 'git checkout -q other');
    expect(world.host('git checkout -q topic; git branch --show-current; git checkout -q main')).toBe('topic\n');
    world.inside('work', 'git checkout -q topic');
  });

  it('loses nothing of any context to gc, prune and worktree prune in the host view', () => {
    world.ok('run', '--keep=loose', 'true');
    world.inside(
      'loose',
      'git commit -q --allow-empty -m "on no branch" && echo only in the index > staged && git add staged',
    );
    const [onNoBranch, staged] = [head('loose'), world.inside('loose', 'git rev-parse :staged').trim()];
    world.host(
      'git gc -q --prune=now && git worktree prune --expire=now -v && git gc -q --auto && git prune --expire=now',
    );
    expect(world.host('git fsck --strict --no-dangling --connectivity-only 2>&1')).toBe('');
    expect(world.inside('loose', 'git fsck --strict --no-dangling 2>&1')).toBe('');
    expect(world.host(`git log -1 --format=%s ${onNoBranch}; git cat-file blob ${staged}`)).toBe(
      'on no branch\nonly in the index\n',
    );
    expect(world.inside('loose', 'git status --porcelain; git log -1 --format=%s; git reflog | wc -l')).toMatch(
      /^A {2}staged\non no branch\n/,
    );
    expect(world.inside('work', 'git status --porcelain; git branch --show-current')).toBe('topic\n');
    world.inside('work', 'git gc -q --prune=now && git worktree prune --expire=now');
    expect(world.inside('loose', 'git fsck --strict --no-dangling 2>&1; git log -1 --format=%s')).toBe(
      'on no branch\n',
    );
    expect(world.host('git status --porcelain && git log -1 --format=%s')).toBe('outside\n');
    world.ok('drop', '--force', 'loose');
  });

  it('runs hooks in a context, on its files', () => {
    world.host(`cat > .git/hooks/pre-commit <<'END'
#!/bin/sh
test ! -e forbidden || { echo "no: $(pwd)" >&2; exit 1; }
git rev-parse --show-toplevel >> "$HOME/hooks"
END
chmod +x .git/hooks/pre-commit`);
    world.inside('work', 'git commit -q --allow-empty -m hooked');
    expect(world.host('cat "$HOME/hooks"')).toBe(`${world.tree}\n`);
    expect(world.inside('work', 'touch forbidden; git commit -q --allow-empty -m no 2>&1; echo $?; rm forbidden')).toBe(
      `no: ${world.tree}\n1\n`,
    );
    world.host('git commit -q --allow-empty -m "host goes on" && rm .git/hooks/pre-commit');
  });

  it('does stash, rebase, merge and worktree add in a context without the host view noticing', () => {
    world.inside(
      'work',
      `
      set -e
      echo dirty > f.txt; git stash -q; git stash pop -q; git checkout -q f.txt
      git rebase -q main 2>/dev/null; git merge -q --no-ff -m merged other
      git worktree add -q "$HOME/linked" other; git -C "$HOME/linked" log -1 --format=%s; git worktree remove "$HOME/linked"
    `,
    );
    expect(world.host('git status --porcelain; git branch --show-current')).toBe('main\n');
    expect(world.host('git worktree list | wc -l').trim()).toBe(String(Object.keys(world.contexts()).length + 1));
  });
});

describe.each(userKinds)('submodules in contexts, as %s', (user) => {
  let world: World;
  beforeAll(() => {
    world = new World(user);
    const library = world.repository({ 'lib.txt': 'lib\n' }, `${world.root}/library`);
    world.repository({ 'f.txt': 'first\n' });
    world.host(`git submodule --quiet add ${library} deps/lib && git commit -qm "with a submodule"`);
    world.ok('run', '--keep=sub', 'true');
  });
  afterAll(() => world.end());

  it('commits in a submodule inside a context, and the host view’s submodule stays as it was', () => {
    const before = world.host('git -C deps/lib rev-parse HEAD; git submodule status; cat deps/lib/lib.txt');
    expect(world.inside('sub', 'git status --porcelain; git submodule status')).toBe(
      world.host('git submodule status'),
    );
    world.inside(
      'sub',
      'cd deps/lib && echo changed > lib.txt && git commit -qam "in the submodule" && cd ../.. && git commit -qam "submodule moved"',
    );
    const moved = world.inside('sub', 'git -C deps/lib rev-parse HEAD').trim();
    expect(world.host(`git -C deps/lib log -1 --format=%s ${moved}`)).toBe('in the submodule\n');
    expect(world.host('git -C deps/lib rev-parse HEAD; git submodule status; cat deps/lib/lib.txt')).toBe(before);
    expect(world.host('git status --porcelain; git -C deps/lib status --porcelain')).toBe('');
    world.host('git gc -q --prune=now; git -C deps/lib gc -q --prune=now; git -C deps/lib worktree prune --expire=now');
    expect(
      world.inside(
        'sub',
        'git -C deps/lib fsck --strict --no-dangling 2>&1; git -C deps/lib log -1 --format=%s; git status --porcelain',
      ),
    ).toBe('in the submodule\n');
  });

  it('forks a context with its submodules as they are in it', () => {
    world.ok('run', '--from', 'sub', '--keep=again', 'true');
    const state =
      'git -C deps/lib log -1 --format=%s; git -C deps/lib status --porcelain; git status --porcelain; cat deps/lib/lib.txt';
    expect(world.inside('again', state)).toBe(world.inside('sub', state));
  });
});
