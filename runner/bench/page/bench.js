'use strict';
// bench.js - one load in numbers and charts. Everything is drawn from the JSON in the page.

const DATA = JSON.parse(byId('data').textContent);
const SVG = 'http://www.w3.org/2000/svg';
const WIDTH = 840, HEIGHT = 260, LEFT = 72, RIGHT = 12, TOP = 10, BOTTOM = 34;

function svg(tag, attributes, ...children) {
  const node = document.createElementNS(SVG, tag);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  node.append(...children);
  return node;
}

const latency = (us) => duration(us / 1000);
const figure = (n) => (n >= 1e6 ? `${(n / 1e6).toFixed(2)} M` : Math.round(n).toLocaleString('en'));

// Round numbers up to a little above `most`, about five of them.
function ticks(most) {
  const raw = Math.max(most, 1e-9) / 4;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].map((m) => m * power).find((s) => s >= raw);
  return Array.from({ length: Math.ceil(most / step) + 1 }, (_, i) => i * step);
}

// lines: [{points: [[x, y]], class}], x from 0 to 1; marks: [[x, words]] below.
function chart(name, lines, marks, words) {
  const steps = ticks(Math.max(...lines.flatMap((line) => line.points.map(([, y]) => y))));
  const most = steps[steps.length - 1];
  const px = (x) => LEFT + x * (WIDTH - LEFT - RIGHT);
  const py = (y) => HEIGHT - BOTTOM - (y / most) * (HEIGHT - TOP - BOTTOM);
  const picture = svg('svg', { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: 'img', 'aria-label': name });
  for (const step of steps) {
    picture.append(svg('line', { class: step === 0 ? 'axis' : 'grid', x1: LEFT, x2: WIDTH - RIGHT, y1: py(step), y2: py(step) }),
      svg('text', { x: LEFT - 8, y: py(step) + 4, 'text-anchor': 'end' }, words(step)));
  }
  for (const [x, text] of marks) {
    picture.append(svg('line', { class: 'grid', x1: px(x), x2: px(x), y1: TOP, y2: HEIGHT - BOTTOM }),
      svg('text', { x: px(x), y: HEIGHT - BOTTOM + 18, 'text-anchor': x > 0.97 ? 'end' : x < 0.03 ? 'start' : 'middle' }, text));
  }
  for (const line of lines) {
    const path = line.points.map(([x, y], i) => `${i ? 'L' : 'M'}${px(x).toFixed(1)} ${py(y).toFixed(1)}`).join('');
    const last = line.points[line.points.length - 1], first = line.points[0];
    if (line.area) picture.append(svg('path', { class: `area ${line.class}`, d: `${path}L${px(last[0])} ${py(0)}L${px(first[0])} ${py(0)}Z` }));
    picture.append(svg('path', { class: `line ${line.class}`, d: path }, svg('title', {}, line.name)));
  }
  return picture;
}

const section = (heading, words, lines, picture) => el('section', { class: 'chart' }, el('h2', {}, heading),
  el('p', { class: 'quiet' }, words),
  el('p', { class: 'legend' }, lines.map((line) => el('span', {}, el('span', { class: `key ${line.class}` }), line.name))), picture);

// Each further nine of the share takes the same width.
function curveChart(load) {
  const nines = (share) => -Math.log10(Math.max(1 - share, 1e-12));
  const known = load.curve.filter(([share]) => share < 1);
  const most = Math.max(nines(known[known.length - 1][0]), 1) * 1.02;
  const points = load.curve.map(([share, us]) => [share === 1 ? 1 : nines(share) / most, us]);
  const marks = [[0, 'P0'], [nines(0.5) / most, 'P50'], [nines(0.9) / most, 'P90'], [nines(0.99) / most, 'P99'],
    [nines(0.999) / most, 'P99.9'], [nines(0.9999) / most, 'P99.99'], [nines(0.99999) / most, 'P99.999']].filter(([x]) => x < 0.9);
  const lines = [{ name: 'latency', class: 'c1', points, area: true }];
  return section('Latency', load.latency_from === 'due'
    ? 'So many per cent of the messages had their echo within so long, counted from the moment each was due: a server that stalls is seen with all that it made wait.'
    : 'So many per cent of the messages had their echo within so long, counted from the sending. In a closed loop a server that stalls is not asked meanwhile: the fixed rate shows what users would wait.',
  lines, chart('Latency by percentile', lines, [...marks, [1, 'max']], latency));
}

function timeCharts(load) {
  const end = load.series[load.series.length - 1].t;
  // The value of a second stands at its end; the first one holds from the start.
  const over = (key) => [[0, load.series[0][key]], ...load.series.map((second) => [second.t / end, second[key]])];
  const marks = ticks(end).filter((t) => t <= end).map((t) => [t / end, `${t} s`]);
  const rate = [{ name: 'echoes per second', class: 'c1', points: over('echoes_per_second'), area: true }];
  const waits = [{ name: 'P50', class: 'c1', points: over('p50_us') }, { name: 'P99', class: 'c2', points: over('p99_us') },
    { name: 'max', class: 'c3', points: over('max_us') }];
  return [section('Throughput over time', 'Echoes in each second of the measured time.', rate, chart('Echoes per second over time', rate, marks, figure)),
    section('Latency over time', 'Of the echoes of each second.', waits, chart('Latency over time', waits, marks, latency))];
}

function percentiles(rows) {
  const names = [['p50', 'P50'], ['p90', 'P90'], ['p99', 'P99'], ['p99_9', 'P99.9'], ['max', 'max'], ['mean', 'mean']];
  return el('section', { class: 'chart' }, el('h2', {}, 'Percentiles'), el('div', { class: 'scroll' }, el('table', { class: 'plain-table' },
    el('thead', {}, el('tr', {}, el('th', { scope: 'col' }, 'Latency of'), names.map(([, words]) => el('th', { scope: 'col', class: 'figure' }, words)))),
    el('tbody', {}, rows.map(([what, of]) => el('tr', {}, el('th', { scope: 'row' }, what), names.map(([key]) => el('td', { class: 'figure' }, latency(of[key])))))))));
}

function hero() {
  const { options, opening, load } = DATA;
  const numbers = load
    ? [['Echoes per second', figure(load.echoes_per_second)], ['Each way', `${(load.octets_per_second / 1e6).toFixed(1)} MB/s`],
      ['P50', latency(load.latency_us.p50)], ['P99', latency(load.latency_us.p99)], ['P99.9', latency(load.latency_us.p99_9)], ['Slowest', latency(load.latency_us.max)]]
    : [['Connections', figure(opening.opened)], ['Opened per second', figure(opening.per_second)], ['P99 of opening', latency(opening.latency_us.p99)]];
  const facts = [['Load', options.mode === 'fixed rate' ? `fixed rate of ${figure(options.rate)} messages/s` : options.mode],
    ['Connections', `${figure(opening.opened)} of ${figure(options.connections)}, opened in ${opening.seconds} s`],
    load && ['Messages', `${options.type}, ${octets(options.size)}${options.deflate ? ', permessage-deflate' : ''}, ${options.in_flight} in flight per connection`],
    load && ['Measured', `${load.seconds} s after ${options.warm_up_s} s of warming up`],
    load && ['Echoes', 'every one was compared, byte by byte'],
    load && ['Not answered', figure(load.unanswered)], load && load.unsent > 0 && ['Due, not sent', figure(load.unsent)],
    DATA.server && ['Server', `${load ? `${DATA.server.cpu_us_per_echo.toFixed(2)} µs of CPU per message, ` : ''}${DATA.server.memory_kib_per_connection.toFixed(1)} KiB per connection`],
    ['Load generator', `${Math.round(DATA.own_cpu * 100)} % of a core`], ['Started', date(DATA.started)]].filter(Boolean);
  const troubles = [...opening.not_opened.map((r) => ['not opened', r]), ...DATA.lost.map((r) => ['ended early', r])];
  fill(byId('hero'), el('h1', {}, load ? 'Load' : 'Mass connect'), el('p', { class: 'quiet mono' }, visible(DATA.url)),
    el('dl', { class: 'figures' }, numbers.map(([name, value]) => el('div', {}, el('dt', {}, name), el('dd', {}, value)))),
    el('dl', { class: 'facts' }, facts.map(([name, value]) => el('div', {}, el('dt', {}, name), el('dd', {}, value)))),
    DATA.interrupted && el('p', { class: 'banner' }, 'The run was interrupted: these are the results until then.'),
    troubles.length > 0 && el('ul', { class: 'troubles' }, troubles.map(([what, r]) => el('li', { class: 'v-failed' },
      el('span', { class: 'sign' }, '✗'), ` ${plural(r.connections, 'connection')} ${what}: ${visible(r.reason)}`))));
}

hero();
const load = DATA.load;
fill(byId('charts'), load && load.echoes > 0 && curveChart(load), load && load.series.length > 1 && timeCharts(load),
  percentiles([load && ['echoes', load.latency_us], ['opening handshakes', DATA.opening.latency_us]].filter(Boolean)));
fill(byId('foot'), DATA.tool);
