import { discard, emptyTrash } from '../../../dist/disk/trash.js';

const [, , store, path] = process.argv;
const code = await discard(path, { store, trash: `${store}/trash` }).then(
  () => '',
  (error) => error.code,
);
const { removed, errors } = await emptyTrash(`${store}/trash`);
process.stdout.write(`${JSON.stringify({ removed, errors: errors.map((error) => error.code) })} ${code}`);
