// overview.js - the run as a whole: the head of the page, what needs attention, the groups.

function verdictSentence(counts, total, hidden) {
  const failed = (counts.FAILED || 0), errored = (counts.ERRORED || 0), weak = (counts['NON-STRICT'] || 0);
  if (!total) return 'No results.';
  if (!failed && !errored && !weak && !hidden) return 'Nothing failed.';
  const parts = [];
  if (failed) parts.push(`${failed} failed`);
  if (errored) parts.push(`${errored} could not be run`);
  if (weak) parts.push(`${weak} non-strict`);
  if (hidden) parts.push(`${hidden} hidden by a fault`);
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
        el('span', { class: 'headline-rest' }, verdictSentence(counts, total, RESULTS[agent].filter((r) => r.hidden).length)),
        AGENTS[agent].headline ? el('span', { class: 'headline-causes' }, `${AGENTS[agent].headline}.`) : null)),
    bar(counts, total), legend(counts));
}

function heroOfMany() {
  return el('div', { class: 'hero-one' },
    el('div', { class: 'hero-words' }, el('h1', {}, plural(AGENTS.length, 'endpoint') + ' compared'),
      el('p', { class: 'headline' }, `${plural(CASES.length, 'case')} each, `, plural(RESULTS.reduce((sum, r) => sum + r.length, 0), 'result'), ' in all.')),
    el('table', { class: 'ranking' }, el('caption', { class: 'visually-hidden' }, 'Totals by endpoint'),
      el('thead', {}, el('tr', {}, el('th', { scope: 'col' }, 'Endpoint'), el('th', { scope: 'col' }, el('span', { class: 'visually-hidden' }, 'Totals')),
        ['Causes', 'FAILED', 'NON-STRICT', 'OK'].map((name) => el('th', { scope: 'col', class: 'figure' }, name)))),
      el('tbody', {}, AGENTS.map((agent, i) => {
        const counts = tally(RESULTS[i]);
        const figure = (name) => el('td', { class: `figure ${counts[name] ? `v-${VERDICT[name].key}` : 'zero'}` }, (counts[name] || 0).toLocaleString('en'));
        return el('tr', {}, el('th', { scope: 'row' }, el('a', { href: link({ ...EMPTY, agent: i }) }, visible(agent.name))),
          el('td', { class: 'wide' }, bar(counts, RESULTS[i].length || 1)), el('td', { class: `figure ${CAUSES[i].length ? '' : 'zero'}` }, number(CAUSES[i].length)), figure('FAILED'), figure('NON-STRICT'), figure('OK'));
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
    causesSection(results),
    flakySection(results),
    el('section', { class: 'part' }, el('h3', {}, 'By group'), groupTable(results)),
  ];
}
