import { fileURLToPath } from 'node:url';
import { live } from './life.js';

await live(fileURLToPath(import.meta.url), process.argv.slice(2), async (parts) => {
  const { contextsCapability } = await import('./contexts-capability.js');
  return contextsCapability(parts);
});
// A request that came to no end in time must not keep the process, and with it the lock.
process.exit();
