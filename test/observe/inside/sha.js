// Brings master-sha up to date and answers with what it did as JSON.
import { openShadow } from '../../../dist/observe/shadow.js';
import { sha } from '../../../dist/observe/sha.js';

const [, , path] = process.argv;
const result = await sha(await openShadow(path));
process.stdout.write(JSON.stringify({ ...result, bytes: Number(result.bytes) }));
