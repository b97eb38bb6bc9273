import { LiveError, MemoryProvider } from '../../../src/live/index.js';
import type { FileDescription, TextBuffer, Version } from '../../../src/live/index.js';
import { toText } from '../../../src/model/tree-path.js';
import { Characters, readable, repeated } from './characters.js';
import { Network } from './network.js';
import { checkAgainstAll } from './oracle.js';
import { Participant } from './participant.js';
import { pick } from './random.js';
import type { Plan, Step } from './steps.js';

/** In one run of so many every tree is held against all its operations after every step. */
const CHECKED = 10;
const NAMES = ['a', 'b', 'c', 'd'];

/** The replicas, what is between them, and what everybody must agree on. */
export class World {
  readonly git = new MemoryProvider();
  readonly characters = new Characters();
  readonly #network = new Network();
  #people: Participant[] = [];
  readonly #commits: string[] = [];
  readonly #later: { readonly oid: string; readonly version: Version }[] = [];
  /** What somebody had at some time. */
  readonly #versions: Version[] = [];
  #numbers = 0;
  #now = 0;
  #wasReset = false;
  #wasLost = false;
  #hadEpochs = false;

  static async run(plan: Plan, observe?: (world: World, step: Step | undefined) => void): Promise<void> {
    const world = new World();
    await world.#begin(plan);
    for (const step of plan.steps) {
      observe?.(world, step);
      await world.#do(step).catch((error: unknown) => {
        if (!(error instanceof LiveError)) throw error;
      });
      await ticks(8);
      for (const person of world.#people) person.checkBuffers();
      if (plan.seed % CHECKED === 0)
        for (const { tree, provider } of world.#people) if (provider.isOpen) await checkAgainstAll(tree, world.git);
    }
    observe?.(world, undefined);
    await world.#quiet();
  }

  get people(): readonly Participant[] {
    return this.#people;
  }

  async #begin({ seed, replicas }: Plan): Promise<void> {
    const files: Record<string, FileDescription> = {
      a: 'one\ntwo\nthree\n',
      b: 'four\nfive\nsix\n',
      'c/a': 'seven\n',
      'c/b/a': 'eight\n',
      'c/b/d': new Uint8Array([0, 1, 2]),
      'd/a': { mode: 0o100755, content: 'nine\n' },
      'd/c': { mode: 0o120000, content: '../a' },
    };
    const base = this.git.commit(files);
    const other = this.git.commit({ ...files, a: 'one\nTWO\nthree\n', 'c/c': 'ten\n', 'd/b/a': 'eleven\n' });
    const { 'c/b/a': _, 'c/b/d': __, ...fewer } = files;
    const less = this.git.commit({ ...fewer, b: 'four\nsix\n', 'c/b': 'a file\n' });
    this.#commits.push(base, other, less);
    const first = await this.#join(1, { base: this.#commits[seed % 3] ?? base });
    for (let replica = 2; replica <= replicas; replica += 1) {
      await this.#join(replica, { operations: [first.tree.missing()] });
    }
    this.#numbers = replicas;
  }

  async #join(
    replica: number,
    from: { readonly base: string } | { readonly operations: readonly Uint8Array[] },
  ): Promise<Participant> {
    const { git, characters } = this;
    const send = (bytes: Uint8Array): void =>
      this.#network.send(
        replica,
        this.#people.map((person) => person.replica),
        bytes,
      );
    const person = await Participant.make({ replica, git, characters, clock: () => this.#now }, from, send);
    this.#people.push(person);
    return person;
  }

  async #do({ kind, who, shares }: Step): Promise<void> {
    const person = pick(this.#people, who);
    if (person === undefined) return;
    const { tree } = person;
    const [first, second, third, fourth] = shares;
    switch (kind) {
      case 'create': {
        const type =
          pick(['text', 'text', 'text', 'directory', 'directory', 'binary', 'symlink'] as const, third) ?? 'text';
        const content =
          type === 'directory'
            ? undefined
            : type === 'text'
              ? this.characters.type(person.replica, 2)
              : type === 'binary'
                ? Uint8Array.of(0, Math.floor(fourth * 256))
                : 'a';
        const directory = await this.#path(person, first, true);
        const made = tree.create(join(directory, pick(NAMES, second) ?? 'a'), type, content);
        person.make(typeof content === 'string' ? content : '', made);
        return;
      }
      case 'rename': {
        const directory = await this.#path(person, second, true);
        person.start(tree.rename(await this.#path(person, first, false), join(directory, pick(NAMES, third) ?? 'a')));
        return;
      }
      case 'remove':
        return this.#remove(person, await this.#path(person, first, false));
      case 'mode':
        person.start(tree.setExecutable(await this.#path(person, first, false), second < 0.5));
        return;
      case 'open':
        person.start(person.open(await this.#path(person, first, false)));
        return;
      case 'write':
        return this.#write(person, await this.#path(person, first, false), second, third);
      case 'deliver':
        for (let count = 1 + Math.floor(first * 6); count > 0; count -= 1) this.#deliver(second, third < 0.15);
        return;
      case 'tell': {
        // All that he has, or all since some time: joined to runs, which begin and end wherever it may be.
        const since = second < 0.3 ? undefined : pick(this.#versions, third);
        const other = pick(this.#people, fourth);
        this.#versions.push(tree.version());
        if (other !== undefined) this.#network.send(person.replica, [other.replica], tree.missing(since));
        return;
      }
      case 'partition':
        this.#network.partition(
          new Map(this.#people.map(({ replica }, at) => [replica, (first * 2 ** at) % 1 < 0.5 ? 0 : 1])),
        );
        return;
      case 'heal':
        this.#network.heal();
        return;
      case 'hold':
        if (first < 0.5) person.provider.hang();
        else person.provider.fail();
        return;
      case 'release':
        person.provider.open();
        person.start(tree.retry());
        return;
      case 'clock':
        this.#now += Math.floor(first * 2000);
        return;
      case 'quiet':
        return this.#quiet();
      case 'garbage': {
        const kept = pick(person.kept, first)?.slice();
        if (kept === undefined || kept.length === 0) return;
        const at = Math.floor(second * kept.length);
        kept[at] = (kept[at] ?? 0) ^ (1 + Math.floor(third * 255));
        person.start(tree.apply(fourth < 0.5 ? kept : kept.subarray(0, at)));
        return;
      }
      case 'reset': {
        this.#hadEpochs = true;
        const oid = pick(this.#commits, first) ?? null;
        this.#wasReset = true;
        for (const commit of this.#commits) this.#excuse(commit);
        person.start(tree.reset(oid));
        return;
      }
      case 'commit':
      case 'commit-later':
        return this.#commit(person, kind === 'commit', first);
      case 'crash':
        return this.#crash(person, false);
      case 'lose':
        return this.#crash(person, true);
      default:
        this.#inBuffer(person, kind, shares);
    }
  }

  #inBuffer(person: Participant, kind: Step['kind'], [first, second, third, fourth]: Step['shares']): void {
    const buffer = pick(person.buffers, first);
    if (buffer === undefined) return;
    if (kind === 'undo') buffer.undo();
    if (kind === 'redo') buffer.redo();
    if (kind === 'close') person.close(buffer);
    const characters = Array.from(buffer.text());
    const start = Math.floor(second * (characters.length + 1));
    if (kind === 'type') this.#type(person, buffer, characters.slice(0, start).join('').length, third, fourth);
    if (kind !== 'edit') return;
    const end = third < 0.7 ? start : Math.min(characters.length, start + Math.floor((third - 0.7) * 20));
    const offset = (index: number): number => characters.slice(0, index).join('').length;
    const text =
      third > 0.9 ? '' : this.characters.type(person.replica, 1 + Math.floor(fourth * 3)) + (fourth > 0.8 ? '\n' : '');
    buffer.edit([{ start: offset(start), end: offset(end) }], text);
  }

  /** Letter by letter, some of which are taken back. */
  #type(person: Participant, buffer: TextBuffer, offset: number, much: number, back: number): void {
    const letters = Array.from({ length: 1 + Math.floor(much * 6) }, () =>
      back < 0.5 ? '\n' : this.characters.type(person.replica, 1),
    );
    let at = offset;
    for (const letter of letters) {
      buffer.edit([{ start: at, end: at }], letter);
      at += letter.length;
    }
    for (const letter of letters.toReversed().slice(0, Math.floor(((back * 2) % 1) * letters.length))) {
      buffer.edit([{ start: at - letter.length, end: at }], '');
      at -= letter.length;
    }
  }

  async #remove(person: Participant, path: string): Promise<void> {
    if (!person.provider.isOpen) return;
    const entry = await person.tree.entry(path);
    if (entry === null) return;
    if (entry.type === 'directory') {
      for await (const { type, path: below } of person.tree.entries({ within: path })) {
        if (type === 'file' && below !== null) this.characters.delete(decode(await person.tree.read(below)));
      }
    } else if (entry.type === 'file') this.characters.delete(decode(await person.tree.read(path)));
    person.start(person.tree.remove(path));
  }

  async #write(person: Participant, path: string, second: number, third: number): Promise<void> {
    if (!person.provider.isOpen) return;
    const entry = await person.tree.entry(path);
    if (entry !== null && entry.type !== 'file') return;
    const before = entry === null ? [] : Array.from(decode(await person.tree.read(path)));
    const start = Math.floor(second * (before.length + 1));
    const deleted = before.splice(start, Math.floor(third * 4));
    this.characters.delete(deleted.join(''));
    if (third > 0.9) {
      this.characters.delete(before.join(''));
      before.push('\0');
    }
    before.splice(start, 0, this.characters.type(person.replica, 2));
    const typed = before.join('');
    if (typed.includes('\0')) this.characters.delete(typed);
    person.make(typed, person.tree.write(path, new TextEncoder().encode(typed)));
  }

  #deliver(share: number, again: boolean): boolean {
    const message = this.#network.next(share, again);
    if (message === undefined) return false;
    this.#people.find(({ replica }) => replica === message.to)?.receive(message.bytes);
    return true;
  }

  async #commit(person: Participant, atOnce: boolean, share: number): Promise<void> {
    this.#hadEpochs = true;
    const later = pick(this.#later, share);
    if (atOnce && share < 0.3 && later !== undefined) {
      person.start(person.tree.commit(later.oid, later.version));
      return;
    }
    const { tree } = person;
    if (!person.provider.isOpen || tree.base === null) return;
    const version = tree.version();
    const base = tree.base;
    const committed = this.git.files(base);
    // What a commit before has and nobody edited since goes with what it was removed with, or moved into meanwhile: git keeps that.
    for await (const { visible, basePath } of tree.entries({ removed: true })) {
      const file = visible || basePath === null ? undefined : committed.get(basePath);
      if (file !== undefined) this.characters.delete(decode(file.content));
    }
    const files = new Map<string, FileDescription>(committed);
    for await (const { path, after } of tree.changes()) {
      const name = toText(path) ?? '';
      if (after === undefined) files.delete(name);
      else
        files.set(name, { mode: after.mode, content: 'bytes' in after ? after.bytes : await this.git.blob(after.oid) });
    }
    // Something came in while it was read: it is the commit of no version.
    if (printed(tree.version()) !== printed(version)) return;
    const oid = this.git.commit(files, [base], `${this.#commits.length}`);
    this.#commits.push(oid);
    if (this.#wasReset) this.#excuse(oid);
    if (atOnce) person.start(tree.commit(oid, version));
    else this.#later.push({ oid, version });
  }

  /** What is in a commit is kept by git when HEAD goes elsewhere. */
  #excuse(commit: string): void {
    for (const { content } of this.git.files(commit).values()) this.characters.delete(decode(content));
  }

  async #crash(person: Participant, withLoss: boolean): Promise<void> {
    if (withLoss && this.#people.length < 2) return;
    this.#people = this.#people.filter((other) => other !== person);
    person.isGone = true;
    for (const text of person.unmade) this.characters.delete(text);
    this.#network.forget(person.replica);
    if (!withLoss) {
      await this.#join(person.replica, { operations: person.kept });
      return;
    }
    this.#wasLost = true;
    this.characters.lose(person.replica);
    this.#numbers += 1;
    const other = pick(this.#people, 0.5);
    if (other !== undefined) await this.#join(this.#numbers, { operations: [other.tree.missing()] });
  }

  /** Everything arrives; then all must be the same everywhere. */
  async #quiet(): Promise<void> {
    this.#network.heal();
    for (const { provider } of this.#people) provider.open();
    for (let round = 0; ; round += 1) {
      for (const person of this.#people) person.start(person.tree.retry());
      await this.#rest();
      while (this.#deliver(0.37, false));
      await this.#rest();
      const [one, ...others] = this.#people;
      if (one === undefined) return;
      for (const other of others) {
        other.receive(one.tree.missing(other.tree.version()));
        one.receive(other.tree.missing(one.tree.version()));
      }
      await this.#rest();
      const versions = new Set(this.#people.map(({ tree }) => printed(tree.version())));
      if (versions.size === 1 && !this.#deliver(0.37, false)) break;
      if (round > 20) throw new Error(`no rest: ${[...versions].join(' | ')}`);
    }
    await this.#compare();
  }

  async #rest(): Promise<void> {
    for (let round = 0; round < 200; round += 1) {
      await ticks(10);
      for (const person of this.#people) person.checkBuffers();
      if (this.#people.every(({ isBusy }) => !isBusy)) return;
    }
    throw new Error('something never ends');
  }

  async #compare(): Promise<void> {
    const kept: string[] = [];
    let expected: string | undefined;
    for (const person of this.#people) {
      const { rows, texts } = await person.picture();
      kept.push(...texts, ...person.buffers.map((buffer) => buffer.text()));
      const changes = [];
      for await (const change of person.tree.changes()) changes.push(JSON.stringify(change));
      const picture = readable([...rows, ...changes].join('\n'));
      expected ??= picture;
      if (picture !== expected) throw new Error(`replica ${person.replica} shows\n${differing(picture, expected)}`);
      const waiting = person.tree.deferred();
      if (waiting.length > 0 && !this.#wasLost)
        throw new Error(`replica ${person.replica} waits: ${JSON.stringify(waiting)}`);
      const names = rows.map((row) => row.split(' ')[0] ?? '').filter((row) => !row.startsWith('('));
      if (new Set(names).size !== names.length) throw new Error(`two of one name: ${names.join(' ')}`);
    }
    const [shown] = this.#people;
    // Where several began epochs, one may have removed what another committed changed: it is there under both identities then.
    if (shown !== undefined && !this.#hadEpochs) {
      const twice = repeated((await shown.picture()).files);
      if (twice.length > 0) throw new Error(`twice: ${twice.join(' ')}\n${expected}`);
    }
    const missing = this.characters.missing(kept);
    if (missing.length > 0) throw new Error(`lost: ${missing.join(' ')}\n${expected}`);
  }
  async #path(person: Participant, share: number, isDirectory: boolean): Promise<string> {
    const paths = isDirectory ? ['', ''] : ['a'];
    if (person.provider.isOpen) {
      for await (const { path, type } of person.tree.entries()) {
        if (path !== null && (!isDirectory || type === 'directory')) paths.push(path);
      }
    } else paths.push(...(isDirectory ? ['c', 'd', 'c/b'] : ['a', 'b', 'c/a', 'd/a', 'c/b/a', 'c', 'd']));
    return pick(paths, share) ?? '';
  }
}

/** The lines of two pictures that are in one only. */
function differing(one: string, other: string): string {
  const left = one.split('\n');
  const right = other.split('\n');
  const only = (lines: readonly string[], others: readonly string[], mark: string): string[] =>
    lines.filter((line) => !others.includes(line)).map((line) => mark + line);
  const lines = [...only(left, right, '+ '), ...only(right, left, '- ')];
  return lines.length > 0 ? lines.join('\n') : `${one}\ninstead of\n${other}`;
}

function join(directory: string, name: string): string {
  return directory === '' ? name : `${directory}/${name}`;
}

function decode(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

function printed({ epoch, vector }: Version): string {
  const parts = Array.from(vector, ([replica, seq]) => `${replica}:${seq}`);
  return `${epoch.time}.${epoch.replica} ${parts.toSorted().join(',')}`;
}

async function ticks(count: number): Promise<void> {
  for (let left = count; left > 0; left -= 1) await Promise.resolve();
}
