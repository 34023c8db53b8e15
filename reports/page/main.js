// main.js - what happens when: views, keys, theme, links.

const VIEWS = AGENTS.length > 1
  ? [['cases', 'Cases', CASES.length], ['matrix', 'Matrix', null], ['requirements', 'Requirements', REQUIREMENTS.length]]
  : [['cases', 'Cases', CASES.length], ['requirements', 'Requirements', REQUIREMENTS.length]];

function showTabs() {
  fill(byId('tabs'), VIEWS.map(([view, label, count]) => el('a', { class: 'tab', href: link({ ...EMPTY, agent: state.agent, view }), 'aria-current': state.view === view ? 'page' : null },
    label, count === null ? null : el('span', { class: 'tab-count' }, count.toLocaleString('en')))));
}

const TITLE = document.title;
const narrow = () => matchMedia('(max-width: 62rem)').matches;
const mainTop = () => byId('main').offsetTop - document.querySelector('.tabs').offsetHeight;

let detailKey = '';
function showWhenUnpacked(panel, result, key) {
  fill(panel, el('p', { class: 'quiet' }, 'Unpacking the transcripts\u2026'));
  unpacked(result.agent).then(
    () => { if (detailKey === key) fill(panel, caseView(result)); },
    (error) => fill(panel, el('p', {}, `This browser cannot unpack the transcripts (${error.message}); they are in ${result.file}, beside this page.`)));
}

function showDetail() {
  const result = currentResult();
  const key = result ? `case ${state.agent} ${state.case} ${shownKey}` : `overview ${shownKey}`;
  document.body.classList.toggle('has-case', Boolean(result));
  if (key === detailKey) return;
  const opened = result && !detailKey.startsWith(`case ${state.agent} ${state.case} `);
  detailKey = key;
  const panel = byId('detail');
  panel.setAttribute('aria-label', result ? `Case ${result.of.id}` : 'Overview of the run');
  if (result && !lines[result.agent]) showWhenUnpacked(panel, result, key);
  else fill(panel, result ? caseView(result) : overviewPanel());
  panel.parentElement.scrollTop = 0;
  document.title = result ? `${result.of.id}: ${result.behavior} \u00b7 ${TITLE}` : TITLE;
  if (opened) scrollTo(0, narrow() ? 0 : Math.max(scrollY, mainTop()));
}

function show(next) {
  const last = state;
  state = next;
  for (const [view] of VIEWS) byId(`view-${view}`).hidden = view !== state.view;
  shownResults();
  showTabs();
  document.body.classList.remove('has-case');
  document.body.classList.toggle('filtered', isFiltered());
  if (state.view === 'cases') {
    showFilters();
    showList();
    showDetail();
  } else {
    const entered = state.view !== last.view || !byId(`view-${state.view}`).firstChild;
    if (state.view === 'requirements') showRequirements();
    if (state.view === 'matrix' && entered) showMatrix();
    if (entered) scrollTo(0, Math.min(scrollY, mainTop()));
  }
}

// Links within the page: one way for clicks, the back button and the address bar.
let lastList = 0;
addEventListener('click', (event) => {
  const anchor = event.target.closest('a[href^="#"]');
  if (!anchor || event.defaultPrevented || event.metaKey || event.ctrlKey || event.shiftKey || event.button !== 0) return;
  if (anchor.classList.contains('skip')) return;
  event.preventDefault();
  if (anchor.classList.contains('row')) lastList = scrollY;
  const open = byId('list').querySelector('[aria-current]');
  const fromKeyboard = event.detail === 0;
  history.pushState(null, '', anchor.getAttribute('href'));
  show(readHash());
  if (anchor.id === 'back' || anchor.closest('.case-bar, .others, .tabs, .attention, .causes, .belongs, .matrix') || (fromKeyboard && anchor.classList.contains('row'))) focusMain(anchor.id === 'back' ? open : null);
});

// Where a keyboard or a screen reader goes on: what was opened, or the row that it was opened from.
function focusMain(row) {
  if (row) {
    if (narrow()) scrollTo(0, lastList);
    row.focus({ preventScroll: true });
    return;
  }
  const heading = state.view === 'cases' ? byId('detail') : byId(`${state.view}-heading`);
  if (heading) heading.focus({ preventScroll: true });
}

addEventListener('popstate', () => show(readHash()));

function switchAgent(by) {
  if (AGENTS.length > 1) go({ agent: (state.agent + by + AGENTS.length) % AGENTS.length, cause: '' }, true);
}

function closeCase() {
  if (!state.case) return;
  const row = byId('list').querySelector('[aria-current]');
  go({ case: '' }, true);
  if (row && row.isConnected) row.focus();
}

const KEYS = {
  j: () => move(1),
  k: () => move(-1),
  n: nextTrouble,
  c: () => byId('copy-replay') && byId('copy-replay').click(),
  '[': () => switchAgent(-1),
  ']': () => switchAgent(1),
  '/': () => {
    if (state.view === 'matrix') go({ view: 'cases' }, true);
    const search = byId(state.view === 'requirements' ? 'rule-search' : 'search');
    search.focus();
    search.select();
  },
  '?': () => byId('help').showModal(),
  Escape: closeCase,
};

addEventListener('keydown', (event) => {
  if (event.altKey || event.ctrlKey || event.metaKey || byId('help').open) return;
  if (event.target.closest('input, select, textarea')) {
    if (event.key === 'Escape') event.target.blur();
    if (event.key === 'Enter' && event.target.id === 'search' && shownResults().length) {
      event.target.blur();
      openCase(shownResults()[0]);
    }
    return;
  }
  if (!KEYS[event.key]) return;
  event.preventDefault();
  KEYS[event.key]();
});

// Theme: as the system says, until the reader chooses.
const THEMES = ['auto', 'light', 'dark'];
function remembered() {
  try { return localStorage.getItem('touchstone-theme') || 'auto'; } catch { return 'auto'; }
}
function setTheme(theme) {
  if (theme === 'auto') document.documentElement.removeAttribute('data-theme');
  else document.documentElement.setAttribute('data-theme', theme);
  byId('theme').textContent = `Theme: ${theme}`;
  byId('theme').dataset.theme = theme;
  try { localStorage.setItem('touchstone-theme', theme); } catch { /* private windows and some file:// pages */ }
}
byId('theme').addEventListener('click', () => setTheme(THEMES[(THEMES.indexOf(byId('theme').dataset.theme) + 1) % THEMES.length]));
byId('help-button').addEventListener('click', () => byId('help').showModal());

setTheme(THEMES.includes(remembered()) ? remembered() : 'auto');
showHero();
buildFilters();
show(readHash());
// A link to something in particular starts there, not at the head of the page.
if (state.case || state.view !== 'cases') {
  scrollTo(0, narrow() && state.case ? 0 : mainTop());
  revealRow('center');
}
