import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** Bytes of memory that each of `count` things keeps which `make` makes. */
export async function bytesKept(count: number, make: () => unknown): Promise<number> {
  const kept: unknown[] = [await make()];
  collect();
  const before = process.memoryUsage();
  for (let index = 0; index < count; index += 1) kept.push(await make());
  collect();
  const after = process.memoryUsage();
  if (kept.length !== count + 1) throw new Error('Not all were kept.');
  return (after.heapUsed + after.arrayBuffers - before.heapUsed - before.arrayBuffers) / count;
}
