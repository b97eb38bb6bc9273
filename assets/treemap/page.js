// The page of `mzr observe ls --html` and `growth --html`. Names go into the page as text only; nothing is loaded.
'use strict';
(() => {
  const data = JSON.parse(document.getElementById('data').textContent);
  const growth = data.kind === 'growth';
  const map = document.getElementById('map');
  const trail = document.getElementById('trail');
  const caption = document.getElementById('caption');
  const head = document.getElementById('head');
  const body = document.getElementById('body');
  const all = document.getElementById('all');
  const rowsAtOnce = 300;
  let here = [data.top];
  let sort = { key: 'weight', down: true };
  let unlimited = false;

  const element = (tag, className, text) => {
    const made = document.createElement(tag);
    if (className) made.className = className;
    if (text !== undefined) made.textContent = text;
    return made;
  };
  const number = (value) => value.toLocaleString('en-US');
  const size = (bytes) => {
    let value = Math.abs(bytes);
    let unit = 0;
    while (value >= 1023.5 && unit < 6) [value, unit] = [value / 1024, unit + 1];
    const digits = unit > 0 && value < 9.95 ? value.toFixed(1) : String(Math.round(value));
    return `${digits} ${['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB', 'EiB'][unit]}`;
  };
  const signed = (value, text) => (value === 0 ? '0' : (value < 0 ? '−' : '+') + text(Math.abs(value)));
  const time = (seconds) => {
    if (seconds === undefined) return '';
    const date = new Date(seconds * 1000);
    return Number.isNaN(date.getTime()) ? String(seconds) : date.toISOString().slice(0, 16).replace('T', ' ');
  };
  const weight = (node) => Math.abs(node.size);
  const opens = (node) => node.children !== undefined && node.children.length > 0;
  const measure = (node) => (growth ? signed(node.size, size) : size(node.size));
  const shade = (node) => (growth && node.kind !== 'more' ? node.change : node.kind);

  // Squarified treemap (Bruls, Huizing, van Wijk 2000): rows along the shorter side, each as square as it can be.
  function squarify(nodes, box) {
    const total = nodes.reduce((sum, node) => sum + weight(node), 0);
    const placed = [];
    if (total <= 0) return placed;
    const scale = (box.width * box.height) / total;
    let { x, y, width, height } = box;
    let at = 0;
    while (at < nodes.length) {
      const side = Math.min(width, height);
      if (side <= 0) break;
      let end = at;
      let area = 0;
      let worst = Infinity;
      while (end < nodes.length) {
        const next = area + weight(nodes[end]) * scale;
        const most = weight(nodes[at]) * scale;
        const least = weight(nodes[end]) * scale;
        const ratio =
          least === 0
            ? Infinity
            : Math.max((side * side * most) / (next * next), (next * next) / (side * side * least));
        if (end > at && ratio > worst) break;
        [worst, area, end] = [ratio, next, end + 1];
      }
      const depth = area / side;
      let along = 0;
      for (; at < end; at += 1) {
        const length = depth === 0 ? 0 : (weight(nodes[at]) * scale) / depth;
        placed.push(
          width >= height
            ? { node: nodes[at], x, y: y + along, width: depth, height: length }
            : { node: nodes[at], x: x + along, y, width: length, height: depth },
        );
        along += length;
      }
      if (width >= height) [x, width] = [x + depth, width - depth];
      else [y, height] = [y + depth, height - depth];
    }
    return placed;
  }

  function drawMap() {
    map.replaceChildren();
    const box = { x: 0, y: 0, width: map.clientWidth, height: map.clientHeight };
    drawTiles(map, here[here.length - 1], box, 0, undefined);
  }

  // What is clicked into is the tile of the first level, wherever in it one clicks.
  function drawTiles(parent, of, box, level, first) {
    const nodes = (of.children ?? []).filter((node) => weight(node) > 0).sort((a, b) => weight(b) - weight(a));
    for (const { node, x, y, width, height } of squarify(nodes, box)) {
      if (width < 2 || height < 2) continue;
      const target = first ?? node;
      const tile = element('div', `tile ${shade(node)}`);
      Object.assign(tile.style, { left: `${x}px`, top: `${y}px`, width: `${width}px`, height: `${height}px` });
      tile.title = `${node.name}\n${describe(node)}`;
      if (level === 0 && opens(node)) {
        tile.classList.add('opens');
        tile.addEventListener('click', () => enter(target));
      }
      const labelled = width > 36 && height > 15;
      if (labelled) tile.append(element('span', '', width > 110 ? `${node.name} · ${measure(node)}` : node.name));
      parent.append(tile);
      const nested = opens(node) && level < 3 && width > 40 && height > 34;
      if (labelled && width <= 110 && !nested && height > 32) tile.append(element('span', '', measure(node)));
      if (nested) {
        const inner = { x: 2, y: 16, width: width - 6, height: height - 20 };
        drawTiles(tile, node, inner, level + 1, target);
      }
    }
  }

  function describe(node) {
    const facts = [measure(node)];
    if (node.files !== undefined && node.kind !== 'file') {
      facts.push(`${growth ? signed(node.files, number) : number(node.files)} files`);
    }
    if (growth && node.change) facts.push(node.change);
    if (!growth && node.mtime !== undefined) facts.push(`modified ${time(node.mtime)} UTC`);
    if (node.closed) facts.push('not opened in this page');
    return facts.join(', ');
  }

  const columns = growth
    ? [
        ['Name', 'name', (node) => node.name],
        ['Growth', 'weight', measure],
        ['Files', 'files', (node) => signed(node.files, number)],
        ['Now', 'after', (node) => (node.after === undefined ? '' : size(node.after))],
        ['What', 'change', (node) => node.change ?? ''],
      ]
    : [
        ['Name', 'name', (node) => node.name],
        ['Size', 'weight', measure],
        ['Files', 'files', (node) => (node.files === undefined ? '' : number(node.files))],
        ['Modified (UTC)', 'mtime', (node) => time(node.mtime)],
      ];

  const valueOf = (node, key) => (key === 'weight' ? weight(node) : (node[key] ?? -Infinity));

  function order(a, b) {
    const [left, right] = [valueOf(a, sort.key), valueOf(b, sort.key)];
    const sign = left === right ? 0 : left < right ? -1 : 1;
    return sort.down ? -sign : sign;
  }

  function drawTable() {
    const node = here[here.length - 1];
    caption.textContent = `${node.name}: ${describe(node)}`;
    const titles = columns.map(([title, key]) => {
      const cell = element('th');
      cell.scope = 'col';
      cell.setAttribute('aria-sort', sort.key !== key ? 'none' : sort.down ? 'descending' : 'ascending');
      const button = element('button', '', title + (sort.key !== key ? '' : sort.down ? ' ▾' : ' ▴'));
      button.type = 'button';
      button.addEventListener('click', () => {
        sort = { key, down: sort.key === key ? !sort.down : key !== 'name' };
        drawTable();
        head.querySelectorAll('button')[columns.findIndex(([, other]) => other === key)].focus();
      });
      cell.append(button);
      return cell;
    });
    head.replaceChildren(...titles);
    const rows = [...(node.children ?? [])].sort(order);
    const most = Math.max(...rows.map(weight), 1);
    const shown = unlimited ? rows : rows.slice(0, rowsAtOnce);
    body.replaceChildren(...shown.map((child) => row(child, most)));
    all.hidden = shown.length === rows.length;
    all.textContent = `Show all ${number(rows.length)}`;
  }

  function row(node, most) {
    const made = element('tr');
    columns.forEach(([, key, text], index) => {
      const cell = element(index === 0 ? 'th' : 'td');
      if (index > 0) cell.textContent = text(node);
      else {
        cell.scope = 'row';
        cell.append(named(node));
      }
      if (key === 'weight') {
        const bar = element('span', `bar ${growth ? shade(node) : 'directory'}`);
        bar.style.width = `${(100 * weight(node)) / most}%`;
        cell.append(bar);
      }
      made.append(cell);
    });
    return made;
  }

  function named(node) {
    const mark =
      node.kind === 'directory' ? '/' : node.kind === 'bundle' || node.kind === 'repository' ? `/ (${node.kind})` : '';
    const text = node.name + mark + (node.closed ? ' …' : '');
    if (!opens(node)) return element('span', '', text);
    const button = element('button', '', text);
    button.type = 'button';
    button.addEventListener('click', () => enter(node));
    return button;
  }

  function drawTrail() {
    trail.replaceChildren(
      ...here.map((node, index) => {
        const item = element('li');
        if (index === here.length - 1) {
          const text = element('span', '', node.name);
          text.setAttribute('aria-current', 'location');
          item.append(text);
        } else {
          const button = element('button', '', node.name);
          button.type = 'button';
          button.addEventListener('click', () => go(here.slice(0, index + 1)));
          item.append(button);
        }
        return item;
      }),
    );
  }

  // The place is in the address, so that the browser's own way back works.
  const address = (nodes) =>
    `#${nodes
      .slice(1)
      .map((node, index) => nodes[index].children.indexOf(node))
      .join('/')}`;

  function enter(node) {
    go([...here, node]);
  }

  function go(nodes) {
    location.hash = address(nodes);
  }

  function arrive() {
    const steps = location.hash
      .slice(1)
      .split('/')
      .filter((step) => step !== '');
    const nodes = [data.top];
    for (const step of steps) {
      const next = nodes[nodes.length - 1].children?.[Number(step)];
      if (next === undefined) break;
      nodes.push(next);
    }
    here = nodes;
    unlimited = false;
    drawTrail();
    drawTable();
    drawMap();
  }

  all.addEventListener('click', () => {
    unlimited = true;
    drawTable();
  });
  document.addEventListener('keydown', (event) => {
    if (event.key === 'Escape' && here.length > 1) go(here.slice(0, -1));
  });
  addEventListener('hashchange', arrive);
  new ResizeObserver(drawMap).observe(map);
  arrive();
})();
