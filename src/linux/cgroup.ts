import fs from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { MizerError } from '../model/errors.js';
import { lookForHierarchies, type Controller, type Hierarchy } from './cgroup-look.js';
import { errnoOf } from './native.js';

/** Most that the processes of a group may use together; `Infinity` takes a limit away, what is not named stays. */
export interface Limits {
  /** 100 is one processor. */
  readonly cpuPercent?: number;
  readonly memoryBytes?: number;
  readonly pids?: number;
}

const own = 'mizer';
const suffix = '.context';
const patienceMs = 5000;
const cpuPeriod = 100_000;
const leastQuota = 1000;

function unavailable(what: string, reason: string): MizerError {
  return new MizerError('E_CGROUP_UNAVAILABLE', `${what} is not possible: ${reason}.`, {
    hint: 'Run `mzr doctor` to see how control groups can be delegated to you on this machine.',
  });
}

/** Carries out `action`, for which the kernel needs a moment, until `done` says so. */
async function until(what: string, group: string, done: () => boolean): Promise<void> {
  for (const end = Date.now() + patienceMs; !done(); await delay(2)) {
    if (Date.now() < end) continue;
    throw new MizerError(
      'E_CGROUP_TIMEOUT',
      `The processes of ${group} could not be ${what} in ${patienceMs / 1000} s.`,
      {
        group: 'failed',
        hint: `See what they wait for with \`ps -o pid,stat,wchan\`; \`mzr show ${group}\` lists them.`,
      },
    );
  }
}

/** The group and all groups in it, the deepest first. */
function subtree(directory: string): string[] {
  if (!fs.existsSync(directory)) return [];
  const below = fs.readdirSync(directory, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return [...below.flatMap((entry) => subtree(`${directory}/${entry.name}`)), directory];
}

/** Reads an interface file; nothing where the group or file is not there. */
function read(file: string): string {
  try {
    return fs.readFileSync(file, 'latin1');
  } catch (error) {
    if (errnoOf(error) === 'ENOENT' || errnoOf(error) === 'ENODEV') return '';
    throw error;
  }
}

/** Writes an interface file. */
function write(file: string, value: string): void {
  try {
    fs.writeFileSync(file, value);
  } catch (cause) {
    const errno = errnoOf(cause);
    if (errno === 'EACCES' || errno === 'EPERM') {
      throw unavailable(
        'Changing a control group',
        `${file} may not be written, or the process is in a group of someone else`,
      );
    }
    throw new MizerError('E_CGROUP_REFUSED', `The kernel refuses ${JSON.stringify(value)} in ${file} (${errno}).`, {
      group: 'failed',
      hint: 'See with `mzr list` whether the processes still run, or choose another limit.',
      data: { errno, path: file },
      cause,
    });
  }
}

/** Sends SIGKILL; a process that is gone is no error. */
function killProcess(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if (errnoOf(error) !== 'ESRCH') throw error;
  }
}

/** Processes that are limited, stopped and ended together; cgroups(7). Each of `places` is the group's directory in one hierarchy. */
export class ControlGroup {
  readonly name: string;
  readonly #places: readonly Hierarchy[];

  constructor(name: string, places: readonly Hierarchy[]) {
    this.name = name;
    this.#places = places;
  }

  /** @throws MizerError `E_CGROUP_UNAVAILABLE` */
  #placeOf(controller: Controller, what: string): Hierarchy {
    const place = this.#places.find((each) => each.controllers.includes(controller));
    if (place !== undefined) return place;
    throw unavailable(what, `the control group controller ${controller} cannot be used`);
  }

  /**
   * Sets limits: all of them, or none where one is not possible.
   * @throws MizerError `E_CGROUP_UNAVAILABLE`
   */
  limit(limits: Limits): void {
    const { cpuPercent, memoryBytes, pids } = limits;
    const writes: [string, string][] = [];
    if (cpuPercent !== undefined) {
      const { directory, version } = this.#placeOf('cpu', 'Limiting processor time');
      const isFinite = Number.isFinite(cpuPercent);
      const quota = Math.max(leastQuota, Math.round((cpuPercent / 100) * cpuPeriod));
      if (version === 2) writes.push([`${directory}/cpu.max`, `${isFinite ? quota : 'max'} ${cpuPeriod}`]);
      else writes.push([`${directory}/cpu.cfs_quota_us`, isFinite ? `${quota}` : '-1']);
    }
    if (memoryBytes !== undefined) {
      const { directory, version } = this.#placeOf('memory', 'Limiting memory');
      const isFinite = Number.isFinite(memoryBytes);
      if (version === 2) writes.push([`${directory}/memory.max`, isFinite ? `${memoryBytes}` : 'max']);
      else writes.push([`${directory}/memory.limit_in_bytes`, isFinite ? `${memoryBytes}` : '-1']);
    }
    if (pids !== undefined) {
      const { directory } = this.#placeOf('pids', 'Limiting the number of processes');
      writes.push([`${directory}/pids.max`, Number.isFinite(pids) ? `${pids}` : 'max']);
    }
    for (const [file, value] of writes) write(file, value);
  }

  /** Puts a process into the group; its later children are in it too. What it has allocated before stays counted elsewhere. */
  add(pid: number): void {
    for (const { directory } of this.#places) write(`${directory}/cgroup.procs`, `${pid}`);
  }

  /** The files into which a process writes `0` to come into the group itself. */
  doors(): string[] {
    return this.#places.map(({ directory }) => `${directory}/cgroup.procs`);
  }

  /** The processes in the group and in groups made within it. */
  processes(): number[] {
    const [place] = this.#places;
    if (place === undefined) return [];
    const groups = subtree(place.directory);
    return groups.flatMap((group) => read(`${group}/cgroup.procs`).split('\n').filter(Boolean).map(Number));
  }

  /** Whether every process is stopped. */
  isFrozen(): boolean {
    const { directory, version } = this.#placeOf('freezer', 'Pausing');
    if (version === 2) return /^frozen 1$/m.test(read(`${directory}/cgroup.events`));
    return read(`${directory}/freezer.state`).trim() === 'FROZEN';
  }

  #setFrozen(frozen: boolean): void {
    const { directory, version } = this.#placeOf('freezer', 'Pausing');
    if (version === 2) write(`${directory}/cgroup.freeze`, frozen ? '1' : '0');
    else write(`${directory}/freezer.state`, frozen ? 'FROZEN' : 'THAWED');
  }

  /** Stops every process, and those that come; done when all stand still. */
  async freeze(): Promise<void> {
    this.#setFrozen(true);
    await until('stopped', this.name, () => this.isFrozen());
  }

  /** Lets the processes go on. */
  async thaw(): Promise<void> {
    this.#setFrozen(false);
    await until('resumed', this.name, () => !this.isFrozen());
  }

  /** Ends every process with SIGKILL, also stopped ones, and none escapes by forking; done when none is left. */
  async kill(): Promise<void> {
    const second = this.#places.find((place) => place.version === 2);
    if (second !== undefined && fs.existsSync(`${second.directory}/cgroup.kill`)) {
      write(`${second.directory}/cgroup.kill`, '1');
      await until('ended', this.name, () => this.processes().length === 0);
      return;
    }
    const canFreeze = this.#places.some((place) => place.controllers.includes('freezer'));
    if (canFreeze) await this.freeze();
    for (const pid of this.processes()) killProcess(pid);
    if (canFreeze) await this.thaw();
    await until('ended', this.name, () => {
      const left = this.processes();
      for (const pid of left) killProcess(pid);
      return left.length === 0;
    });
  }

  /**
   * Removes the group, and groups made within it. One that is gone is no error. A process that has just ended is waited for: it leaves its
   * groups one after another.
   * @throws MizerError `E_CGROUP_IN_USE`
   */
  async remove(): Promise<void> {
    await until('forgotten', this.name, () => this.#places.every((place) => subtree(place.directory).every(isRemoved)));
  }
}

function isRemoved(directory: string): boolean {
  try {
    fs.rmdirSync(directory);
    return true;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return true;
    if (errnoOf(error) !== 'EBUSY') throw error;
  }
  const pids = read(`${directory}/cgroup.procs`).split('\n').filter(Boolean);
  // Who ends gives up his namespaces before his groups.
  if (!pids.some((pid) => fs.existsSync(`/proc/${pid}/ns/mnt`))) return false;
  throw new MizerError('E_CGROUP_IN_USE', `The control group ${directory} still holds processes.`, {
    hint: 'End them with `mzr stop CONTEXT`.',
  });
}

/** The groups that mizer has made in some hierarchies. */
export class ControlGroups {
  readonly #hierarchies: readonly Hierarchy[];

  /** @param hierarchies of `lookForHierarchies` */
  constructor(hierarchies: readonly Hierarchy[]) {
    this.#hierarchies = hierarchies;
  }

  #places(name: string): Hierarchy[] {
    return this.#hierarchies.map((hierarchy) => ({
      ...hierarchy,
      directory: `${hierarchy.directory}/${own}/${encodeURIComponent(name)}${suffix}`,
    }));
  }

  /** What can be done to the groups. */
  controllers(): Controller[] {
    return this.#hierarchies.flatMap((hierarchy) => hierarchy.controllers);
  }

  /** The group `name`, made if it is not there. */
  create(name: string): ControlGroup {
    const places = this.#places(name);
    for (const [index, { version, directory, controllers }] of this.#hierarchies.entries()) {
      fs.mkdirSync(`${directory}/${own}`, { recursive: true });
      const enabled = controllers
        .filter((controller) => controller !== 'freezer')
        .map((controller) => `+${controller}`);
      if (version === 2 && enabled.length > 0) {
        write(`${directory}/cgroup.subtree_control`, enabled.join(' '));
        write(`${directory}/${own}/cgroup.subtree_control`, enabled.join(' '));
      }
      const place = places[index];
      if (place !== undefined) fs.mkdirSync(place.directory, { recursive: true });
    }
    return new ControlGroup(name, places);
  }

  /** The group `name`, if it is there. */
  find(name: string): ControlGroup | undefined {
    const places = this.#places(name);
    return places.some((place) => fs.existsSync(place.directory)) ? new ControlGroup(name, places) : undefined;
  }

  /** The names of all groups that are there. */
  names(): string[] {
    const directories = this.#hierarchies.map((hierarchy) => `${hierarchy.directory}/${own}`);
    const entries = directories.filter((each) => fs.existsSync(each)).flatMap((each) => fs.readdirSync(each));
    const names = entries.filter((entry) => entry.endsWith(suffix)).map((entry) => entry.slice(0, -suffix.length));
    return [...new Set(names)].map(decodeURIComponent).sort();
  }
}

/**
 * The control groups this process may make.
 * @throws MizerError `E_CGROUP_UNAVAILABLE` with the reason
 */
export function openControlGroups(hierarchies: readonly Hierarchy[] = lookForHierarchies()): ControlGroups {
  if (hierarchies.length > 0) return new ControlGroups(hierarchies);
  const reason = 'no control group of this machine is delegated to this user, or none is mounted';
  throw unavailable('Limiting or pausing processes', reason);
}
