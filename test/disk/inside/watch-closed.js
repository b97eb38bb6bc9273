import * as fs from 'node:fs';
import { WatchedTree } from '../../../dist/disk/watched-tree.js';

const [, , root, cookieDirectory] = process.argv;
fs.mkdirSync(`${root}/closed`, { mode: 0o000 });
const watched = new WatchedTree(root, { cookieDirectory });
const touched = () => {
  const { paths, subtrees } = watched.touched();
  return [...paths, ...subtrees.map((path) => `${path}/`)].sort();
};
touched();
fs.chmodSync(`${root}/closed`, 0o700);
const said = [touched()];
fs.writeFileSync(`${root}/closed/file`, '');
said.push(touched());
process.stdout.write(JSON.stringify(said));
