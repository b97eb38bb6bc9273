import { setTimeout as sleep } from 'node:timers/promises';
import { parentPort } from 'node:worker_threads';
import { answerWith } from './background.js';
import { WatchedTree } from './watched-tree.js';
import type { WatchQuestion, WatchReply, WatchStats } from './watch.js';

/** Between two looks at the queue: the kernel's holds 16,384 events, which the quickest writers fill in 50 ms. */
const BETWEEN_MS = 5;
/** Looks without an event until it is left to the main thread to wait for the next one. */
const QUIET_LOOKS = 10;

const trees = new Map<number, WatchedTree>();

answerWith<WatchQuestion>(parentPort, async (question) => {
  if (question.ask === 'open') trees.set(question.id, new WatchedTree(question.root, question.options));
  const tree = trees.get(question.id);
  if (question.ask === 'drain') await drain(question.id);
  const value: WatchReply = { answer: tree && answer(tree, question), fd: tree?.fd ?? -1 };
  return { value };
});

function answer(tree: WatchedTree, { ask, id }: WatchQuestion): WatchReply['answer'] {
  if (ask === 'touched') return tree.touched();
  if (ask === 'stats') return statsOf(tree);
  if (ask === 'close') {
    tree.close();
    trees.delete(id);
  }
  return undefined;
}

async function drain(id: number): Promise<void> {
  for (let quiet = 0; quiet < QUIET_LOOKS; quiet += 1) {
    if (trees.get(id)?.drain() === true) quiet = 0;
    await sleep(BETWEEN_MS);
  }
}

function statsOf({ directories, events, overflows }: WatchedTree): WatchStats {
  const { heapUsed, external } = process.memoryUsage();
  return { directories, events, overflows, residentBytes: heapUsed + external };
}
