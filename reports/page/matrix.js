// matrix.js - all cases of several endpoints, side by side.

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
