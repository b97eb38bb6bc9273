import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { has, run, type World } from './world.js';

/**
 * A generated C project of `units` files in a git repository at `directory`, not built. It is compiled by make where make and cc are
 * installed.
 */
export function generateCProject(world: World, directory: string, units: number): void {
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(join(directory, 'src'), { recursive: true });
  mkdirSync(join(directory, 'include'));
  writeFileSync(join(directory, '.gitignore'), 'build/\n');
  writeFileSync(join(directory, 'Makefile'), makefile);
  for (let index = 0; index < 20; index += 1) {
    writeFileSync(
      join(directory, 'include', `part${index}.h`),
      `#define PART_${index} ${index}\nint sum_${index}(int);\n`,
    );
  }
  for (let index = 0; index < units; index += 1) writeFileSync(join(directory, 'src', `unit${index}.c`), unit(index));
  run(world, directory, ['git', 'init', '--quiet', '--initial-branch=main']);
  run(world, directory, ['git', 'add', '.']);
  run(world, directory, ['git', 'commit', '--quiet', '--message=project']);
}

/** Whether this machine can compile it. */
export function canCompile(world: World): boolean {
  return has(world, 'make') && has(world, 'cc');
}

const makefile = `objects := $(patsubst src/%.c,build/%.o,$(wildcard src/*.c))
all: build/list.a
build/list.a: $(objects)
	ar rcs $@ $^
build/%.o: src/%.c
	@mkdir -p build
	cc -O1 -MMD -I$(CURDIR)/include -c -o $@ $<
-include $(wildcard build/*.d)
`;

function unit(index: number): string {
  const functions = Array.from(
    { length: 40 },
    (_, n) =>
      `int unit${index}_f${n}(int a) { int s = PART_${index % 20}; for (int i = 0; i < a; i++) s += i * ${n + 1} ^ (s >> 3); return s; }`,
  );
  const prefix = `#include <stdio.h>\n#include <stdlib.h>\n#include <string.h>\n#include "part${index % 20}.h"\n`;
  return `${prefix}${functions.join('\n')}\n`;
}
