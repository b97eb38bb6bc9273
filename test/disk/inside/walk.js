import { walkSync } from '../../../dist/disk/walk.js';

const { manifest, errors } = walkSync(process.argv[2]);
process.stdout.write(JSON.stringify({ paths: [...manifest.entries()].map((entry) => entry.path), errors }));
