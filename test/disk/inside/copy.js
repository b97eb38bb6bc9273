import { copyTree } from '../../../dist/disk/copy.js';

const [, , from, to] = process.argv;
const { errors, unstable } = await copyTree({ from, to });
process.stdout.write(JSON.stringify({ errors, unstable }));
