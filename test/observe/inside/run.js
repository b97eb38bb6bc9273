// One run over the roots of a registry, after adding those given; each event is a line of JSON.
import { defaultSettings, Registry } from '../../../dist/observe/registry.js';
import { run } from '../../../dist/observe/run.js';

const [, , directory, shadowRoot, jobs, ...roots] = process.argv;
const registry = new Registry(directory);
for (const root of roots) await registry.add(root, { ...defaultSettings, patterns: 'repo *\n' });
const onEvent = (event) => process.stdout.write(`${JSON.stringify(event)}\n`);
await run({ registry, shadowRoot, jobs: Number(jobs), onEvent });
