import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { until, userKinds, World } from '../world.js';

describe.each(userKinds)('switching, as %s', (user) => {
  let world: World;
  beforeAll(() => {
    world = new World(user);
    world.repository({ 'f.txt': 'host\n', 'dir/held.txt': 'host\n', 'dir/only-host': '' });
    for (const name of ['a', 'b']) {
      world.ok(
        'run',
        `--keep=${name}`,
        'sh',
        '-c',
        `echo ${name} | tee f.txt dir/held.txt; rm dir/only-host; touch dir/only-${name}`,
      );
    }
  });
  afterAll(() => world.end());

  it('works while the shell stands in the tree, which follows with cd "$PWD"', async () => {
    const shell = world.shell('a');
    const there = `${world.tree}/dir`;
    expect(await shell.type(`cd dir; cat ../f.txt; ls; pwd`)).toBe(`a\nheld.txt\nonly-a\n${there}\n`);
    expect(await shell.type('$MZR switch b 2>&1')).toMatch(/context b at .*cd "\$PWD"/s);
    expect(await shell.type(`cat held.txt; cat ${there}/held.txt`)).toBe('a\nb\n');
    expect(
      await shell.type('cd "$PWD"; cat held.txt; ls; echo written > new; git -C .. status --short | tail -1'),
    ).toBe('b\nheld.txt\nonly-b\n?? dir/only-b\n');
    expect(world.inside('b', 'cat dir/new')).toBe('written\n');
    expect(await shell.type('$MZR switch - >/dev/null; cd "$PWD"; cat held.txt; ls')).toBe(
      'host\nheld.txt\nonly-host\n',
    );
    expect(await shell.type('$MZR switch a >/dev/null 2>&1; cd "$PWD"; cat held.txt; rm -f new')).toBe('a\n');
    await shell.end('exit');
  });

  it('leaves to other processes of the session the files they hold, while their new look-ups see the new context', async () => {
    const shell = world.shell('a');
    await shell.type(
      `mkfifo ${world.root}/go; sh -c 'exec 8>>held-open 9<f.txt; cd dir; read -r _ < ${world.root}/go; echo appended >&8; cat <&9; cat held.txt; cat ${world.tree}/dir/held.txt; sleep 0.2' > ${world.root}/said &`,
    );
    await until(() => world.inside('a', 'ls').includes('held-open'), 'the file is open');
    await shell.type('$MZR switch b > /dev/null');
    await shell.type(`echo > ${world.root}/go; wait`);
    expect(world.host(`cat ${world.root}/said; rm ${world.root}/go`)).toBe('a\na\nb\n');
    expect(world.inside('a', 'cat held-open; rm held-open')).toBe('appended\n');
    expect(world.inside('b', 'ls')).not.toContain('held-open');
    await shell.end('exit');
  });

  it('shows at no moment of many switches the host view, nor nothing', async () => {
    const shell = world.shell('a');
    const loop = `node -e '
      const fs = require("fs"), seen = {}; let stop = false; const end = Date.now() + 60000;
      while (!stop && Date.now() < end) for (let n = 0; n < 1000; n++) {
        let said; try { said = fs.readFileSync("${world.tree}/f.txt", "latin1").trim() } catch (error) { said = error.code }
        seen[said] = (seen[said] || 0) + 1; stop = fs.existsSync("${world.root}/stop");
      }
      console.log(Object.keys(seen).sort().join(" "))' > ${world.root}/seen &`;
    await shell.type(loop);
    await shell.type('for n in 1 2 3 4 5 6 7 8; do $MZR switch b; $MZR switch a; done > /dev/null 2>&1');
    await shell.type(`touch ${world.root}/stop; wait`);
    expect(world.host(`cat ${world.root}/seen`)).toBe('a b\n');
    await shell.end('exit');
  });

  it('refuses outside of a session, and to a context that is not there, and changes nothing then', async () => {
    expect(world.refusal('switch', 'a').code).toBe('E_SESSION_NONE');
    const shell = world.shell('a');
    expect(await shell.type('$MZR switch nowhere 2>&1; cat f.txt')).toMatch(/nowhere.*\na\n$/s);
    await shell.end('exit');
  });
});

describe.each(userKinds)('several sessions of one context, as %s', (user) => {
  let world: World;
  beforeAll(() => {
    world = new World(user);
    world.repository({ 'f.txt': 'host\n' });
    world.ok('run', '--keep=a', 'true');
  });
  afterAll(() => world.end());

  it('see what one writes at once, in one file system', async () => {
    const [one, other] = [world.shell('a'), world.shell('a')];
    expect(await one.type('stat -c "%d %i" f.txt')).toBe(await other.type('stat -c "%d %i" f.txt'));
    for (const number of ['1', '2', '3']) {
      await one.type(`echo ${number} > f.txt; mkdir d${number}; echo x > d${number}/x`);
      expect(await other.type(`cat f.txt d${number}/x; rm d${number}/x`)).toBe(`${number}\nx\n`);
      expect(await one.type(`ls d${number}; rmdir d${number}`)).toBe('');
    }
    await one.type('exec 9<>f.txt');
    await other.type('echo through >> f.txt');
    expect(await one.type('cat <&9; exec 9>&-')).toBe('3\nthrough\n');
    expect(world.contexts()['a']).toMatchObject({ sessions: 2 });
    await one.end('exit');
    await other.end('exit');
  });

  it('hold locks against one another', async () => {
    const [one, other] = [world.shell('a'), world.shell('a')];
    await one.type('exec 9> lock; flock 9');
    expect(await other.type('flock -n lock true; echo $?')).toBe('1\n');
    await one.type('exec 9>&-');
    expect(await other.type('flock -n lock true; echo $?')).toBe('0\n');
    await one.end('exit');
    await other.end('exit');
  });
});

describe.each(userKinds)('one session with two work trees, as %s', (user) => {
  let world: World;
  beforeAll(() => {
    world = new World(user);
    world.repository({ 'f.txt': 'tree\n' });
    world.repository({ 'f.txt': 'second\n' }, `${world.root}/second`);
  });
  afterAll(() => world.end());

  it('has each of them in a context of its own, switched one by one', async () => {
    const second = `${world.root}/second`;
    const both = `cat ${world.tree}/f.txt ${second}/f.txt`;
    for (const at of [world.tree, second]) {
      for (const name of ['a', 'b']) {
        const made = world.mzr(['run', `--keep=${name}`, 'sh', '-c', `echo ${name} >> f.txt`], { cwd: at });
        expect(made.status).toBe(0);
      }
    }
    const shell = world.shell('a');
    expect(await shell.type(both)).toBe('tree\na\nsecond\n');
    expect(await shell.type(`cd ${second}; $MZR switch b > /dev/null; ${both}`)).toBe('tree\na\nsecond\nb\n');
    expect(await shell.type(`cd ${world.tree}; $MZR switch b > /dev/null; ${both}`)).toBe('tree\nb\nsecond\nb\n');
    expect(await shell.type(`cd ${second}; $MZR switch a > /dev/null; ${both}`)).toBe('tree\nb\nsecond\na\n');
    expect(await shell.type(`cd ${second}; git status --short; $MZR list | grep -c "^\\*.* a \\|^\\* *a "`)).toBe(
      ' M f.txt\n1\n',
    );
    expect(await shell.type(`$MZR switch - > /dev/null; ${both}`)).toBe('tree\nb\nsecond\n');
    expect(world.host(both)).toBe('tree\nsecond\n');
    await shell.end('exit');
  });
});
