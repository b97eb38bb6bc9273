import { writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { Watcher } from '../../../dist/disk/watch.js';

const [, , root, cookieDirectory, mode] = process.argv;
const watcher = await Watcher.open(root, { cookieDirectory });
await watcher.touched();
if (mode === 'flood') {
  for (let index = 0; index < 3000; index += 1) writeFileSync(`${root}/f${index}`, '');
  await sleep(1);
}
if (mode === 'exit') process.exit(0);
if (mode === 'closed') await watcher.close();
