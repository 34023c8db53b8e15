// state.js - what is shown, kept in the URL's fragment so that a link or a reload shows it again.

const EMPTY = { view: 'cases', agent: 0, verdicts: [], group: '', req: '', cause: '', q: '', beyond: false, case: '' };
let state = { ...EMPTY };

function readHash() {
  const hash = new URLSearchParams(location.hash.slice(1));
  const agent = AGENTS.findIndex((a) => a.name === hash.get('endpoint'));
  const views = AGENTS.length > 1 ? ['cases', 'matrix', 'requirements'] : ['cases', 'requirements'];
  return {
    view: views.includes(hash.get('view')) ? hash.get('view') : 'cases',
    agent: agent < 0 ? 0 : agent,
    verdicts: (hash.get('verdict') || '').split(',').filter((key) => [...VERDICTS, ...NO_VERDICTS].some((v) => v.key === key) || key === 'flaky'),
    group: hash.get('group') || '',
    req: hash.get('req') || '',
    cause: hash.get('cause') || '',
    q: hash.get('q') || '',
    beyond: hash.get('beyond') === 'autobahn',
    case: hash.get('case') || '',
  };
}

function hashOf(s) {
  const hash = new URLSearchParams();
  if (s.view !== 'cases') hash.set('view', s.view);
  if (s.agent !== 0) hash.set('endpoint', AGENTS[s.agent].name);
  if (s.verdicts.length) hash.set('verdict', s.verdicts.join(','));
  if (s.group) hash.set('group', s.group);
  if (s.req) hash.set('req', s.req);
  if (s.cause) hash.set('cause', s.cause);
  if (s.q) hash.set('q', s.q);
  if (s.beyond) hash.set('beyond', 'autobahn');
  if (s.case) hash.set('case', s.case);
  // These are legal in a fragment, and links read better with them.
  return '#' + hash.toString().replace(/%2F/g, '/').replace(/%2C/g, ',');
}

// A link to the present state with some changes.
const link = (changes) => hashOf({ ...state, ...changes });

// `step`: worth a step of the back button.
function go(changes, step = false) {
  const next = { ...state, ...changes };
  const hash = hashOf(next);
  if (hash !== (location.hash || '#')) history[step ? 'pushState' : 'replaceState'](null, '', hash);
  show(next);
}

function matches(result, s) {
  if (s.verdicts.length && !s.verdicts.includes(result.verdict.key) && !(result.flaky && s.verdicts.includes('flaky'))) return false;
  if (s.group && result.of.group !== s.group) return false;
  if (s.req && !result.of.requirements.concat(result.findings.map((f) => f.requirement)).some((r) => cites(r, s.req))) return false;
  if (s.cause && !(result.causes || []).some((cause) => String(cause.number) === s.cause)) return false;
  return s.q.toLowerCase().split(/\s+/).every((word) => haystack(result).includes(word));
}

// A filter is an id ("rfc6455-5.5.1-10"), a section with all below it ("rfc6455-5.5"), or an RFC ("rfc6455").
function cites(requirement, filter) {
  if (requirement.id === filter || `rfc${requirement.rfc}` === filter) return true;
  const section = `rfc${requirement.rfc}-${requirement.section}`;
  return section === filter || section.startsWith(filter + '.');
}

let shownKey = '', shown = [];
function shownResults() {
  const key = JSON.stringify([state.agent, state.verdicts, state.group, state.req, state.cause, state.q]);
  if (key !== shownKey) {
    shownKey = key;
    shown = (RESULTS[state.agent] || []).filter((result) => matches(result, state));
  }
  return shown;
}
const isFiltered = () => state.verdicts.length > 0 || state.group !== '' || state.req !== '' || state.cause !== '' || state.q !== '';
const currentResult = () => (state.case && BY_CASE[state.agent] ? BY_CASE[state.agent].get(state.case) : undefined);
