import { ObjectReader } from '../git/tree-reader.js';
import type { Shadow } from './shadow.js';

/** Work with the objects of a shadow repository; the reader goes with it. */
export async function withReader<T>(shadow: Shadow, work: (reader: ObjectReader) => Promise<T>): Promise<T> {
  const reader = ObjectReader.open(shadow.gitDir);
  try {
    return await work(reader);
  } finally {
    reader.close();
  }
}
