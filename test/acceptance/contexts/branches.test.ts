import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { userKinds, World } from '../world.js';

describe.each(userKinds)('a context for each branch, as %s', (user) => {
  let world: World;
  beforeAll(() => {
    world = new World(user);
    world.repository({
      '.gitignore': 'out/\n',
      'in.txt': 'main\n',
      Makefile: 'out/product: in.txt\n\t@mkdir -p out; echo building; cp in.txt out/product\n',
    });
    world.host(
      'make -s; git switch -qc feature/x; echo feature > in.txt; git commit -qam feature; git switch -q main; make -s',
    );
  });
  afterAll(() => world.end());

  it('is made on first use, and comes back with uncommitted changes and build products as they were left', async () => {
    const shell = world.shell('start');
    const look = 'cd "$PWD"; git branch --show-current; git status --short; cat in.txt; make -s';
    expect(await shell.type('$MZR switch --branch feature/x 2>&1 | grep -o "context [^,]*, new"')).toBe(
      'context feature-x, new\n',
    );
    expect(await shell.type(look)).toBe('feature/x\nfeature\nbuilding\n');
    await shell.type(
      'sleep 0.02; echo edited >> in.txt; echo untracked > note; make -s; git add note; echo more >> note',
    );
    expect(
      await shell.type(
        '$MZR switch --branch topic > /dev/null; cd "$PWD"; git branch --show-current; ls; git log -1 --format=%s',
      ),
    ).toBe('topic\nMakefile\nin.txt\nout\nfirst\n');
    await shell.type('git rm -q --cached in.txt; rm -r in.txt out');
    expect(await shell.type(`$MZR switch --branch feature/x 2>&1 | grep -c new; ${look}; cat out/product note`)).toBe(
      '0\nfeature/x\n M in.txt\nAM note\nfeature\nedited\nfeature\nedited\nuntracked\nmore\n',
    );
    expect(await shell.type('$MZR switch --branch topic > /dev/null; cd "$PWD"; git status --short; ls')).toBe(
      'D  in.txt\nMakefile\n',
    );
    await shell.end('exit');
    expect(world.host('git status --short; git branch --show-current; cat out/product')).toBe('main\nmain\n');
    expect(world.contexts()).toMatchObject({
      'feature-x': { branch: 'feature/x', hidden: false },
      topic: { branch: 'topic' },
    });
  });

  it('begins with the build products of the context nearest to the branch', async () => {
    world.host('git branch near feature/x');
    const shell = world.shell('start');
    await shell.type(
      '$MZR switch -b feature/x > /dev/null; cd "$PWD"; git checkout -q in.txt; git rm -qf note; make -s',
    );
    expect(
      await shell.type(
        '$MZR switch -b near > /dev/null; cd "$PWD"; git branch --show-current; git status --short; make -s; cat out/product',
      ),
    ).toBe('near\nfeature\n');
    await shell.end('exit');
  });

  it('leads to the context in which the branch was checked out by git itself, and not to the host view’s branch', async () => {
    const shell = world.shell('own');
    await shell.type('git switch -qc made-by-git');
    await shell.type('$MZR switch -b topic > /dev/null');
    expect(await shell.type('$MZR switch -b made-by-git | grep -o "context [a-z]*"')).toBe('context own\n');
    expect(await shell.type('$MZR switch -b main 2>&1')).toContain('main is checked out in the host view');
    await shell.end('exit');
  });
});
