// A very small make: each src/NAME.txt becomes build/NAME.json, its `@FILE@` replaced by what FILE holds, and build/house.mjs
// prints them. Like many build systems it notes what each product was made from by absolute path, and compares times.
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { basename, resolve } from 'node:path';

const newer = (file, than) => statSync(file, { bigint: true }).mtimeNs > statSync(than, { bigint: true }).mtimeNs;

function isFresh(product) {
  if (!existsSync(product)) return false;
  const { madeFrom } = JSON.parse(readFileSync(product, 'utf8'));
  return madeFrom.every((file) => existsSync(file) && !newer(file, product));
}

mkdirSync('build', { recursive: true });
let made = 0;
for (const source of readdirSync('src').toSorted()) {
  const product = `build/${basename(source, '.txt')}.json`;
  if (isFresh(product)) continue;
  const madeFrom = [resolve('src', source)];
  const text = readFileSync(`src/${source}`, 'utf8').replace(/@(.*)@/g, (_, file) => {
    madeFrom.push(resolve(file));
    return readFileSync(file, 'utf8').trim();
  });
  writeFileSync(product, JSON.stringify({ madeFrom, text }));
  console.log(`compile src/${source}`);
  made += 1;
}
if (made === 0 && existsSync('build/house.mjs')) {
  console.log("build.mjs: 'build/house.mjs' is up to date.");
} else {
  const rooms = readdirSync('build').filter((name) => name.endsWith('.json') && name !== 'door.json');
  const texts = ['door.json', ...rooms].map((name) => JSON.parse(readFileSync(`build/${name}`, 'utf8')).text.trimEnd());
  const [door, ...rest] = texts.map((text) => JSON.stringify(text));
  writeFileSync(
    'build/house.mjs',
    `console.log(${door});\nif (process.argv[2] === '--rooms') console.log([${rest.join(', ')}].join('\\n'));\n`,
  );
  console.log('link build/house.mjs');
}
