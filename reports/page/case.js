// case.js - one case in full: verdict, what was expected and seen, why, and the conversation.

const badge = (verdict, more) => el('span', { class: `badge v-${verdict.key}`, title: verdict.about }, el('span', { class: 'sign', 'aria-hidden': true }, verdict.sign), verdict.name, more || null);
const sign = (verdict) => el('span', { class: `sign v-${verdict.key}`, title: `${verdict.name}: ${verdict.about}` },
  el('span', { 'aria-hidden': true }, verdict.sign), el('span', { class: 'visually-hidden' }, verdict.name));

const ruleLink = (requirement) => (requirement.link
  ? el('a', { class: 'clause', href: requirement.link, rel: 'noreferrer', target: '_blank' }, requirement.clause)
  : el('span', { class: 'clause' }, requirement.id));

// `why`: what makes a finding weigh, in place of the level: the reason of a choice reads as a sentence.
function rule(requirement, why = requirement.level) {
  return el('div', { class: 'rule' },
    el('p', { class: 'rule-head' }, ruleLink(requirement), why ? el('span', { class: why.includes(': ') ? 'reason' : 'level' }, why) : null,
      el('a', { class: 'quiet', href: link({ view: 'cases', req: requirement.id, case: '' }), title: 'all cases that cite it' }, requirement.id)),
    requirement.rule ? el('p', { class: 'rule-text' }, requirement.rule) : null);
}

const WEIGHTS = {
  violation: { heading: 'Broken', key: 'failed' },
  weak: { heading: 'Weaker than asked for', key: 'non-strict' },
  choice: { heading: 'The endpoint chose', key: 'informational' },
};

function findingCard([weight, n, expected, seen, why]) {
  const requirement = n >= 0 ? REQUIREMENTS[n] : null;
  if (weight === 'choice') {
    return el('li', { class: 'finding choice' },
      el('p', {}, el('strong', {}, 'The endpoint chose: '), visible(seen)),
      el('p', { class: 'quiet' }, 'Also conformant: ', visible(expected), requirement ? [' \u00b7 ', ruleLink(requirement)] : null));
  }
  return el('li', { class: `finding ${weight}` },
    el('p', { class: `finding-head v-${WEIGHTS[weight].key}` }, WEIGHTS[weight].heading),
    requirement ? rule(requirement, why) : null,
    el('dl', { class: 'pair' }, el('div', {}, el('dt', {}, 'Expected'), el('dd', {}, visible(expected))),
      el('div', {}, el('dt', {}, 'Seen'), el('dd', {}, visible(seen)))));
}

function findingsSection(more) {
  if (!more.findings.length) return null;
  const order = ['violation', 'weak', 'choice'];
  const sorted = [...more.findings].sort((a, b) => order.indexOf(a[0]) - order.indexOf(b[0]));
  const faults = sorted.some((f) => f[0] !== 'choice');
  return el('section', { class: 'part' }, el('h3', {}, faults ? 'Why' : 'Choices taken'),
    el('ul', { class: 'findings' }, sorted.map(findingCard)));
}

function requirementsSection(result) {
  if (!result.of.requirements.length) return null;
  return el('section', { class: 'part folded' },
    el('details', { class: 'fold' }, el('summary', {}, el('h3', {}, 'What this case checks'), el('span', { class: 'quiet' }, plural(result.of.requirements.length, 'requirement'))),
      el('ul', { class: 'rules' }, result.of.requirements.map((r) => el('li', {}, rule(r))))));
}

function bugsSection(more) {
  if (!more.bugs) return null;
  return el('section', { class: 'part folded' },
    el('details', { class: 'fold' }, el('summary', {}, el('h3', {}, 'Known bugs that it shows'), el('span', { class: 'quiet' }, plural(more.bugs.length, 'bug'))),
      el('ul', { class: 'rules' }, more.bugs.map((bug) => el('li', {}, visible(bug))))));
}

function closingFacts(result, more) {
  const code = (value) => (value === undefined ? 'none' : `${value}${CLOSE_CODES[value] ? ` (${CLOSE_CODES[value]})` : ''}`);
  const facts = [
    ['Closing', `${result.closing}${more.clean ? ', handshake complete' : ', handshake not complete'}`],
    ['Close code of the endpoint', code(more.remote_code) + (more.remote_reason ? `, \u201c${visible(more.remote_reason)}\u201d` : '')],
    ['Close code of the tester', code(more.local_code)],
    ['Began to close', more.peer_closed_first ? 'the endpoint' : 'the tester, or nobody'],
    ['Ended TCP first', more.peer_dropped ? 'the endpoint' : 'the tester, or nobody'],
    ['Sent', `${octets(more.transcript.sent[0])}, ${plural(more.transcript.sent[1], 'frame')}`],
    ['Received', `${octets(more.transcript.received[0])}, ${plural(more.transcript.received[1], 'frame')}`],
    ['Began', date(more.started)],
    ['Took', duration(result.ms)],
  ];
  return el('section', { class: 'part folded' }, el('details', { class: 'fold' },
    el('summary', {}, el('h3', {}, 'Closing and timing'), el('span', { class: 'quiet' }, `${duration(result.ms)} \u00b7 closing ${result.closing}`)),
    el('dl', { class: 'facts small' }, facts.map(([key, value]) => el('div', {}, el('dt', {}, key), el('dd', {}, value))))));
}

function handshakeSection(transcript) {
  if (!transcript.request && !transcript.response) return null;
  const status = transcript.response.split('\n')[0].trim();
  const head = (label, text) => el('div', {}, el('h4', {}, label), el('pre', { class: 'http', tabindex: 0, 'aria-label': label }, visible(text.replace(/\r\n/g, '\n')).trim() || 'nothing'));
  return el('details', { class: 'fold' }, el('summary', {}, el('h3', {}, 'Opening handshake'), el('span', { class: 'quiet' }, visible(status) || 'no answer')),
    el('div', { class: 'heads' }, head('Request', transcript.request), head('Response', transcript.response)));
}

// A command and its button; `name` makes their ids.
function replayLine(command, name) {
  const button = el('button', { type: 'button', id: `copy-${name}` }, 'Copy');
  button.addEventListener('click', async () => {
    const done = await copy(command);
    button.textContent = done ? 'Copied' : 'Select and copy';
    say(done ? 'Command copied.' : 'The browser does not let this page copy.');
    setTimeout(() => { button.textContent = 'Copy'; }, 1600);
  });
  return el('div', { class: 'replay' }, el('code', { id: `${name}-command`, tabindex: 0 }, visible(command)), button);
}

function replaySection(result, more) {
  if (!more.replay) return null;
  return el('section', { class: 'part' }, el('h3', {}, 'Run it again'), replayLine(more.replay, 'replay'));
}

function otherEndpoints(result) {
  if (AGENTS.length < 2) return null;
  return el('nav', { class: 'others', 'aria-label': 'This case at the other endpoints' }, AGENTS.map((agent, i) => {
    const other = BY_CASE[i].get(result.of.id);
    if (!other) return null;
    return el('a', { class: 'other', href: link({ agent: i, case: result.of.id }), 'aria-current': i === result.agent ? 'true' : null },
      sign(other.verdict), visible(agent.name));
  }));
}

function caseBar(result) {
  const results = shownResults();
  const at = results.indexOf(result);
  const to = (i, label, key) => (results[i]
    ? el('a', { class: 'step', href: link({ case: results[i].of.id }), rel: label.toLowerCase(), title: `${label} case (${key})` }, label)
    : el('span', { class: 'step off' }, label));
  return el('div', { class: 'case-bar' },
    el('a', { class: 'step back', href: link({ case: '' }), id: 'back', title: 'back to the overview (Esc)' }, '\u2190 All cases'),
    el('span', { class: 'grow' }),
    at >= 0 ? el('span', { class: 'quiet' }, `${(at + 1).toLocaleString('en')} of ${results.length.toLocaleString('en')}`) : null,
    to(at < 0 ? -1 : at - 1, 'Previous', 'k'), to(at < 0 ? 0 : at + 1, 'Next', 'j'));
}

// What decided; a summary of a case with findings says what was expected once more. That of a flaky one tells of both runs.
function seenInShort(result, more) {
  const decisive = ['violation', 'weak'].map((weight) => more.findings.find((f) => f[0] === weight)).find(Boolean);
  return decisive && !result.flaky ? decisive[3] : result.summary;
}

function caseView(result) {
  const more = details(result);
  const c = result.of;
  return [
    caseBar(result),
    el('header', { class: 'case-head' },
      el('p', { class: 'overline' }, c.aliases.length ? `Autobahn ${c.aliases.join(', ')}` : c.group, ' \u00b7 ', visible(AGENTS[result.agent].name)),
      el('h2', { id: 'case-title' }, c.title),
      el('p', { class: 'case-id' }, el('code', {}, c.id)),
      el('p', { class: 'badges' }, badge(result.verdict),
        result.closing !== 'OK' ? el('span', { class: 'badge outline' }, `closing: ${result.closing}`) : null,
        result.flaky ? el('span', { class: 'badge outline flaky', title: 'two runs of this case disagreed' }, 'flaky') : null),
      belongsTo(result),
      otherEndpoints(result)),
    el('dl', { class: 'pair large' },
      el('div', {}, el('dt', {}, 'Expected'), el('dd', {}, more.expectation)),
      el('div', {}, el('dt', {}, 'Seen'), el('dd', {}, visible(seenInShort(result, more))))),
    findingsSection(more),
    el('section', { class: 'part' }, el('h3', {}, 'On the wire'),
      el('p', { class: 'quiet' }, `${octets(more.transcript.sent[0])} sent, ${octets(more.transcript.received[0])} received in ${duration(result.ms)}. A frame opens to show its bytes.`),
      handshakeSection(more.transcript), sequence(more.transcript, visible(AGENTS[result.agent].name), result.file)),
    more.other_transcript ? el('section', { class: 'part' }, el('h3', {}, 'The run that disagreed'),
      el('p', { class: 'quiet' }, 'This case ended differently in another run of it. Its conversation then:'),
      sequence(more.other_transcript, visible(AGENTS[result.agent].name), result.file)) : null,
    bugsSection(more),
    requirementsSection(result),
    closingFacts(result, more),
    replaySection(result, more),
    el('p', { class: 'part quiet' }, 'Complete transcript: ', el('a', { href: result.file }, result.file)),
  ];
}
