/** The main job on the example, from the first build to the last trace removed. */
export async function tellStory(teller) {
  const { build, program, colour } = teller.world;
  const door = (name) => new RegExp(`The door is ${name}\\.`);
  const paint = (name) => `sed -i s/grey/${name}/ ${colour}`;

  teller.say('A small project, built once in the ordinary way.');
  await teller.type(build, { shows: [/compile src\/door/, /link/] });
  await teller.type(program, { shows: [door('grey')] });

  teller.say(
    'The same build in a fork of the tree: its build products came along with their times, so nothing is rebuilt.',
  );
  await teller.type(`mzr run -- ${build}`, { shows: [/up to date/], hides: [/compile/] });

  teller.say('Two forks to keep. In each, one header changes: one file is compiled, not twelve.');
  for (const name of ['red', 'blue']) {
    const line = `mzr run --keep=${name} -- sh -c '${paint(name)} && ${build}'`;
    await teller.type(line, { shows: [/compile src\/door/, /link/], hides: [/compile src\/hall/] });
  }

  teller.say('Both at the same time, at the same path: each sees its own tree, and the plain directory sees neither.');
  const look = (name) => [`mzr exec ${name} -- sh -c 'sleep 0.5; pwd; ${program}'`, { shows: [door(name)] }];
  await teller.typeAtOnce(look('red'), look('blue'), [`sleep 0.5; pwd; ${program}`, { shows: [door('grey')] }]);

  teller.say('A shell goes from one to the other without leaving the directory.');
  await teller.typeInShell('mzr shell red', [
    ['(red) $', program, { shows: [door('red')] }],
    ['(red) $', 'mzr switch blue && cd "$PWD"', {}],
    ['(blue) $', program, { shows: [door('blue')] }],
    ['(blue) $', build, { shows: [/up to date/] }],
  ]);

  teller.say('What is there, and what one of them changed.');
  await teller.type('mzr list', { shows: [/red/, /blue/] });
  await teller.type('mzr diff --patch red', { shows: [/[+].*red/] });

  teller.say('Bring it back into the plain directory. The build there compiles what depends on it.');
  await teller.type('mzr apply red', { shows: [/colour/] });
  await teller.type(build, { shows: [/compile src\/door/], hides: [/compile src\/hall/] });
  await teller.type(program, { shows: [door('red')] });

  teller.say(
    'Nothing is lost by a slip: what was brought back may go, work that is saved nowhere else goes only by force, and is archived even then.',
  );
  await teller.type('mzr drop red', { shows: [/red/] });
  await teller.type('mzr drop blue', { status: 3, shows: [/E_CONTEXT_DIRTY/] });
  await teller.type('mzr drop --force blue', { shows: [/blue/] });
  await teller.type('mzr list', { hides: [/red|blue/] });
  await teller.type('git status --short', { shows: [/^ M include\/colour/] });
  await teller.type('mzr daemon stop', {});
}
