import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { userKinds, World } from '../world.js';

describe.each(userKinds)('many working trees at one path, as %s', (user) => {
  let world: World;
  beforeAll(() => {
    world = new World(user);
    world.repository({ 'f.txt': 'first\n', 'dir/g.txt': 'g\n', '.gitignore': 'out/\n' });
    for (const name of ['a', 'b']) world.ok('run', `--keep=${name}`, 'true');
  });
  afterAll(() => world.end());

  it('shows two sessions different content at the same absolute path at the same time, and the host view neither', async () => {
    const [a, b] = [world.shell('a'), world.shell('b')];
    const file = `${world.tree}/f.txt`;
    await a.type(`echo from a > ${file}; rm -r dir; echo new > only-a`);
    await b.type(`echo from b > ${file}; mkdir out; echo built > out/o`);
    expect(await a.type(`cat ${file}; ls ${world.tree}; pwd`)).toBe(`from a\nf.txt\nonly-a\n${world.tree}\n`);
    expect(await b.type(`cat ${file}; ls ${world.tree}; pwd`)).toBe(`from b\ndir\nf.txt\nout\n${world.tree}\n`);
    expect(world.host(`cat ${file}; ls; git status --short`)).toBe('first\ndir\nf.txt\n');
    world.host('echo from the host > f.txt');
    expect(await a.type(`cat ${file}`)).toBe('from a\n');
    expect(await b.type(`cat ${file}`)).toBe('from b\n');
    world.host('git checkout -q f.txt');
    await a.end('exit');
    await b.end('exit');
  });

  it('does not let a build in a fork and edits in the host view disturb each other', async () => {
    const numbers = Array.from({ length: 40 }, (_, number) => String(number));
    world.write(
      Object.fromEntries([
        ...numbers.map((number) => [`src/${number}.in`, `source ${number}\n`] as const),
        [
          'Makefile',
          `all: ${numbers.map((n) => `out/${n}.o`).join(' ')}\nout/%.o: src/%.in\n\t@mkdir -p out; sleep 0.03; cat $< > $@\n`,
        ],
      ]),
    );
    world.host('git add -A && git commit -q -m sources');
    const build = world.background([
      ...world.command,
      'run',
      '--keep=build',
      '--',
      'sh',
      '-c',
      'echo starts; exec make -s',
    ]);
    await build.says('starts');
    world.host('for f in $(ls src/*.in | sort -V); do echo edited > $f; sleep 0.01; done; rm src/39.in src/38.in');
    expect(await build.ended()).toMatchObject({ status: 0 });
    expect(world.inside('build', 'cat $(ls out/*.o | sort -V)')).toBe(numbers.map((n) => `source ${n}\n`).join(''));
    expect(world.host('cat src/0.in; ls')).toBe('edited\nMakefile\ndir\nf.txt\nsrc\n');
  });

  it('gives a run a fork of its own that is gone afterwards', () => {
    const before = Object.keys(world.contexts());
    expect(world.ok('run', '--', 'sh', '-c', 'mkdir -p out; echo x > out/product; cat f.txt')).toBe('first\n');
    expect(Object.keys(world.contexts())).toEqual(before);
    expect(world.host('ls out 2>&1 || true')).toContain('No such file');
  });
});
