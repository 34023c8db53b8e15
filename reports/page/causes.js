// causes.js - what one mend would take away: on the overview before everything else, and in each case that it explains.

const NAMED = 12;  // cases of a cause that are listed at once; the list of cases has them all

function someCases(results, title, cause) {
  if (!results.length) return null;
  const rest = results.length - NAMED;
  return el('details', { class: 'fold cause-cases' },
    el('summary', {}, el('span', {}, title)),
    el('ul', {}, results.slice(0, NAMED).map((result) => el('li', {}, sign(result.verdict),
      el('a', { href: link({ case: result.of.id }) }, result.of.id), result.flaky ? el('span', { class: 'flaky-note' }, 'flaky') : null))),
    rest > 0 ? el('p', {}, el('a', { href: link({ ...EMPTY, agent: cause.agent, cause: String(cause.number) }) }, `and ${number(rest)} more`)) : null);
}

const causeVerdict = (verdict) => el('span', { class: `cause-verdict v-${verdict.key}`, title: verdict.about }, el('span', { class: 'sign', 'aria-hidden': true }, verdict.sign), verdict.name);

function causeCard(cause) {
  const r = cause.requirement, shown = cause.shortest;
  return el('li', { class: `cause v-${cause.verdict.key}`, id: `cause-${cause.number}` },
    el('p', { class: 'cause-head' }, causeVerdict(cause.verdict), el('span', { class: 'cause-number' }, `Cause ${cause.number}`), el('strong', {}, cause.reach)),
    el('h4', { class: 'cause-rule' }, visible(cause.words)),
    r ? el('p', { class: 'rule-head' }, ruleLink(r), cause.why ? el('span', { class: cause.why.includes(': ') ? 'reason' : 'level' }, cause.why) : null) : null,
    el('dl', { class: 'pair' }, el('div', {}, el('dt', {}, 'Expected'), el('dd', {}, visible(cause.expected))),
      el('div', {}, el('dt', {}, 'Seen'), el('dd', {}, visible(cause.seen)))),
    el('p', { class: 'cause-shown' }, el('span', { class: 'quiet' }, cause.cases.length + cause.hidden.length > 1 ? 'Shortest case: ' : 'Case: '),
      el('a', { href: link({ case: shown.of.id }) }, shown.of.title), ' ', el('code', { class: 'quiet' }, shown.of.id), shown.flaky ? el('span', { class: 'flaky-note' }, 'flaky') : null),
    cause.replay ? replayLine(cause.replay, `cause-${cause.number}`) : null,
    cause.cases.length > 1 ? someCases(cause.cases, plural(cause.cases.length, 'case'), cause) : null,
    someCases(cause.hidden, `${plural(cause.hidden.length, 'case')} hidden: not judged because of it`, cause));
}

// Of the causes those that the results which are shown have.
function causesSection(results) {
  const shown = new Set(results.flatMap((result) => result.causes || []));
  const causes = (CAUSES[state.agent] || []).filter((cause) => shown.has(cause));
  const calm = 'Nothing here needs attention: no failures, nothing non-strict, nothing hidden.';
  return el('section', { class: 'part first causes' }, el('h3', {}, causes.length ? 'Causes' : 'Needs attention'),
    causes.length ? el('ol', {}, causes.map(causeCard)) : el('p', { class: 'calm' }, calm));
}

// Two runs of a case disagreed, and the verdict that counts asks for no cause.
function flakySection(results) {
  const rows = results.filter((result) => result.flaky && !result.causeNumber);
  if (!rows.length) return null;
  return el('section', { class: 'part' }, el('h3', {}, 'Flaky'), el('ol', { class: 'attention' }, rows.map((result) =>
    el('li', {}, el('a', { href: link({ case: result.of.id }) }, sign(result.verdict),
      el('span', { class: 'attention-words' }, el('strong', {}, result.of.title), el('span', {}, visible(result.summary))))))));
}

// In a case: which causes it shows, its root first.
function belongsTo(result) {
  const causes = causesOf(result);
  if (!causes.length) return null;
  const before = (i) => (i > 0 ? 'It shows ' : result.hidden ? 'Not judged: hidden by ' : 'This is ');
  const after = (cause, i) => (i > 0 ? ' as well.' : result.hidden ? '.' : `, which ${cause.reach}.`);
  return el('p', { class: 'belongs' }, causes.map((cause, i) => el('span', {}, before(i),
    el('a', { href: link({ ...EMPTY, agent: result.agent, cause: String(cause.number) }) }, `cause ${cause.number}`), after(cause, i))));
}
