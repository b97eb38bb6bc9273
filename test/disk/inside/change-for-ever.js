// Changes the tree at ROOT at random, but repeatably by SEED, in every way there is: writes in place, appends, cuts, replaces by rename,
// links, renames directories, removes, changes modes and times. STEPS ends it; without, it goes on until killed. With PACE it rests a millisecond after that many.
import * as fs from 'node:fs';

const [, , root, seed, steps = 'Infinity', pace = 'Infinity'] = process.argv;
const still = new Int32Array(new SharedArrayBuffer(4));
let state = Number(seed) + 1;
const random = (limit) => {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return Math.floor((state / 2 ** 32) * limit);
};
const directory = () => ['', '/a', '/b', '/a/c', '/b/d', '/a/c/e'][random(6)];
const place = () => `${root}${directory()}/${'fgh'[random(3)]}${random(12)}`;
const place2 = () => `${root}${['/a', '/b', '/a/c', '/b/d', '/a/c/e', '/x'][random(6)]}`;
const actions = [
  () => fs.writeFileSync(place(), 'x'.repeat(random(5000))),
  () => fs.appendFileSync(place(), 'more'),
  () => fs.truncateSync(place(), random(100)),
  () => {
    const fd = fs.openSync(place(), 'r+');
    fs.writeSync(fd, 'in place', random(50));
    fs.closeSync(fd);
  },
  () => {
    fs.writeFileSync(`${root}/temporary`, String(random(1e9)));
    fs.renameSync(`${root}/temporary`, place());
  },
  // Second names stay: of one that came and went between two questions no watch can tell what was written through it.
  () => fs.linkSync(place(), `${root}/L${random(40)}`),
  () => fs.appendFileSync(`${root}/L${random(40)}`, 'linked'),
  () => fs.symlinkSync(`target-${random(9)}`, place()),
  () => fs.renameSync(place(), place()),
  () => fs.unlinkSync(place()),
  () => fs.chmodSync(place(), 0o600 + random(0o100)),
  () => fs.utimesSync(place(), random(1e9), random(1e9)),
  () => fs.mkdirSync(place2(), { recursive: true }),
  () => fs.mkdirSync(place()),
  () => fs.renameSync(place2(), place2()),
  () => fs.renameSync(place2(), `${root}-outside`),
  () => fs.renameSync(`${root}-outside`, place2()),
  () => fs.chmodSync(place2(), 0o700 + random(0o100)),
  () => random(8) === 0 && fs.rmSync(place2(), { recursive: true, force: true }),
];
for (let step = 0; step < Number(steps); step += 1) {
  if (step % Number(pace) === 0) Atomics.wait(still, 0, 0, 1);
  if (step === 300) process.stdout.write('busy\n');
  try {
    actions[random(actions.length)]();
  } catch {
    // What is not there cannot be changed: the next action is another.
  }
}
process.stdout.write('done\n');
