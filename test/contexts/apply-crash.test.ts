import { spawn } from 'node:child_process';
import { existsSync, lstatSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { carryOut } from '../../src/contexts/apply-carry-out.js';
import { writeJournal, type Journal } from '../../src/contexts/apply-journal.js';
import { lookAt } from '../../src/contexts/apply-look.js';
import { stage } from '../../src/contexts/apply-stage.js';
import { recoverApply, type ApplyRequest } from '../../src/contexts/apply.js';
import { upperChanges } from '../../src/contexts/upper-changes.js';
import { plan } from '../../src/model/three-way.js';
import { applyChild } from './apply-child.js';
import { makeLayer, type Layer, type LayerNode } from './layers.js';
import { materialize, viewOf, type TreeView } from './trees.js';

const file = (content: string, mode = 0o644): LayerNode => ({ kind: 'file', content, mode });

/** Something of everything, fifteen times. */
function largeChange(): { readonly base: Layer; readonly upper: Layer } {
  const fifteen = Array.from({ length: 15 }, (_, index) => `d${index % 7}/n${index}`);
  return {
    base: fifteen.flatMap((name): Layer => [
      [`${name}/edited`, file('old')],
      [`${name}/bits`, file('old')],
      [`${name}/gone/deleted`, file('old')],
      [`${name}/to-directory`, file('old')],
      [`${name}/to-file/x`, file('old')],
    ]),
    upper: fifteen.flatMap((name): Layer => [
      [`${name}/edited`, file('new')],
      [`${name}/bits`, file('old', 0o755)],
      [`${name}/gone`, { kind: 'whiteout' }],
      [`${name}/to-directory/x`, file('new')],
      [`${name}/to-file`, { kind: 'symlink', target: 'edited' }],
      [`${name}/added/x`, file('new')],
    ]),
  };
}

describe('an apply that is cut short', () => {
  let root = '';
  let request: ApplyRequest;
  let before: TreeView;
  let after: TreeView;

  const reset = (): void => {
    rmSync(request.target, { recursive: true, force: true });
    materialize(request.layers, request.target);
  };
  beforeAll(() => {
    root = mkdtempSync(`${tmpdir()}/mizer-crash-`);
    const { base, upper } = largeChange();
    makeLayer(`${root}/base`, base);
    makeLayer(`${root}/upper`, upper);
    const places = {
      layers: [`${root}/base`],
      upper: `${root}/upper`,
      target: `${root}/host`,
      staging: `${root}/staging`,
    };
    request = { ...places, paths: [], dryRun: false, merge: false };
    reset();
    before = viewOf(request.target);
    materialize([request.upper, ...request.layers], `${root}/wanted`);
    after = viewOf(`${root}/wanted`);
  });
  afterAll(() => rmSync(root, { recursive: true }));

  /** Whether an apply has flushed its journal: from then on it writes to the target. */
  const isWriting = (): boolean =>
    existsSync(request.staging) &&
    readdirSync(request.staging).some((name) => existsSync(`${request.staging}/${name}/journal.json`));

  /** Lets a process apply and ends it after that many milliseconds, counted from its beginning or from its first write. */
  async function applyFor(milliseconds: number, from: 'beginning' | 'writing'): Promise<number> {
    const child = spawn(process.execPath, applyChild(request), { stdio: ['ignore', 'pipe', 'inherit'] });
    const ended = once(child, 'close');
    await once(child.stdout, 'data');
    child.stdout.resume();
    const start = performance.now();
    if (from === 'writing') while (child.exitCode === null && !isWriting()) await sleep(0);
    await Promise.race([ended, sleep(milliseconds)]);
    child.kill('SIGKILL');
    await ended;
    return performance.now() - start;
  }

  test('leaves, once recovered, the tree as it was before or as it was to be (killed at 60 moments)', async () => {
    const whole = await applyFor(30_000, 'beginning');
    expect(viewOf(request.target)).toEqual(after);
    const seen = { before: 0, after: 0, between: 0, rolledBack: 0 };
    for (let round = 0; round < 60; round += 1) {
      reset();
      if (round % 3 === 0) await applyFor((whole * round) / 60, 'beginning');
      else await applyFor(Math.random() * 25, 'writing');
      const cut = viewOf(request.target);
      const isMixed = [before, after].every((state) => JSON.stringify([...state]) !== JSON.stringify([...cut]));
      const { rolledBack, left } = await recoverApply(request.staging);
      expect(left).toEqual([]);
      const state = JSON.stringify([...viewOf(request.target)]);
      expect([JSON.stringify([...before]), JSON.stringify([...after])]).toContain(state);
      expect(readdirSync(request.staging)).toEqual([]);
      seen[state === JSON.stringify([...after]) ? 'after' : 'before'] += 1;
      seen.rolledBack += rolledBack.length;
      seen.between += isMixed ? 1 : 0;
    }
    // The moments were well spread, some of them in the middle of writing.
    expect(Object.entries(seen).filter(([, count]) => count === 0)).toEqual([]);
  });

  /** What a process leaves that was killed after so many steps. */
  async function halted(steps: number): Promise<{ readonly directory: string; readonly journal: Journal }> {
    reset();
    const changes = upperChanges(request.layers, request.upper);
    const look = lookAt(changes, request.upper, request.target);
    const theirs = new Map(changes.flatMap(({ change, after }) => (after ? [[change.path, after] as const] : [])));
    const directory = `${request.staging}/apply-0123456789ab`;
    makeLayer(directory, []);
    const planned = plan(look.states, false).steps;
    const journal: Journal = {
      target: request.target,
      steps: await stage(directory, planned, { theirs, merged: new Map(), found: look.found }),
    };
    await writeJournal(directory, journal);
    expect(carryOut(directory, { ...journal, steps: journal.steps.slice(0, steps) }, look.found)).toBeUndefined();
    return { directory, journal };
  }

  test('is rolled back from any step, also when the recovery itself is cut short or done twice', async () => {
    const { journal } = await halted(0);
    await recoverApply(request.staging);
    const { length } = journal.steps;
    for (let steps = 0; steps <= length; steps += Math.ceil(length / 12)) {
      const { directory } = await halted(steps);
      const again = readFileSync(`${directory}/journal.json`);
      expect(await recoverApply(request.staging)).toEqual({ rolledBack: [request.target], left: [] });
      expect(viewOf(request.target)).toEqual(before);
      makeLayer(directory, [['journal.json', file(again.toString())]]);
      expect((await recoverApply(request.staging)).left).toEqual([]);
      expect(viewOf(request.target)).toEqual(before);
    }
  });

  test('never takes back what someone wrote since, and keeps what had been there', async () => {
    await halted(Infinity);
    const path = 'd0/n0/edited';
    writeFileSync(`${request.target}/${path}`, 'by a person, since');
    writeFileSync(`${request.target}/d0/n0/gone`, 'in the way');
    const { left } = await recoverApply(request.staging);
    expect(readFileSync(`${request.target}/${path}`, 'utf8')).toBe('by a person, since');
    expect(readFileSync(`${request.target}/d0/n0/gone`, 'utf8')).toBe('in the way');
    expect(left.map((one) => one.path).toSorted()).toEqual([path, 'd0/n0/gone/deleted']);
    for (const { saved = '' } of left) expect(readFileSync(saved, 'utf8')).toBe('old');
    expect(await recoverApply(request.staging)).toEqual({ rolledBack: [], left: [] });
    for (const { saved = '' } of left) expect(existsSync(saved)).toBe(true);
    expect(lstatSync(`${request.target}/d0/n7/gone/deleted`).isFile()).toBe(true);
    rmSync(request.staging, { recursive: true });
  });
});
