import { readdirSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { writeAtomic } from '../../../dist/disk/atomic.js';

const file = process.argv[2];
await writeAtomic(file, 'old');
const error = await writeAtomic(file, 'x'.repeat(200_000)).catch((thrown) => thrown);
const result = { code: error.code, content: readFileSync(file, 'utf8'), names: readdirSync(dirname(file)) };
process.stdout.write(JSON.stringify(result));
