// Takes a lock again and again, whose file it removes each time before it gives it back, and fails when it is not alone.
// Arguments: the lock file, how many times. The library is the one that was built.
import { mkdirSync, rmdirSync, rmSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import { whileLocked } from '../../../dist/observe/state-directory.js';

const [file, times] = process.argv.slice(2);
for (let turn = 0; turn < Number(times);) {
  await whileLocked(file, 0, async () => {
    mkdirSync(`${file}.alone`);
    await setImmediate();
    rmdirSync(`${file}.alone`);
    rmSync(file);
    turn += 1;
  });
}
