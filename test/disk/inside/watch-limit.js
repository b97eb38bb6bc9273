import { writeFileSync } from 'node:fs';
import { WatchedTree } from '../../../dist/disk/watched-tree.js';

const [, , root, cookieDirectory] = process.argv;
const watched = new WatchedTree(root, { cookieDirectory });
const said = [watched.touched(), { directories: watched.directories }];
writeFileSync('/proc/sys/user/max_inotify_watches', '100');
said.push(watched.touched());
const { trusted, subtrees } = watched.touched();
said.push({ trusted, subtrees }, { directories: watched.directories });
process.stdout.write(JSON.stringify(said));
