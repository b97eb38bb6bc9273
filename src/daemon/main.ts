import { fileURLToPath } from 'node:url';
import { contextsCapability } from './contexts-capability.js';
import { live } from './life.js';

await live(fileURLToPath(import.meta.url), process.argv.slice(2), contextsCapability);
