import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { writeAtomic } from '../disk/atomic.js';
import type { TreeMap } from './treemap.js';

/**
 * One page with everything in it: a map that can be clicked into, and the same as a table. It loads nothing and may load nothing (its
 * policy allows only its own script and style, by their hashes); names are data, never markup.
 */
export function treemapPage(map: TreeMap): string {
  const [style, script] = [asset('page.css'), asset('page.js')];
  const policy = `default-src 'none'; style-src '${hashOf(style)}'; script-src '${hashOf(script)}'; base-uri 'none'; form-action 'none'`;
  const title = escape(map.title);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<style>${style}</style>
</head>
<body>
<header>
<h1>${title}</h1>
<p>${escape(map.subtitle)}</p>
<nav aria-label="Where one is"><ol id="trail"></ol></nav>
</header>
<main>
<div id="map" aria-hidden="true"></div>
<div id="list" role="region" aria-label="What lies here" tabindex="0">
<table>
<caption id="caption" aria-live="polite"></caption>
<thead><tr id="head"></tr></thead>
<tbody id="body"></tbody>
</table>
<button id="all" type="button" hidden></button>
</div>
</main>
<ul class="legend" aria-hidden="true">${legends[map.kind].map((name) => `<li><i class="${name}"></i>${name}</li>`).join('')}<li>… holds more than this page</li></ul>
<script type="application/json" id="data">${JSON.stringify(map).replaceAll('<', '\\u003c')}</script>
<script>${script}</script>
</body>
</html>
`;
}

/** Writes the page in one step. @throws MizerError `E_DISK_FULL`, `E_WRITE_FAILED` */
export async function writePage(file: string, map: TreeMap): Promise<void> {
  await writeAtomic(file, treemapPage(map), { flush: false });
}

const legends: Readonly<Record<TreeMap['kind'], readonly string[]>> = {
  listing: ['directory', 'file', 'bundle', 'repository', 'more'],
  growth: ['came', 'grew', 'went', 'shrank', 'changed', 'more'],
};

function asset(name: string): string {
  return readFileSync(new URL(`../../assets/treemap/${name}`, import.meta.url), 'utf8');
}

function hashOf(text: string): string {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`;
}

function escape(text: string): string {
  return text.replace(/[&<>"']/g, (unit) => `&#${unit.charCodeAt(0)};`);
}
