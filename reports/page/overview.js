// overview.js - the run as a whole: the head of the page, what needs attention, the groups, the matrix of endpoints,
// and the requirements.

function verdictSentence(counts, total) {
  const failed = (counts.FAILED || 0), errored = (counts.ERRORED || 0), weak = (counts['NON-STRICT'] || 0);
  if (!total) return 'No results.';
  if (!failed && !errored && !weak) return 'Nothing failed.';
  const parts = [];
  if (failed) parts.push(`${failed} failed`);
  if (errored) parts.push(`${errored} could not be run`);
  if (weak) parts.push(`${weak} non-strict`);
  return `${parts.join(', ')}.`;
}

function legend(counts) {
  return el('ul', { class: 'legend' }, VERDICTS.filter((v) => counts[v.name]).map((v) => el('li', {},
    el('span', { class: `sign v-${v.key}`, 'aria-hidden': true }, v.sign), el('strong', {}, counts[v.name].toLocaleString('en')), ' ', v.name)));
}

function heroOf(agent) {
  const counts = tally(RESULTS[agent]);
  const total = RESULTS[agent].length;
  return el('div', { class: 'hero-one' },
    el('div', { class: 'hero-words' },
      el('h1', {}, visible(AGENTS[agent].name)),
      el('p', { class: 'where' }, [AGENTS[agent].url, AGENTS[agent].server].filter(Boolean).map((text) => el('span', {}, visible(text)))),
      el('p', { class: 'headline' }, el('span', { class: 'big' }, (counts.OK || 0).toLocaleString('en')), ` of ${plural(total, 'case')} OK. `,
        el('span', { class: 'headline-rest' }, verdictSentence(counts, total)))),
    bar(counts, total), legend(counts));
}

function heroOfMany() {
  return el('div', { class: 'hero-one' },
    el('div', { class: 'hero-words' }, el('h1', {}, plural(AGENTS.length, 'endpoint') + ' compared'),
      el('p', { class: 'headline' }, `${plural(CASES.length, 'case')} each, `, plural(RESULTS.reduce((sum, r) => sum + r.length, 0), 'result'), ' in all.')),
    el('table', { class: 'ranking' }, el('caption', { class: 'visually-hidden' }, 'Totals by endpoint'),
      el('thead', {}, el('tr', {}, el('th', { scope: 'col' }, 'Endpoint'), el('th', { scope: 'col' }, el('span', { class: 'visually-hidden' }, 'Totals')),
        ['FAILED', 'NON-STRICT', 'OK'].map((name) => el('th', { scope: 'col', class: 'figure' }, name)))),
      el('tbody', {}, AGENTS.map((agent, i) => {
        const counts = tally(RESULTS[i]);
        const figure = (name) => el('td', { class: `figure ${counts[name] ? `v-${VERDICT[name].key}` : 'zero'}` }, (counts[name] || 0).toLocaleString('en'));
        return el('tr', {}, el('th', { scope: 'row' }, el('a', { href: link({ ...EMPTY, agent: i }) }, visible(agent.name))),
          el('td', { class: 'wide' }, bar(counts, RESULTS[i].length || 1)), figure('FAILED'), figure('NON-STRICT'), figure('OK'));
      }))));
}

function runFacts() {
  const ms = new Date(RUN.end) - new Date(RUN.start);
  return el('dl', { class: 'facts' }, [
    ['Date', date(RUN.start)],
    ['Took', ms >= 0 ? duration(ms) : 'not known'],
    ['Profile', RUN.profile],
    ['Complete', RUN.complete ? 'yes' : 'no'],
    ['Seed', RUN.seed],
    ['At a time', RUN.jobs ? plural(RUN.jobs, 'case') : 'automatic'],
    ['Machine', RUN.machine],
    ['Touchstone', RUN.version],
    ['Catalogue', RUN.catalogue_hash.slice(0, 12)],
  ].map(([key, value]) => el('div', {}, el('dt', {}, key), el('dd', {}, visible(String(value))))));
}

function showHero() {
  fill(byId('hero'), RUN.notice ? el('p', { class: 'banner', role: 'alert' }, el('strong', {}, 'Partial run. '), visible(RUN.notice.replace(/^This run is partial: /, ''))) : null,
    AGENTS.length > 1 ? heroOfMany() : AGENTS.length ? heroOf(0) : el('h1', {}, 'No endpoint was tested'), runFacts());
  fill(byId('foot'), el('p', {}, 'Command: ', el('code', {}, visible(RUN.command_line.join(' ')))),
    el('p', {}, 'The same results for programs: ', ['report.json', 'index.json', 'junit.xml', 'summary.md', 'journal.jsonl'].map((file, i) => [i ? ', ' : '', el('a', { href: file }, file)])));
}

function attention(results) {
  const rows = results.filter(needsAttention).sort((a, b) => b.verdict.badness - a.verdict.badness);
  if (!rows.length) return el('p', { class: 'calm' }, 'Nothing here needs attention: no failures, nothing non-strict, nothing flaky.');
  return el('ol', { class: 'attention' }, rows.map((result) => {
    const accused = result.findings.filter((f) => f.weight !== 'choice');
    return el('li', {}, el('a', { href: link({ case: result.of.id }) }, sign(result.verdict),
      el('span', { class: 'attention-words' }, el('strong', {}, result.of.title), el('span', {}, visible(result.summary)),
        el('span', { class: 'quiet' }, [...new Set(accused.map((f) => `${f.requirement.clause}${f.requirement.level ? ` ${f.requirement.level}` : ''}`))].join(', '), result.flaky ? ' \u00b7 flaky' : ''))));
  }));
}

function groupTable(results) {
  const columns = VERDICTS.filter((v) => results.some((r) => r.verdict === v)).reverse();
  return el('div', { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': 'Totals by group' }, el('table', { class: 'plain-table groups' },
    el('caption', { class: 'visually-hidden' }, 'Totals by group'),
    el('thead', {}, el('tr', {}, el('th', { scope: 'col' }, 'Group'), el('th', { scope: 'col' }, el('span', { class: 'visually-hidden' }, 'Share')),
      columns.map((v) => el('th', { scope: 'col', class: 'figure', title: v.name }, el('span', { class: `sign v-${v.key}`, 'aria-hidden': true }, v.sign), el('span', { class: 'visually-hidden' }, v.name))),
      el('th', { scope: 'col', class: 'figure' }, 'All'))),
    el('tbody', {}, [...groupsOf(results)].map(([group, members]) => {
      const counts = tally(members);
      return el('tr', {}, el('th', { scope: 'row' }, el('a', { href: link({ group, case: '' }) }, group)), el('td', { class: 'wide' }, bar(counts, members.length)),
        columns.map((v) => el('td', { class: `figure ${counts[v.name] ? '' : 'zero'}` }, String(counts[v.name] || 0))), el('td', { class: 'figure' }, String(members.length)));
    }))));
}

function overviewPanel() {
  const results = shownResults();
  const counts = tally(results);
  const many = AGENTS.length > 1;
  return [
    many ? el('header', { class: 'case-head' }, el('p', { class: 'overline' }, 'Endpoint'), el('h2', {}, visible(AGENTS[state.agent].name)), el('p', { class: 'quiet' }, visible(AGENTS[state.agent].url || ''))) : null,
    many ? el('div', { class: 'part' }, bar(counts, results.length || 1), legend(counts)) : null,
    el('section', { class: 'part first' }, el('h3', {}, 'Needs attention'), attention(results)),
    el('section', { class: 'part' }, el('h3', {}, 'By group'), groupTable(results)),
  ];
}

function matrixRow(c) {
  return el('tr', {}, el('th', { scope: 'row' }, el('span', { class: 'row-title' }, c.title), el('span', { class: 'row-id' }, c.id)),
    AGENTS.map((agent, i) => {
      const result = BY_CASE[i].get(c.id);
      if (!result) return el('td', { class: 'cell none' }, el('span', { class: 'visually-hidden' }, 'not run'));
      return el('td', { class: `cell v-${result.verdict.key}` }, el('a', { href: link({ ...EMPTY, agent: i, case: c.id }), title: `${result.verdict.name}: ${result.summary}` },
        el('span', { 'aria-hidden': true }, result.verdict.sign), el('span', { class: 'visually-hidden' }, result.verdict.name)));
    }));
}

let differing = true;
function showMatrix() {
  const rows = CASES.filter((c) => !differing || new Set(AGENTS.map((a, i) => (BY_CASE[i].get(c.id) || {}).behavior)).size > 1);
  const box = el('input', { type: 'checkbox', id: 'differing', onchange: (e) => { differing = e.target.checked; showMatrix(); byId('differing').focus(); } });
  box.checked = differing;
  const groups = new Map();
  for (const c of rows) groups.set(c.group, [...(groups.get(c.group) || []), c]);
  fill(byId('view-matrix'),
    el('div', { class: 'view-head' }, el('h2', { id: 'matrix-heading', tabindex: -1 }, 'Endpoints and cases'),
      el('label', { class: 'check' }, box, ' only where they differ'), el('span', { class: 'quiet', role: 'status' }, `${rows.length.toLocaleString('en')} of ${plural(CASES.length, 'case')}`)),
    el('div', { class: 'scroll tall', tabindex: 0, role: 'region', 'aria-label': 'Matrix of endpoints and cases' }, el('table', { class: 'matrix' },
      el('thead', {}, el('tr', {}, el('th', { scope: 'col' }, 'Case'), AGENTS.map((a) => el('th', { scope: 'col' }, el('span', { class: 'tilted' }, visible(a.name).slice(0, 28)))))),
      [...groups].map(([group, members]) => el('tbody', {}, el('tr', { class: 'matrix-group' }, el('th', { scope: 'rowgroup', colspan: AGENTS.length + 1 }, group)), members.map(matrixRow))))));
}

// What says most about a rule: that it was broken, then that it was kept, then everything that is no judgement.
const evidence = (verdict) => ({ FAILED: 9, 'NON-STRICT': 8, OK: 7 }[verdict.name] || verdict.badness);

function citations() {
  const cited = new Map(REQUIREMENTS.map((r) => [r, { cases: new Set(), worst: AGENTS.map(() => null) }]));
  for (const results of RESULTS) {
    for (const result of results) {
      for (const r of new Set([...result.of.requirements, ...result.findings.map((f) => f.requirement)])) {
        const entry = cited.get(r);
        entry.cases.add(result.of.id);
        const verdict = verdictFor(result, r);
        const worst = entry.worst[result.agent];
        if (verdict && (!worst || evidence(verdict) > evidence(worst))) entry.worst[result.agent] = verdict;
      }
    }
  }
  return cited;
}

function showRequirements() {
  const cited = citations();
  const parts = (r) => [r.rfc || 1e9, ...(r.section || '').split('.').map(Number), Number((r.id.match(/-(\d+)$/) || [])[1] || 0)];
  const sorted = [...REQUIREMENTS].sort((a, b) => {
    const x = parts(a), y = parts(b);
    for (let i = 0; i < Math.max(x.length, y.length); ++i) if (x[i] !== y[i]) return (x[i] ?? -1) - (y[i] ?? -1);
    return 0;
  });
  fill(byId('view-requirements'),
    el('div', { class: 'view-head' }, el('h2', { id: 'requirements-heading', tabindex: -1 }, 'Requirements'),
      el('p', { class: 'quiet' }, `${plural(REQUIREMENTS.length, 'rule')} that the cases of this run cite, and the worst that was seen. A failed case counts against the rules it broke, not against all it cites.`)),
    el('div', { class: 'scroll tall', tabindex: 0, role: 'region', 'aria-label': 'Requirements' }, el('table', { class: 'plain-table requirements' },
      el('thead', {}, el('tr', {}, el('th', { scope: 'col' }, 'Section'), el('th', { scope: 'col' }, 'Rule'), el('th', { scope: 'col', class: 'figure' }, 'Cases'),
        AGENTS.map((a) => el('th', { scope: 'col', class: 'verdict-column' }, AGENTS.length > 1 ? visible(a.name).slice(0, 28) : 'Worst seen')))),
      el('tbody', {}, sorted.map((r) => {
        const { cases, worst } = cited.get(r);
        return el('tr', {}, el('th', { scope: 'row' }, ruleLink(r)),
          el('td', {}, r.level ? el('span', { class: 'level' }, r.level) : null, ' ', r.rule || 'The text of this rule is not known to this version.', ' ', el('span', { class: 'quiet mono' }, r.id)),
          el('td', { class: 'figure' }, el('a', { href: link({ ...EMPTY, agent: state.agent, req: r.id }) }, String(cases.size), el('span', { class: 'visually-hidden' }, ' cases'))),
          worst.map((v) => el('td', { class: 'verdict-column' }, v ? sign(v) : el('span', { class: 'quiet', title: 'no case came to a judgement' }, 'open'))));
      })))));
}
