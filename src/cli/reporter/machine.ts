import type { Finding, FindingLevel } from '../../doctor/findings.js';
import type { DaemonStatus, WatchStatus } from '../../protocol/messages.js';
import { age, count, shown, size } from './human.js';
import type { Style } from './style.js';
import { labelled } from './table.js';

const indent = ' '.repeat(9);

/** The findings of `mzr doctor`, each that is not well with its fix below it. */
export function findingList(findings: readonly Finding[], style: Style): string {
  const paint: Record<FindingLevel, (text: string) => string> = {
    ok: style.green,
    warning: style.yellow,
    error: style.red,
  };
  const label: Record<FindingLevel, string> = { ok: 'ok', warning: 'warning', error: 'missing' };
  const lines = findings.map(({ id, level, sentence, fix }) => {
    const head = `${paint[level](label[level].padEnd(7))}  ${sentence} ${style.dim(`[${id}]`)}\n`;
    const mend =
      fix === undefined ? '' : `${indent}${style.cyan('fix')} ${fix.trimEnd().replaceAll('\n', `\n${indent}    `)}\n`;
    return head + mend;
  });
  const number = (wanted: FindingLevel): number => findings.filter(({ level }) => level === wanted).length;
  const verdict =
    number('error') > 0
      ? style.red(
          `${count(number('error'), 'thing')} that contexts need ${number('error') === 1 ? 'is' : 'are'} missing.`,
        )
      : number('warning') > 0
        ? style.yellow(`Contexts work here, with ${count(number('warning'), 'remark')}.`)
        : style.green('Contexts work here.');
  return `${lines.join('')}\n${verdict}\n`;
}

export function daemonPage(status: DaemonStatus, now: number, style: Style): string {
  const pairs: (readonly [string, string])[] = [
    ['daemon', `running, process ${status.pid}, build ${status.build}`],
    ['started', `${age(Date.parse(status.startedAt), now)} ago (${status.startedAt})`],
    ['holder', status.holder === undefined ? 'none yet' : `process ${status.holder}`],
    ['memory', size(status.residentBytes)],
    ['sessions', String(status.sessions)],
    ['mounts', String(status.mounts)],
    ['socket', shown(status.socket)],
    ['log', shown(status.log)],
    ['watched', status.watched.map((watch) => watchText(watch, now, style)).join('\n') || 'nothing'],
  ];
  return labelled(pairs, style);
}

function watchText(watch: WatchStatus, now: number, style: Style): string {
  const trust = watch.trusted
    ? style.green('trusted')
    : style.yellow(`not trusted${watch.reason === undefined ? '' : `: ${watch.reason}`}`);
  const missed = `${watch.missed} missed`;
  const verified =
    watch.verifiedAt === undefined ? 'never verified' : `verified ${age(Date.parse(watch.verifiedAt), now)} ago`;
  const facts = [
    count(watch.directories, 'directory', 'directories'),
    trust,
    watch.missed > 0 ? style.red(missed) : missed,
    verified,
  ];
  return `${shown(watch.workTree)} (${facts.join(', ')})`;
}
