import { parentPort } from 'node:worker_threads';
import { answerWith } from './background.js';
import { WatchedTree } from './watched-tree.js';
import type { WatchQuestion, WatchReply } from './watch.js';

const trees = new Map<number, WatchedTree>();

answerWith<WatchQuestion>(parentPort, (question) => ({ value: answer(question) }));

function answer(question: WatchQuestion): WatchReply {
  if (question.ask === 'open') {
    trees.set(question.id, new WatchedTree(question.root, question.options));
    return undefined;
  }
  const tree = trees.get(question.id);
  if (question.ask === 'touched') return tree?.touched() ?? { trusted: false, reason: 'confused' };
  if (question.ask === 'stats') {
    const { heapUsed, external } = process.memoryUsage();
    const { directories, events, overflows } = tree ?? { directories: 0, events: 0, overflows: 0 };
    return { directories, events, overflows, residentBytes: heapUsed + external };
  }
  tree?.close();
  trees.delete(question.id);
  return undefined;
}
