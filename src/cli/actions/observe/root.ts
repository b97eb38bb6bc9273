import { resolve } from 'node:path';
import { MizerError } from '../../../model/errors.js';
import { defaultSettings, Registry, type Root } from '../../../observe/registry.js';
import { readRootStatus, removeRootStatus, type RootStatus } from '../../../observe/run-status.js';
import { stateDirectory } from '../../../observe/state-directory.js';
import { answer } from '../../answer.js';
import { shown } from '../../reporter/human.js';
import { rootPages } from '../../reporter/roots.js';
import type { World } from '../../world.js';
import { type SettingsInput, settingsOf } from './root-settings.js';

interface RootInput {
  readonly root: string;
}

export async function add(input: RootInput & SettingsInput, world: World): Promise<number> {
  const settings = { ...defaultSettings, ...settingsOf(input, world) };
  const root = await registryOf(world).add(resolve(world.cwd(), input.root), settings);
  answer(world, { root }, () => `${shown(root.path)} is a root now. Observe it with: mzr observe run\n`);
  return 0;
}

export async function set(input: RootInput & SettingsInput, world: World): Promise<number> {
  const settings = settingsOf(input, world);
  if (Object.keys(settings).length === 0) {
    throw new MizerError('E_USAGE', 'What is to be changed?', {
      group: 'usage',
      hint: 'Give --patterns, --enable, --policy or --limit; see mzr help observe root set.',
    });
  }
  const root = await registryOf(world).set(resolve(world.cwd(), input.root), settings);
  answer(world, { root }, () => `${shown(root.path)} is changed.\n`);
  return 0;
}

export async function remove(input: RootInput, world: World): Promise<number> {
  const registry = registryOf(world);
  const root = await registry.remove(resolve(world.cwd(), input.root));
  await removeRootStatus(registry.directory, root.path);
  answer(world, { root }, () => `${shown(root.path)} is no root any more. What was recorded stays.\n`);
  return 0;
}

export async function show(input: { readonly root: string | undefined }, world: World): Promise<number> {
  const registry = registryOf(world);
  const { root } = input;
  const roots = root === undefined ? await registry.roots() : [await registry.root(resolve(world.cwd(), root))];
  const all: (Root & RootStatus)[] = [];
  for (const one of roots) all.push({ ...one, ...(await readRootStatus(registry.directory, one.path)) });
  answer(world, { roots: all }, () => rootPages(all, world.now(), world.out.style));
  return 0;
}

export function registryOf(world: World): Registry {
  return new Registry(stateDirectory(world.env));
}
