// cases.js - the filters and the list of cases.

function sections(requirements) {
  const seen = new Map();
  for (const r of requirements) if (r.rfc) seen.set(`rfc${r.rfc}-${r.section}`, r.clause);
  const parts = (key) => key.slice(3).split(/[-.]/).map(Number);
  return [...seen].sort(([a], [b]) => {
    const x = parts(a), y = parts(b);
    for (let i = 0; i < Math.max(x.length, y.length); ++i) if (x[i] !== y[i]) return (x[i] ?? -1) - (y[i] ?? -1);
    return 0;
  });
}

const select = (id, label, options) => el('label', { class: 'field' }, el('span', {}, label), el('select', { id }, options.map(([value, text]) => el('option', { value }, text))));

function buildFilters() {
  const search = el('input', { id: 'search', type: 'search', placeholder: 'Search cases, clauses, words', autocomplete: 'off', spellcheck: 'false', 'aria-label': 'Search', 'aria-keyshortcuts': '/' });
  const form = byId('filters');
  fill(form,
    el('div', { class: 'search' }, search, el('kbd', { 'aria-hidden': true }, '/')),
    el('div', { id: 'chips', class: 'chips', role: 'group', 'aria-label': 'Verdict' }),
    el('div', { class: 'selects' },
      AGENTS.length > 1 ? select('filter-agent', 'Endpoint', AGENTS.map((a, i) => [i, visible(a.name)])) : null,
      select('filter-group', 'Group', [['', 'all'], ...[...new Set(CASES.map((c) => c.group))].map((g) => [g, g])]),
      select('filter-req', 'Section', [['', 'all'], ...sections(new Set([...CASES.flatMap((c) => c.requirements), ...RESULTS.flat().flatMap((r) => r.findings.map((f) => f.requirement))].filter(Boolean)))])));
  form.addEventListener('submit', (event) => event.preventDefault());
  let timer;
  search.addEventListener('input', () => {
    clearTimeout(timer);
    timer = setTimeout(() => go({ q: search.value.trim() }), 90);
  });
  byId('filter-group').addEventListener('change', (e) => go({ group: e.target.value }, true));
  byId('filter-req').addEventListener('change', (e) => go({ req: e.target.value }, true));
  if (AGENTS.length > 1) byId('filter-agent').addEventListener('change', (e) => go({ agent: Number(e.target.value), cause: '' }, true));
}

function toggleVerdict(key) {
  const on = state.verdicts.includes(key);
  go({ verdicts: on ? state.verdicts.filter((v) => v !== key) : [...state.verdicts, key] }, true);
  const chip = document.querySelector(`#view-${state.view} .chips [data-verdict="${key}"]`);
  if (chip) chip.focus();
}

function chip(key, label, count, mark) {
  return el('button', { type: 'button', class: 'chip', 'data-verdict': key, 'aria-pressed': String(state.verdicts.includes(key)), onclick: () => toggleVerdict(key) },
    mark, label, el('span', { class: 'chip-count' }, count.toLocaleString('en')));
}

function showFilters() {
  const results = RESULTS[state.agent] || [];
  const counts = tally(results);
  const flaky = results.filter((r) => r.flaky).length;
  fill(byId('chips'), [...VERDICTS].reverse().filter((v) => counts[v.name] || state.verdicts.includes(v.key))
    .map((v) => chip(v.key, v.name, counts[v.name] || 0, el('span', { class: `sign v-${v.key}`, 'aria-hidden': true }, v.sign))),
  flaky ? chip('flaky', 'flaky', flaky, el('span', { class: 'sign flaky', 'aria-hidden': true }, '\u224b')) : null);
  if (document.activeElement !== byId('search')) byId('search').value = state.q;
  byId('filter-group').value = state.group;
  const req = byId('filter-req');
  // A single requirement, or a chapter, comes by a link: it gets an option of its own.
  for (const extra of req.querySelectorAll('[data-extra]')) extra.remove();
  if (state.req && ![...req.options].some((o) => o.value === state.req)) req.append(el('option', { value: state.req, 'data-extra': true }, state.req));
  req.value = state.req;
  if (AGENTS.length > 1) byId('filter-agent').value = state.agent;
}

function caseRow(result) {
  const c = result.of;
  return el('a', { class: 'row', href: link({ case: c.id }), 'data-case': c.id },
    sign(result.verdict),
    el('span', { class: 'row-title' }, c.title, result.flaky ? el('span', { class: 'flaky-note' }, 'flaky') : null,
      result.hidden ? el('span', { class: 'flaky-note hidden-note' }, `hidden by cause ${result.causeNumber}`) : null),
    el('span', { class: 'row-alias' }, c.aliases[0] || ''),
    el('span', { class: 'row-id' }, c.id),
    el('span', { class: 'row-time' }, duration(result.ms)));
}

function bar(counts, total, label) {
  return el('span', { class: 'tally', role: 'img', 'aria-label': label || VERDICTS.filter((v) => counts[v.name]).map((v) => `${counts[v.name]} ${v.name}`).join(', ') },
    VERDICTS.filter((v) => counts[v.name]).map((v) => {
      const piece = el('span', { class: `piece v-${v.key}` });
      piece.style.flexGrow = String(counts[v.name] / total);
      return piece;
    }));
}

const NO_FILTER = { verdicts: [], group: '', req: '', cause: '', q: '' };
let listKey = '';
function showList() {
  const results = shownResults();
  const all = (RESULTS[state.agent] || []).length;
  fill(byId('count'), isFiltered() ? `${results.length.toLocaleString('en')} of ${plural(all, 'case')}${state.cause ? `, of cause ${state.cause}` : ''}` : plural(all, 'case'),
    isFiltered() ? el('a', { class: 'clear', href: link(NO_FILTER) }, 'Clear filters') : null);
  // Links of rows carry the filters, so the list is made anew when those change, and only then.
  if (listKey !== shownKey) {
    listKey = shownKey;
    fill(byId('list'), [...groupsOf(results)].map(([group, members]) => el('section', { class: 'group', 'aria-label': group },
      el('h3', { class: 'group-head' }, el('span', {}, group), bar(tally(members), members.length), el('span', { class: 'quiet' }, String(members.length))),
      members.map(caseRow))),
    results.length ? null : el('p', { class: 'empty' }, 'No case matches. ', el('a', { href: link(NO_FILTER) }, 'Clear the filters')));
  }
  const old = byId('list').querySelector('[aria-current]');
  if (old) old.removeAttribute('aria-current');
  const current = state.case ? byId('list').querySelector(`[data-case="${CSS.escape(state.case)}"]`) : null;
  if (current) current.setAttribute('aria-current', 'true');
}

function move(by) {
  const results = shownResults();
  if (!results.length) return;
  const at = results.indexOf(currentResult());
  const next = results[at < 0 ? (by > 0 ? 0 : results.length - 1) : at + by];
  if (next) openCase(next);
}

function nextTrouble() {
  const results = shownResults();
  const at = results.indexOf(currentResult());
  const next = [...results.slice(at + 1), ...results.slice(0, at + 1)].find(needsAttention);
  if (next) openCase(next);
  else say('Nothing here needs attention.');
}

function openCase(result) {
  go({ view: 'cases', case: result.of.id }, true);
  revealRow('nearest');
}

// Scrolls the list, and never the page, so that the row of the open case is in view.
function revealRow(where) {
  const list = byId('list'), row = list.querySelector('[aria-current]');
  if (!row || list.scrollHeight <= list.clientHeight) return;
  // Twice: groups out of view have an estimated height until they are scrolled to.
  for (let pass = 0; pass < 2; ++pass) {
    const box = list.getBoundingClientRect(), at = row.getBoundingClientRect();
    const above = at.top - box.top - 48, below = at.bottom - Math.min(box.bottom, innerHeight);
    if (where === 'center') list.scrollTop += at.top - box.top - list.clientHeight / 2;
    else if (above < 0) list.scrollTop += above;
    else if (below > 0) list.scrollTop += below + 8;
  }
}
