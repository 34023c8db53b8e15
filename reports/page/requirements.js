// requirements.js - every rule of the RFCs that a peer can see: how many have a case, here and in Autobahn|Testsuite, and
// what this run saw of each.

// What is known of a rule when no case of the run judged it.
const NO_VERDICTS = [
  { name: 'open', key: 'open', sign: '?', about: 'cases ran, and none came to a judgement' },
  { name: 'not run', key: 'not-run', sign: '\u00b7', about: 'no case of this run is about it' },
  { name: 'no case', key: 'no-case', sign: '\u2205', about: 'no case can see it; the reason stands with the rule' },
];
const NO_VERDICT = Object.fromEntries(NO_VERDICTS.map((s) => [s.key, s]));

// What says most about a rule: that it was broken, then that it was kept, then everything that is no judgement.
const evidence = (verdict) => ({ FAILED: 9, 'NON-STRICT': 8, OK: 7 }[verdict.name] || verdict.badness);

let citations;  // requirement -> its cases in this run, and by endpoint what they say
function cited() {
  if (citations) return citations;
  citations = new Map(REQUIREMENTS.map((r) => [r, { cases: new Set(), worst: AGENTS.map(() => null) }]));
  for (const result of RESULTS.flat()) {
    for (const r of new Set([...result.of.requirements, ...result.findings.map((f) => f.requirement)])) {
      if (!r) continue;
      const entry = citations.get(r);
      entry.cases.add(result.of.id);
      const verdict = verdictFor(result, r), worst = entry.worst[result.agent];
      if (verdict && (!worst || evidence(verdict) > evidence(worst))) entry.worst[result.agent] = verdict;
    }
  }
  for (const [r, { cases, worst }] of citations) {
    const none = cases.size ? NO_VERDICT.open : r.uncovered && !r.cases ? NO_VERDICT['no-case'] : NO_VERDICT['not-run'];
    citations.get(r).states = worst.map((verdict) => verdict || none);
    citations.get(r).worst = worst.filter(Boolean).reduce((a, b) => (a && evidence(a) >= evidence(b) ? a : b), null) || none;
  }
  return citations;
}

// RFCs by how much of them is in question, the largest first; their rules in the order of the sections.
function rulesByRfc() {
  const rfcs = new Map();
  for (const r of REQUIREMENTS) rfcs.set(r.rfc, [...(rfcs.get(r.rfc) || []), r]);
  const parts = (r) => [...(r.section || '').split('.').map(Number), Number((r.id.match(/-(\d+)$/) || [])[1] || 0)];
  const inOrder = (a, b) => {
    const x = parts(a), y = parts(b), i = x.findIndex((part, n) => part !== y[n]);
    return a.section === b.section ? x.at(-1) - y.at(-1) : (x[i] ?? -1) - (y[i] ?? -1);
  };
  return [...rfcs].sort(([, a], [, b]) => b.length - a.length).map(([rfc, rules]) => [rfc, rules.sort(inOrder)]);
}

const percent = (n, all) => `${Math.round((100 * n) / (all || 1))} %`;
const number = (n) => n.toLocaleString('en');
const howMany = (rules, what) => rules.filter(what).length;
const isCovered = (r) => r.covered, isExplained = (r) => !r.covered && r.uncovered !== '';
const hasAutobahn = (r) => r.autobahn === 'tested', seesAutobahn = (r) => r.autobahn === 'in-passing';

function track(full, half, all, label) {
  const piece = (kind, n) => {
    const node = el('span', { class: kind });
    node.style.width = `${(100 * n) / (all || 1)}%`;
    return node;
  };
  return el('span', { class: 'track', role: 'img', 'aria-label': label }, piece('full', full), piece('half', half));
}

// The share of Touchstone beside that of Autobahn|Testsuite.
function shares(rules) {
  const all = rules.length, covered = howMany(rules, isCovered), explained = howMany(rules, isExplained);
  const tested = howMany(rules, hasAutobahn), passing = howMany(rules, seesAutobahn);
  const row = (who, full, half, words) => el('div', { class: 'share' }, el('dt', {}, who),
    el('dd', {}, track(full, half, all, `${full} of ${all}, and ${half}`), el('span', {}, el('strong', {}, `${number(full)} of ${number(all)}`), ` \u00b7 ${percent(full, all)}`), el('span', { class: 'quiet' }, words)));
  return el('dl', { class: 'shares' },
    row('Touchstone', covered, explained, explained ? `${number(explained)} more cannot be seen, or not in every role: the reasons are below` : 'a case for each role that is bound'),
    row('Autobahn|Testsuite', tested, passing, `${number(passing)} more are seen in passing, in cases about something else`));
}

function stateBar(rules) {
  const counts = {};
  for (const r of rules) counts[cited().get(r).worst.name] = (counts[cited().get(r).worst.name] || 0) + 1;
  const states = [...VERDICTS, ...NO_VERDICTS].filter((s) => counts[s.name]);
  return el('span', { class: 'tally', role: 'img', 'aria-label': states.map((s) => `${counts[s.name]} ${s.name}`).join(', ') }, states.map((s) => {
    const piece = el('span', { class: `piece v-${s.key}` });
    piece.style.flexGrow = String(counts[s.name] / rules.length);
    return piece;
  }));
}

function rfcTable(rfcs) {
  return el('div', { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': 'Rules by RFC' }, el('table', { class: 'plain-table rfcs' },
    el('caption', { class: 'visually-hidden' }, 'Rules by RFC'),
    el('thead', {}, el('tr', {}, ['RFC', 'This run'].map((text, i) => el('th', { scope: 'col', class: i ? 'wide' : null }, text)),
      ['Rules', 'Touchstone', 'Autobahn'].map((text) => el('th', { scope: 'col', class: 'figure' }, text)))),
    el('tbody', {}, rfcs.map(([rfc, rules]) => el('tr', {},
      el('th', { scope: 'row' }, rfc ? el('a', { href: link({ verdicts: [], q: '', beyond: false, req: `rfc${rfc}` }) }, `RFC ${rfc}`) : 'others'),
      el('td', { class: 'wide' }, stateBar(rules)),
      [rules.length, howMany(rules, isCovered), howMany(rules, hasAutobahn)].map((n) => el('td', { class: `figure ${n ? '' : 'zero'}` }, number(n))))))));
}

function ruleMatches(r) {
  const { worst, states } = cited().get(r);
  if (state.verdicts.length && !state.verdicts.includes(worst.key) && !states.some((s) => state.verdicts.includes(s.key))) return false;
  if (state.req && !cites(r, state.req)) return false;
  if (state.beyond && r.autobahn) return false;
  const hay = `${r.id} ${r.clause} ${r.level || ''} ${r.rule || ''} ${r.binds || ''} ${r.uncovered}`.toLowerCase();
  return state.q.toLowerCase().split(/\s+/).every((word) => hay.includes(word));
}

function stateSign(s) {
  return el('span', { class: `sign v-${s.key}`, title: `${s.name}: ${s.about}` }, el('span', { 'aria-hidden': true }, s.sign), el('span', { class: 'visually-hidden' }, s.name));
}

// Why breaking it weighs less than its level says.
function weakReason(r) {
  const cause = CAUSES.flat().find((c) => c.requirement === r && c.verdict.name === 'NON-STRICT' && c.why.includes(': '));
  return cause ? cause.why : '';
}

function ruleRow(r) {
  const { cases, states } = cited().get(r);
  const count = cases.size
    ? el('a', { href: link({ ...EMPTY, agent: state.agent, req: r.id }), title: `${cases.size} in this run, ${r.cases} in the catalogue` }, number(cases.size), el('span', { class: 'visually-hidden' }, ' cases'))
    : el('span', { class: 'quiet', title: `none in this run, ${r.cases} in the catalogue` }, r.cases ? `0 of ${number(r.cases)}` : '0');
  return el('tr', { 'data-rule': r.id },
    el('th', { scope: 'row' }, el('span', { class: 'rule-words' }, r.rule || 'The text of this rule is not known to this version.'),
      el('span', { class: 'rule-facts' }, r.level ? el('span', { class: 'level' }, r.level) : null, r.binds ? el('span', {}, r.binds === 'both' ? 'both roles' : r.binds) : null, el('span', { class: 'mono' }, r.id)),
      states.includes(VERDICT['NON-STRICT']) && weakReason(r) ? el('span', { class: 'rule-reason' }, 'NON-STRICT by ', visible(weakReason(r))) : null,
      r.uncovered ? el('span', { class: 'rule-reason' }, r.cases ? 'Not in every role: ' : 'No case: ', r.uncovered.replace(/`/g, ''), '.') : null),
    el('td', { class: 'figure' }, count),
    el('td', { class: 'autobahn' }, hasAutobahn(r) ? 'tested' : el('span', { class: 'quiet' }, seesAutobahn(r) ? 'in passing' : '\u2013')),
    states.map((s) => el('td', { class: 'verdict-column' }, stateSign(s))));
}

function sectionBodies(rules) {
  const bySection = new Map();
  for (const r of rules) bySection.set(r.clause, [...(bySection.get(r.clause) || []), r]);
  return [...bySection.values()].map((members) => el('tbody', {},
    el('tr', { class: 'section-row' }, el('th', { scope: 'rowgroup', colspan: 3 + AGENTS.length }, ruleLink(members[0]))), members.map(ruleRow)));
}

function ruleChips(rules) {
  const counts = {};
  for (const r of rules) for (const key of new Set(cited().get(r).states.map((s) => s.key))) counts[key] = (counts[key] || 0) + 1;
  return [...[...VERDICTS].reverse(), ...NO_VERDICTS].filter((s) => counts[s.key] || state.verdicts.includes(s.key))
    .map((s) => chip(s.key, s.name, counts[s.key] || 0, el('span', { class: `sign v-${s.key}`, 'aria-hidden': true }, s.sign)));
}

// What does not change while the reader filters, so that the focus stays where it is.
function buildRequirements(rfcs) {
  const rules = rfcs.flatMap(([, members]) => members).filter((r) => r.inQuestion);
  const search = el('input', { id: 'rule-search', type: 'search', placeholder: 'Search rules, sections, words', autocomplete: 'off', spellcheck: 'false', 'aria-label': 'Search the rules', value: state.q });
  search.addEventListener('input', () => go({ q: search.value.trim() }));
  const beyond = el('input', { type: 'checkbox', id: 'beyond', onchange: (e) => go({ beyond: e.target.checked }, true) });
  const form = el('form', { class: 'rule-filters', role: 'search', 'aria-label': 'Filter the rules', onsubmit: (e) => e.preventDefault() },
    el('div', { class: 'search' }, search, el('kbd', { 'aria-hidden': true }, '/')),
    select('rule-section', 'Section', [['', 'all'], ...rfcs.filter(([rfc]) => rfc).map(([rfc]) => [`rfc${rfc}`, `RFC ${rfc}`]), ...sections(REQUIREMENTS)]),
    el('label', { class: 'check' }, beyond, ' only what Autobahn has no case for'),
    el('div', { id: 'rule-chips', class: 'chips', role: 'group', 'aria-label': 'What was seen' }));
  fill(byId('view-requirements'),
    el('div', { class: 'view-head' }, el('h2', { id: 'requirements-heading', tabindex: -1 }, 'Requirements'),
      el('p', { class: 'quiet' }, 'Every rule of the RFCs that the peer of an endpoint can see, the cases that test it, and the worst that this run saw of it. A failed case counts against the rules it broke, not against all it cites.')),
    rules.length ? shares(rules) : null, rfcTable(rfcs), form, el('p', { id: 'rule-count', class: 'count', role: 'status', 'aria-live': 'polite' }),
    el('div', { class: 'scroll tall', tabindex: 0, role: 'region', 'aria-label': 'Requirements' }, el('table', { class: 'plain-table requirements', id: 'rules' })));
  byId('rule-section').addEventListener('change', (e) => go({ req: e.target.value }, true));
}

function showRequirements() {
  const rfcs = rulesByRfc();
  if (!byId('rules')) buildRequirements(rfcs);
  const shown = rfcs.flatMap(([, rules]) => rules).filter(ruleMatches);
  const filtered = state.verdicts.length || state.req || state.q || state.beyond;
  if (document.activeElement !== byId('rule-search')) byId('rule-search').value = state.q;
  byId('rule-section').value = state.req;
  byId('beyond').checked = state.beyond;
  fill(byId('rule-chips'), ruleChips(REQUIREMENTS));
  fill(byId('rule-count'), filtered ? `${number(shown.length)} of ${plural(REQUIREMENTS.length, 'rule')}` : plural(REQUIREMENTS.length, 'rule'),
    filtered ? el('a', { class: 'clear', href: link({ verdicts: [], req: '', q: '', beyond: false }) }, 'Clear filters') : null);
  fill(byId('rules'),
    el('thead', {}, el('tr', {}, el('th', { scope: 'col' }, 'Rule'), el('th', { scope: 'col', class: 'figure' }, 'Cases'), el('th', { scope: 'col', class: 'autobahn' }, 'Autobahn'),
      AGENTS.map((a) => el('th', { scope: 'col', class: 'verdict-column' }, AGENTS.length > 1 ? visible(a.name).slice(0, 28) : 'Worst seen')))),
    shown.length ? sectionBodies(shown) : el('tbody', {}, el('tr', {}, el('td', { class: 'empty', colspan: 3 + AGENTS.length }, 'No rule matches.'))));
}
