// model.js - the results of the run, as embedded in the page.

const DATA = JSON.parse(byId('data').textContent);
const RUN = DATA.run;
const AGENTS = DATA.agents;

// From best to worst as a reader cares about them; `badness` decides what a cell that stands for several shows.
const VERDICTS = [
  { name: 'OK', key: 'ok', sign: '\u2713', badness: 0, about: 'conformant' },
  { name: 'INFORMATIONAL', key: 'informational', sign: 'i', badness: 1, about: 'no judgement: the RFC leaves it open' },
  { name: 'NOT-APPLICABLE', key: 'not-applicable', sign: '\u2013', badness: 2, about: 'cannot be judged on this endpoint' },
  { name: 'UNIMPLEMENTED', key: 'unimplemented', sign: '\u25cb', badness: 3, about: 'an optional feature that is not there' },
  { name: 'NON-STRICT', key: 'non-strict', sign: '\u25d0', badness: 4, about: 'works, but a SHOULD is broken' },
  { name: 'ERRORED', key: 'errored', sign: '!', badness: 5, about: 'the case could not be run' },
  { name: 'FAILED', key: 'failed', sign: '\u2715', badness: 6, about: 'a MUST is broken' },
];
const VERDICT = Object.fromEntries(VERDICTS.map((v) => [v.name, v]));
const needsAttention = (result) => result.verdict.badness >= 4 || result.hidden || result.flaky;

// Those that the cases of this run cite, and all that a peer can see. Of the latter the catalogue has `cases`; Autobahn|
// Testsuite's are "tested", "in-passing" or none.
const REQUIREMENTS = DATA.requirements.map(([id, rfc, section, level, rule, binds, [covered, cases, autobahn, uncovered] = []]) => ({
  id, rfc, section, level, rule, binds, autobahn,
  inQuestion: covered !== undefined,
  covered: covered === 1,
  cases: cases || 0,
  uncovered: uncovered || '',
  clause: rfc ? `RFC ${rfc} ${section}` : id,
  link: rfc ? `https://www.rfc-editor.org/rfc/rfc${rfc}#section-${section}` : null,
}));

const CASES = DATA.cases.map(([id, aliases, title, requirements], index) => ({
  index, id, aliases, title,
  group: id.split('/')[0],
  requirements: requirements.map((n) => REQUIREMENTS[n]),
}));

// RESULTS[agent] in reading order; `line` finds the details, which are parsed when somebody opens the case.
const RESULTS = DATA.results.map((rows, agent) => rows.map(([n, behavior, closing, ms, flaky, summary, findings, file, cause, hidden], line) => ({
  agent, line, behavior, closing, ms, summary, file,
  of: CASES[n],
  flaky: flaky === 1,
  hidden: hidden === 1,
  causeNumber: cause,  // of the root, or of what hides it; 0: none
  verdict: VERDICT[behavior],
  findings: findings.map(([weight, r]) => ({ weight, requirement: REQUIREMENTS[r] })),
})));

// CAUSES[agent]: what one mend would take away, the gravest first. A result may show several; `causesOf` has its root first.
const CAUSES = DATA.causes.map((rows, agent) => rows.map((row, i) => ({
  ...row, agent, number: i + 1,
  verdict: VERDICT[row.verdict],
  requirement: row.requirement >= 0 ? REQUIREMENTS[row.requirement] : null,
  cases: row.cases.map((line) => RESULTS[agent][line]),
  hidden: row.hidden.map((line) => RESULTS[agent][line]),
  shortest: RESULTS[agent][row.shortest],
})));
for (const cause of CAUSES.flat()) for (const result of [...cause.cases, ...cause.hidden]) (result.causes ||= []).push(cause);
const causesOf = (result) => [...(result.causes || [])].sort((a, b) => (b.number === result.causeNumber) - (a.number === result.causeNumber));

const BY_CASE = RESULTS.map((results) => new Map(results.map((result) => [result.of.id, result])));

// One text per result for the search, in lower case.
function haystack(result) {
  if (!result.hay) {
    const c = result.of;
    result.hay = [c.id, c.title, ...c.aliases, result.summary, result.behavior, result.closing,
      ...c.requirements.flatMap((r) => [r.id, r.clause, r.rule || ''])].join('\n').toLowerCase();
  }
  return result.hay;
}

// The details of an endpoint's results, a line each, are gzip in Base64 (they are most of the report's size).
// `unpacked(agent)` has to be done before the first `details(result)` of that endpoint.
const lines = [], unpacking = [];
function unpacked(agent) {
  unpacking[agent] ||= (async () => {
    const octets = Uint8Array.from(atob(byId(`details-${agent}`).textContent), (c) => c.charCodeAt(0));
    const text = await new Response(new Blob([octets]).stream().pipeThrough(new DecompressionStream('gzip'))).text();
    lines[agent] = text.trim().split('\n');
  })();
  return unpacking[agent];
}

function details(result) {
  result.details ||= JSON.parse(lines[result.agent][result.line]);
  return result.details;
}

function tally(results) {
  const counts = {};
  for (const result of results) counts[result.behavior] = (counts[result.behavior] || 0) + 1;
  return counts;
}

function groupsOf(results) {
  const groups = new Map();
  for (const result of results) {
    if (!groups.has(result.of.group)) groups.set(result.of.group, []);
    groups.get(result.of.group).push(result);
  }
  return groups;
}

// What one result says about one requirement. A failed case accuses the requirements that its findings name; about
// the others that it cites it says nothing, because it did not get there.
function verdictFor(result, requirement) {
  const named = result.findings.filter((f) => f.requirement === requirement && f.weight !== 'choice');
  if (named.some((f) => f.weight === 'violation')) return VERDICT.FAILED;
  if (named.length) return VERDICT['NON-STRICT'];
  if (!result.of.requirements.includes(requirement)) return null;
  const accuses = result.findings.some((f) => f.weight !== 'choice');
  return accuses && result.verdict.badness >= 4 ? null : result.verdict;
}
