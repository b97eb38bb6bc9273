import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { installed, type ShellName, type ShellWorld, shellWorld } from './shell-world.js';

let world: ShellWorld;
let tree = '';
beforeAll(() => {
  world = shellWorld();
  tree = join(world.root, 'my tree#1');
  mkdirSync(join(tree, 'sub'), { recursive: true });
  // The switch itself is the daemon's; here a mount with the source that a context's has takes its place.
  rmSync(join(world.path, 'mzr'));
  writeFileSync(
    join(world.path, 'mzr'),
    `#!/bin/sh
[ "$1" = switch ] || { echo "plain $*"; exit 4; }
[ "$2" = none ] && exit 3
echo "integrated by $MIZER_HOOK"
mount -t tmpfs "mizer:0123/$2" "${tree}" && { [ "$2" = shallow ] || mkdir "${tree}/sub"; } && echo "$2" >"${tree}/name"
`,
    { mode: 0o755 },
  );
});
afterAll(() => world.remove());

/** A mount namespace of one's own, with the rights to mount in it: for root as for an ordinary user. */
const apart = ['unshare', '--user', '--map-root-user', '--mount'];

const start: Readonly<Record<ShellName, (hook: string) => readonly string[]>> = {
  bash: (hook) => ["PS1='P> '", `eval "$(cat '${hook}')"`, `eval "$(cat '${hook}')"`],
  zsh: (hook) => ["PROMPT='P> '", `eval "$(cat '${hook}')"`, `eval "$(cat '${hook}')"`],
  fish: (hook) => [`function fish_prompt; echo -n "P$status> "; end`, `source '${hook}'`, `source '${hook}'`],
};

test.each(installed())('what mzr prints for %s is code that the shell accepts', (shell) => {
  for (const what of ['hook', 'completion'] as const) {
    const { status, stderr } = spawnSync(shell, ['-n', world.code(what, shell)], { encoding: 'utf8' });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  }
});

describe.each(installed())('the integration in %s', (shell) => {
  const status = shell === 'fish' ? '$status' : '$?';
  const see = (lines: readonly string[]): string =>
    world.typed(shell, [...start[shell](world.code('hook', shell)), `cd '${tree}/sub'`, ...lines], apart);

  test('after a switch the shell stands in the new context, and the prompt says which', () => {
    const seen = see(['mzr switch alpha', 'cat ../name; pwd', 'mzr switch beta', 'cat ../name; cd /', 'echo "out"']);
    expect(seen).toContain(`integrated by ${shell}`);
    expect(seen).toContain(`\nalpha\r\n${tree}/sub\r\n`);
    expect(seen).toContain('\nbeta\r\n');
    expect(seen).toMatch(/\(alpha\) P/);
    expect(seen).toMatch(/\(beta\) P/);
    expect(seen).not.toMatch(/\(\w+\) \(\w+\) /);
    // Outside of the tree the prompt is the old one.
    expect(seen.slice(seen.lastIndexOf('echo "out"'))).not.toContain('(beta)');
  });

  test('where the directory is not in the new context, the nearest one above that is, and the shell says so', () => {
    const seen = see(['mzr switch shallow', 'cat name; pwd']);
    expect(seen).toContain(`${tree}/sub is not in this context; now in ${tree}`);
    expect(seen).toContain(`\nshallow\r\n${tree}\r\n`);
  });

  test('cd - goes where it went before the switch', () => {
    const seen = see(['mzr switch alpha', 'cd -', 'pwd']);
    expect(seen).toContain(`\n${world.root}\r\n`);
  });

  test('a refused switch and any other command pass on their status', () => {
    const seen = see([
      'mzr switch none',
      `echo "refused ${status}"`,
      'mzr list -a',
      `echo "other ${status}"`,
      'false',
      `echo "last ${status}"`,
    ]);
    expect(seen).toContain('\nrefused 3\r\n');
    expect(seen).toContain('\nplain list -a\r\n');
    expect(seen).toContain('\nother 4\r\n');
    expect(seen).toContain('\nlast 1\r\n');
  });
});
