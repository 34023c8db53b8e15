// wire.js - a transcript as a sequence between two lifelines, with the octets behind each frame.

const OPCODES = { 0: 'Continuation', 1: 'Text', 2: 'Binary', 8: 'Close', 9: 'Ping', 10: 'Pong' };
const CLOSE_CODES = {
  1000: 'normal closure', 1001: 'going away', 1002: 'protocol error', 1003: 'unsupported data', 1004: 'reserved',
  1005: 'no status, never on the wire', 1006: 'abnormal, never on the wire', 1007: 'invalid payload data',
  1008: 'policy violation', 1009: 'message too big', 1010: 'extension missing', 1011: 'internal error',
  1012: 'service restart', 1013: 'try again later', 1014: 'bad gateway', 1015: 'TLS failure, never on the wire',
};
const opcodeName = (opcode) => OPCODES[opcode] || `Opcode ${opcode} (reserved)`;

const fromHex = (hex) => Uint8Array.from(hex.match(/../g) || [], (pair) => parseInt(pair, 16));

function asText(bytes, cut) {
  // A payload that is cut may end inside a character.
  for (let end = bytes.length; end >= Math.max(0, bytes.length - (cut ? 3 : 0)); --end) {
    try {
      return new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(0, end));
    } catch { /* not text up to here */ }
  }
  return null;
}

// The frame's header as RFC 6455 5.2 lays it out, lengths in their shortest form.
function headerOctets(entry) {
  const length = entry.l || 0;
  const out = [(entry.f ? 0x80 : 0) | ((entry.v || 0) << 4) | entry.o];
  const masked = entry.m !== undefined ? 0x80 : 0;
  if (length < 126) out.push(masked | length);
  else if (length < 65536) out.push(masked | 126, length >> 8, length & 255);
  else {
    out.push(masked | 127);
    for (let shift = 56n; shift >= 0n; shift -= 8n) out.push(Number((BigInt(length) >> shift) & 255n));
  }
  return masked ? [...out, ...fromHex(entry.m)] : out;
}

// Sixteen octets a row: header octets stand apart from the payload by colour.
function hexDump(header, payload) {
  const all = [...header, ...payload];
  const rows = [];
  for (let at = 0; at < all.length; at += 16) {
    const row = all.slice(at, at + 16);
    const hex = row.map((octet, i) => {
      const text = octet.toString(16).padStart(2, '0') + (i === 7 ? '  ' : ' ');
      return at + i < header.length ? el('span', { class: 'head-octet' }, text) : text;
    });
    const ascii = row.map((octet) => (octet >= 0x20 && octet < 0x7f ? String.fromCharCode(octet) : '\u00b7')).join('');
    rows.push(el('span', { class: 'offset' }, at.toString(16).padStart(4, '0')), '  ', ...hex,
      ' '.repeat((16 - row.length) * 3 + (row.length < 8 ? 1 : 0) + 1), el('span', { class: 'ascii' }, ascii), '\n');
  }
  return el('pre', { class: 'hex', tabindex: 0, 'aria-label': 'Octets in hexadecimal' }, ...rows);
}

function closeWords(bytes) {
  if (bytes.length < 2) return bytes.length ? 'a body of one byte' : 'no status code';
  const code = bytes[0] * 256 + bytes[1];
  const reason = asText(bytes.subarray(2), false);
  const words = `${code}${CLOSE_CODES[code] ? ` ${CLOSE_CODES[code]}` : ''}`;
  if (bytes.length === 2) return words;
  return `${words}, ${reason === null ? 'a reason that is not UTF-8' : `\u201c${visible(reason)}\u201d`}`;
}

// One line of HTTP a line; CRLF ends them, and any other CR is seen.
function headShown(text, cut) {
  const lines = text.replace(/(\r\n)+$/, '').split('\r\n');
  return el('code', { class: 'payload lines' }, visible(lines.join('\n')), cut ? el('span', { class: 'quiet' }, ' \u2026') : null);
}

function payloadShown(entry) {
  if (entry.s !== undefined) return el('a', { class: 'same', href: '#', 'data-entry': entry.s }, `same payload as #${entry.s + 1}`);
  if (!entry.x) return entry.l ? null : el('span', { class: 'quiet' }, 'empty');
  const bytes = fromHex(entry.x);
  const cut = entry.l > bytes.length;
  if (entry.k === 'frame' && entry.o === 8) return el('span', { class: 'said' }, closeWords(bytes));
  // RSV1: compressed, so the octets are no text.
  const text = entry.k === 'frame' && entry.v & 4 ? null : asText(bytes, cut);
  if (text !== null && entry.k === 'head') return headShown(text, cut);
  if (text !== null) return el('code', { class: 'payload' }, visible(text.length > 160 ? text.slice(0, 160) : text), text.length > 160 || cut ? el('span', { class: 'quiet' }, ' \u2026') : null);
  const hex = entry.x.slice(0, 96).replace(/../g, '$& ');
  return el('code', { class: 'payload' }, hex, entry.x.length > 96 || cut ? el('span', { class: 'quiet' }, '\u2026') : null);
}

function frameFlags(entry) {
  const flag = (text, title, strange) => el('span', { class: strange ? 'flag strange' : 'flag', title }, text);
  const bits = entry.v || 0;
  return [
    entry.f ? flag('FIN', 'final fragment') : flag('not final', 'FIN is 0: more fragments follow'),
    [4, 2, 1].map((bit, i) => (bits & bit ? flag(`RSV${i + 1}`, 'reserved bit', true) : null)),
    entry.m !== undefined ? flag(`mask ${entry.m}`, 'masking key') : null,
  ];
}

const WORDS = {
  eof: { sent: 'the tester ends its side of TCP', received: 'the endpoint ends TCP' },
  reset: { sent: 'the tester resets TCP', received: 'the endpoint resets TCP' },
};
// Which end of an intermediary an entry is at, if it is about one: "client", "server b".
const atEnd = (entry) => (/^(client|server)( |$)/.test(entry.c || '') ? entry.c.split(' ')[0] : undefined);

// With two connections, one at each end of an intermediary, the tester's words go from the outer lines to the middle.
function way(entry, direction) {
  if (atEnd(entry) !== 'server' || direction === 'local') return direction;
  return direction === 'sent' ? 'received' : 'sent';
}
const DIRECTIONS = { s: 'sent', r: 'received', l: 'local' };

function entryLabel(entry, direction) {
  if (atEnd(entry) && (entry.k === 'eof' || entry.k === 'reset')) {
    const who = direction === 'sent' ? `the ${atEnd(entry)}` : 'the intermediary';
    return entry.k === 'eof' ? `${who} ends its side of TCP` : `${who} resets TCP`;
  }
  if (entry.k === 'frame') return opcodeName(entry.o);
  if (WORDS[entry.k] && WORDS[entry.k][direction]) return WORDS[entry.k][direction];
  return { octets: 'Bytes that are no frame', head: 'HTTP head', timeout: 'Timeout', error: 'Error', eof: 'End of TCP', reset: 'TCP reset' }[entry.k] || '';
}

// The connection that an entry is of, whichever end of an intermediary it is at: "" for the first one of those.
const connectionOf = (entry) => (atEnd(entry) ? entry.c.split(' ').slice(1).join(' ') : entry.c || '');

// A line for each connection, of which the entry's own is drawn strongly.
function lanesShown(entry, lanes) {
  return el('span', { class: 'lanes', 'aria-hidden': true }, ...lanes.map((lane) => el('span', { class: lane === connectionOf(entry) ? 'here' : '', title: `Connection ${lane || 'a'}` })));
}

function entryRow(entry, lanes) {
  const direction = DIRECTIONS[entry.d];
  const frame = entry.k === 'frame';
  const opens = (frame || entry.k === 'octets' || entry.k === 'head') && (entry.x || frame);
  const spoken = atEnd(entry)
    ? { sent: `The ${atEnd(entry)} to the intermediary: `, received: `The intermediary to the ${atEnd(entry)}: `, local: '' }[direction]
    : { sent: 'Tester to endpoint: ', received: 'Endpoint to tester: ', local: '' }[direction];
  const head = [
    el('span', { class: 'visually-hidden' }, spoken),
    el('span', { class: 'number' }, `#${entry.i + 1}`),
    entry.c ? el('span', { class: 'flag connection', title: `Connection ${entry.c}` }, visible(entry.c)) : null,
    el('span', { class: frame ? 'opcode' : 'event' }, entryLabel(entry, direction)),
    frame ? frameFlags(entry) : null,
    entry.l ? el('span', { class: 'length' }, octets(entry.l)) : null,
    entry.r ? el('span', { class: 'flag' }, `\u00d7 ${entry.r.toLocaleString('en')}`) : null,
  ];
  const body = [
    el('span', { class: 'head' }, ...head),
    el('span', { class: 'arrow', 'aria-hidden': true }),
    el('span', { class: 'body' }, frame || entry.x || entry.s !== undefined ? payloadShown(entry) : null,
      entry.n ? el('span', { class: 'note' }, visible(entry.n)) : null),
  ];
  const lane = opens ? el('details', { class: 'message' }, el('summary', {}, ...body)) : el('div', { class: 'message' }, ...body);
  if (opens) {
    lane.addEventListener('toggle', () => {
      if (lane.children.length > 1) return;
      const bytes = fromHex(entry.x || '');
      lane.append(hexDump(frame ? headerOctets(entry) : [], bytes));
      if ((entry.l || 0) > bytes.length && entry.s === undefined) {
        lane.append(el('p', { class: 'quiet' }, `The first ${bytes.length} of ${plural(entry.l, 'byte')}; more in the case\u2019s JSON file.`));
      }
      if (entry.m !== undefined && bytes.length) lane.append(el('p', { class: 'quiet' }, 'Header as on the wire; payload shown unmasked.'));
    });
  }
  return el('li', { class: `entry ${way(entry, direction)} kind-${entry.k}${atEnd(entry) ? ` at-${atEnd(entry)}` : ''}`, 'data-i': entry.i, tabindex: -1 },
    el('span', { class: 'time' }, duration(entry.t / 1000)), lanes.length > 1 ? lanesShown(entry, lanes) : null, lane);
}

function sequence(transcript, agentName, file) {
  const rows = [];
  const mostLanes = 16;
  const connections = [...new Set(transcript.entries.map(connectionOf))];
  const lanes = connections.length <= mostLanes ? connections : [];
  let last = -1;
  for (const entry of transcript.entries) {
    if (entry.i > last + 1) rows.push(el('li', { class: 'gap' }, `${plural(entry.i - last - 1, 'entry', 'entries')} left out here; all are in `, el('a', { href: file }, 'the case\u2019s JSON file')));
    rows.push(entryRow(entry, lanes));
    last = entry.i;
  }
  if (transcript.cut) rows.push(el('li', { class: 'gap' }, 'The tester kept only part of this long conversation.'));
  if (!rows.length) return el('p', { class: 'quiet' }, 'Nothing was sent or received after the opening handshake.');
  const list = el('ol', { class: lanes.length > 1 ? 'sequence with-lanes' : 'sequence' }, ...rows);
  list.addEventListener('click', (event) => {
    const to = event.target.closest('a.same');
    if (!to) return;
    event.preventDefault();
    const target = list.querySelector(`[data-i="${to.dataset.entry}"]`);
    if (!target) return say('That entry is left out of the page.');
    target.scrollIntoView({ block: 'center' });
    target.focus({ preventScroll: true });
    target.classList.add('flash');
    setTimeout(() => target.classList.remove('flash'), 1200);
  });
  const both = transcript.entries.some((entry) => atEnd(entry));
  const lines = both ? ['Touchstone as client', agentName, 'Touchstone as server'] : ['Touchstone', agentName];
  return el('div', { class: both ? 'wire both-ends' : 'wire' },
    el('div', { class: 'lifelines', 'aria-hidden': true }, ...lines.map((line) => el('span', {}, line))), list);
}
