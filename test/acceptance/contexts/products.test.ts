import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { spawnSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { userKinds, World } from '../world.js';

const typescript = fileURLToPath(new URL('../../../node_modules/typescript', import.meta.url));
const hasNinja = spawnSync('ninja', ['--version']).status === 0;

/** Prints what a copy must keep of each path: type, mode, size, time, a link's target; of what is no directory also how many names it has. */
const facts = `find . -name .git -prune -o -type d -printf '%p %#m %T@\\n' -o -printf '%p %y %#m %s %T@ %l %n\\n' | LC_ALL=C sort`;

describe.each(userKinds)('what a fork carries, as %s', (user) => {
  let world: World;
  beforeAll(() => {
    world = new World(user);
    world.repository({ 'f.txt': 'tracked\n', '.gitignore': 'out/\n' });
    world.host(`
      mkdir -p out/deep out/shut
      echo object > out/deep/o; chmod 751 out/deep/o
      ln out/deep/o out/linked; ln out/deep/o out/deep/third
      ln -s ../f.txt out/link; ln -s /no/where out/dangling
      truncate -s 30M out/sparse; printf end >> out/sparse
      mkfifo out/fifo
      touch -d '2021-03-04 05:06:07.123456789' out/deep/o f.txt
      touch -h -d '2020-01-02 03:04:05.987654321' out/link
      chmod 2750 out/shut
      touch -d '2019-12-31 23:59:59.000000001' out/deep
      echo untracked > new.txt; chmod 600 new.txt
    `);
    world.ok('run', '--keep=fork', 'true');
  });
  afterAll(() => world.end());

  it('has ignored and untracked files with their modes, links, hard links and nanosecond times', () => {
    const seen = world.inside('fork', facts);
    expect(seen).toBe(world.host(facts));
    expect(seen).toContain('./out/deep/o f 0751 7 1614834367.1234567890  3\n');
  });

  it('keeps files of several names one file, and holes holes', () => {
    const inodes = 'stat -c %i out/deep/o out/linked out/deep/third | sort -u | wc -l';
    expect(world.inside('fork', inodes).trim()).toBe('1');
    const [blocks = 0] = world.inside('fork', 'stat -c %b out/sparse').split('\n').map(Number);
    expect(blocks * 512).toBeLessThan(1 << 20);
    expect(world.inside('fork', 'tail -c 3 out/sparse; cmp out/sparse out/sparse && stat -c %s out/sparse')).toBe(
      `end${30 * 1024 * 1024 + 3}\n`,
    );
  });

  it('carries what was changed in the host view since the last fork, at once, times included', () => {
    world.host(
      'echo more >> out/deep/o; touch -d "2022-02-02 02:02:02.222222222" out/deep/o; rm out/dangling; ln -sfn other out/link; echo n > out/new',
    );
    world.ok('run', '--keep=later', 'true');
    expect(world.inside('later', facts)).toBe(world.host(facts));
    expect(world.inside('fork', 'cat out/deep/o; ls out/dangling')).toContain('object\n');
  });
});

describe.each(userKinds)('an incremental build in a fresh fork, as %s', (user) => {
  let world: World;
  beforeAll(() => {
    world = new World(user);
    world.repository({ '.gitignore': 'out/\n' });
  });
  afterAll(() => world.end());
  /** The lines that a build in a fresh fork prints, after an edit there. */
  const inFork = (build: string, edit = 'true'): string[] =>
    world
      .ok('run', '--', 'sh', '-c', `${edit} && ${build}`)
      .split('\n')
      .filter((line) => line !== '')
      .sort();

  it('rebuilds nothing with make and absolute header dependencies, and after one edit exactly its dependants', () => {
    const names = ['a', 'b', 'c'];
    world.write({
      'make/common.h': '#define COMMON 1\n',
      'make/only-b.h': '#define ONLY_B 2\n',
      ...Object.fromEntries(
        names.map((name) => [
          `make/${name}.c`,
          `#include "${world.tree}/make/common.h"\n${name === 'b' ? `#include "${world.tree}/make/only-b.h"\n` : ''}int ${name}(void) { return COMMON; }\n`,
        ]),
      ),
      'make/Makefile': [
        `objects := ${names.map((name) => `../out/${name}.o`).join(' ')}`,
        '../out/all: $(objects)\n\t@echo link; cat $(objects) > $@',
        '../out/%.o: $(CURDIR)/%.c\n\t@mkdir -p ../out; echo compile $*; gcc -MD -MF $(@:.o=.d) -MT $@ -c -o $@ $<',
        '-include $(wildcard ../out/*.d)',
        '',
      ].join('\n'),
    });
    world.host('git add -A && git commit -q -m make');
    const build = 'make -s -C make';
    expect(world.host(build).split('\n').sort()).toEqual(['', 'compile a', 'compile b', 'compile c', 'link']);
    expect(world.host(`cat out/*.d`)).toContain(`${world.tree}/make/common.h`);
    expect(inFork(build)).toEqual([]);
    expect(inFork(build, 'echo "#define ONLY_B 3" > make/only-b.h')).toEqual(['compile b', 'link']);
    expect(inFork(build, `echo '#define COMMON 2' > ${world.tree}/make/common.h`)).toEqual([
      'compile a',
      'compile b',
      'compile c',
      'link',
    ]);
    expect(inFork(build)).toEqual([]);
    expect(world.host(build)).toBe('');
  });

  it.each(hasNinja ? ['ninja'] : [])('rebuilds nothing with %s, and after one edit exactly its dependants', () => {
    world.write({
      'ninja/one.txt': 'one\n',
      'ninja/two.txt': 'two\n',
      'ninja/build.ninja': [
        `rule upper\n  command = tr a-z A-Z < $in > $out && echo "$out: ${world.tree}/ninja/extra" > $out.d\n  depfile = $out.d\n  deps = gcc`,
        'rule join\n  command = cat $in > $out',
        'builddir = ../out/ninja',
        'build ../out/ninja/one: upper one.txt',
        'build ../out/ninja/two: upper two.txt',
        'build ../out/ninja/both: join ../out/ninja/one ../out/ninja/two',
        '',
      ].join('\n'),
      'ninja/extra': 'x\n',
    });
    world.host('git add -A && git commit -q -m ninja');
    const build = 'ninja -C ninja -d explain -v 2>&1 | grep -o "^\\[.*" | sed "s/[^>]*> //; s/ .*//"; true';
    world.host(build);
    const explained = inFork('ninja -C ninja 2>&1');
    expect(explained).toContain('ninja: no work to do.');
    expect(inFork(build, 'echo changed > ninja/one.txt')).toEqual(['../out/ninja/both', '../out/ninja/one']);
    expect(inFork(build, 'touch ninja/extra')).toEqual(['../out/ninja/both', '../out/ninja/one', '../out/ninja/two']);
    expect(inFork('ninja -C ninja 2>&1')).toContain('ninja: no work to do.');
  });

  it('rebuilds nothing with tsc --build, and after one edit exactly its dependants', () => {
    const options = {
      composite: true,
      target: 'es2022',
      module: 'nodenext',
      types: [],
      noLib: true,
      skipLibCheck: true,
    };
    const project = (name: string, needs: string[]): Record<string, string> => ({
      [`ts/${name}/index.ts`]: `${needs.map((need) => `import { ${need} } from '../${need}/index.js';\n`).join('')}export const ${name}: number = ${needs.join(' + ') || '1'};\n`,
      [`ts/${name}/tsconfig.json`]: JSON.stringify({
        compilerOptions: {
          ...options,
          rootDir: '.',
          outDir: `../../out/ts/${name}`,
          tsBuildInfoFile: `../../out/ts/${name}.tsbuildinfo`,
        },
        files: ['index.ts', '../globals.d.ts'],
        references: needs.map((need) => ({ path: `../${need}` })),
      }),
    });
    world.write({
      ...project('base', []),
      ...project('user', ['base']),
      ...project('alone', []),
      'ts/globals.d.ts': [
        'Array<T>',
        'Boolean',
        'CallableFunction',
        'Function',
        'IArguments',
        'NewableFunction',
        'Number',
        'Object',
        'RegExp',
        'String',
      ]
        .map((name) => `interface ${name} {}\n`)
        .join(''),
    });
    world.host('git add -A && git commit -q -m ts');
    const tsc = [
      process.execPath,
      path.join(typescript, 'lib/tsc.js'),
      '--build',
      '--verbose',
      'ts/base',
      'ts/user',
      'ts/alone',
    ].join(' ');
    const build = `${tsc} | grep -o "Building project.*" | sed "s/.*ts.\\([a-z]*\\).tsconfig.*/\\1/"; true`;
    expect(world.host(build).split('\n').sort()).toEqual(['', 'alone', 'base', 'user']);
    expect(inFork(build)).toEqual([]);
    expect(inFork(build, 'echo "export const more: number = 2;" >> ts/base/index.ts')).toEqual(['base', 'user']);
  });
});
