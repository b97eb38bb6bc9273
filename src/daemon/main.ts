import { fileURLToPath } from 'node:url';
import { contextsCapability } from './contexts-capability.js';
import { live } from './life.js';

await live(fileURLToPath(import.meta.url), process.argv.slice(2), contextsCapability);
// A request that came to no end in time must not keep the process, and with it the lock.
process.exit();
