import { writeAtomic } from '../../../dist/disk/atomic.js';

process.stdout.write('ready\n');
for (let round = 0; ; round += 1) {
  await writeAtomic(process.argv[2], JSON.stringify({ round, filler: 'x'.repeat(200_000) }));
}
