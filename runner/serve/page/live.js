'use strict';
// live.js - what every client has shown so far, as it happens; and the button that drives this browser.

const VERDICTS = ['FAILED', 'ERRORED', 'NON-STRICT', 'UNIMPLEMENTED', 'NOT-APPLICABLE', 'INFORMATIONAL', 'OK'];
const SIGNS = { OK: '✓', 'NON-STRICT': '!', INFORMATIONAL: 'i', UNIMPLEMENTED: '○', 'NOT-APPLICABLE': '–', FAILED: '✕', ERRORED: '⚡' };
const LISTED = 30;
const verdictClass = (verdict) => `v-${verdict.toLowerCase()}`;

const known = { cases: [], agents: new Map(), version: '', profile: '' };
let due = false;

function agentNamed(name) {
  if (!known.agents.has(name)) known.agents.set(name, { results: new Map(), running: null, reported: false });
  return known.agents.get(name);
}

function take(event) {
  if (event.cases) Object.assign(known, event);
  if (event.started) agentNamed(event.started.agent).running = event.started.id;
  for (const line of event.finished || []) {
    const agent = agentNamed(line.agent);
    agent.results.set(line.id, line);
    if (agent.running === line.id) agent.running = null;
  }
  if (event.reported !== undefined && known.agents.has(event.reported)) agentNamed(event.reported).reported = true;
  if (due) return;
  due = true;
  setTimeout(() => { due = false; draw(); }, 100);
}

function tally(counts) {
  const pieces = VERDICTS.toReversed().filter((v) => counts[v]).map((v) => {
    const piece = el('span', { class: `piece ${verdictClass(v)}`, title: `${counts[v]} ${v}` });
    piece.style.flexGrow = counts[v];
    return piece;
  });
  return el('div', { class: 'tally', 'aria-hidden': 'true' }, pieces);
}

function legend(counts) {
  return el('p', { class: 'legend' }, VERDICTS.filter((v) => counts[v]).map((v) =>
    el('span', {}, el('span', { class: `sign ${verdictClass(v)}`, 'aria-hidden': 'true' }, SIGNS[v]), ' ', el('strong', {}, String(counts[v])), ` ${v}`)));
}

function cells(agent) {
  return el('div', { class: 'cells', 'aria-hidden': 'true' }, known.cases.map((c) => {
    const line = agent.results.get(c.id);
    const state = line ? verdictClass(line.behavior) : agent.running === c.id ? 'running' : 'waiting';
    return el('span', { class: `cell ${state}`, title: `${c.alias || c.id}: ${line ? line.behavior : state}` });
  }));
}

function remarkable(agent) {
  const lines = [...agent.results.values()].filter((line) => ['FAILED', 'ERRORED', 'NON-STRICT'].includes(line.behavior));
  lines.sort((a, b) => VERDICTS.indexOf(a.behavior) - VERDICTS.indexOf(b.behavior));
  const rows = lines.slice(0, LISTED).map((line) => el('li', {},
    el('span', { class: `verdict ${verdictClass(line.behavior)}` }, line.behavior), ' ', el('code', {}, line.id), el('br'),
    el('span', { class: 'quiet' }, visible(line.summary))));
  if (lines.length > LISTED) rows.push(el('li', { class: 'quiet' }, `and ${lines.length - LISTED} more, which the report shows`));
  return rows.length ? el('ul', { class: 'remarkable' }, rows) : null;
}

function card(name, agent) {
  const counts = {};
  for (const line of agent.results.values()) counts[line.behavior] = (counts[line.behavior] || 0) + 1;
  const report = agent.reported ? el('a', { href: 'report/index.html' }, 'Report') : null;
  const now = agent.running ? el('span', { class: 'quiet' }, 'now ', el('code', {}, agent.running)) : null;
  return el('article', { class: 'card client' },
    el('header', {}, el('h3', {}, visible(name)), el('span', { class: 'quiet' }, `${agent.results.size.toLocaleString('en')} of ${plural(known.cases.length, 'case')}`), now, el('span', { class: 'grow' }), report),
    tally(counts), legend(counts), cells(agent), remarkable(agent));
}

function draw() {
  byId('plan').textContent = `${plural(known.cases.length, 'case')} for each client, profile ${known.profile}, Touchstone ${known.version}`;
  byId('none').hidden = known.agents.size > 0;
  // The one that came last is the one that is looked at.
  fill(byId('clients'), [...known.agents].reverse().map(([name, agent]) => card(name, agent)));
}

function listen() {
  const socket = new WebSocket(`${BASE}/events`);
  socket.onopen = () => { byId('link').textContent = 'live'; };
  socket.onmessage = (event) => take(JSON.parse(event.data));
  socket.onclose = () => { byId('link').textContent = 'the server has ended; reload when it is back'; };
}

let stopping = false;

async function driveThisBrowser(agent) {
  const said = byId('driving');
  byId('go').disabled = true;
  byId('stop').hidden = false;
  stopping = false;
  try {
    const begin = performance.now();
    const count = await drive(agent, (number, all) => { said.textContent = `case ${number.toLocaleString('en')} of ${all.toLocaleString('en')}`; }, () => stopping);
    said.textContent = stopping ? 'stopped; the results so far are in the report'
      : `done: ${plural(count, 'case')} in ${duration(performance.now() - begin)}`;
  } catch (error) {
    said.textContent = `not done: ${error.message}`;
  }
  byId('go').disabled = false;
  byId('stop').hidden = true;
}

function begin() {
  const query = new URLSearchParams(location.search);
  byId('base').textContent = BASE;
  for (const example of document.querySelectorAll('.example')) example.textContent = BASE + example.textContent;
  byId('agent').value = query.get('agent') || browserName();
  fill(byId('limits'), BROWSER_LIMITS.map(([what, why]) => el('div', {}, el('dt', {}, what), el('dd', {}, why))));
  byId('drive').addEventListener('submit', (event) => { event.preventDefault(); driveThisBrowser(byId('agent').value); });
  byId('stop').addEventListener('click', () => { stopping = true; });
  listen();
  if (query.get('autorun') === '1') driveThisBrowser(byId('agent').value);
}

begin();
