// Adds the directories given, one after the other, and says each that is surely kept.
import { defaultSettings, Registry } from '../../../dist/observe/registry.js';

const [, , directory, ...roots] = process.argv;
const registry = new Registry(directory);
for (const root of roots) {
  await registry.add(root, defaultSettings);
  process.stdout.write(`${root}\n`);
}
