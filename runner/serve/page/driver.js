'use strict';
// driver.js - takes this browser through the cases as any driver for Autobahn's fuzzing server does.

const BASE = `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}`;

// What came last on the connection, once it has ended.
function ask(path) {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(BASE + path);
    let answer = null, opened = false;
    socket.onopen = () => { opened = true; };
    socket.onmessage = (event) => { answer = event.data; };
    socket.onclose = () => (opened ? resolve(answer) : reject(new Error(`${path} was refused`)));
  });
}

// One case: everything comes back until the connection ends. Whether it opened is a matter of the case.
function runCase(number, agent) {
  return new Promise((resolve) => {
    const socket = new WebSocket(`${BASE}/runCase?case=${number}&agent=${encodeURIComponent(agent)}`);
    socket.binaryType = 'arraybuffer';
    socket.onmessage = (event) => socket.send(event.data);
    socket.onclose = resolve;
  });
}

// Calls `progress(number, count)` before each case. `stopped()` is asked between two cases.
async function drive(agent, progress, stopped) {
  const count = Number(await ask('/getCaseCount'));
  for (let number = 1; number <= count && !stopped(); ++number) {
    progress(number, count);
    await runCase(number, agent);
  }
  await ask(`/updateReports?agent=${encodeURIComponent(agent)}`);
  return count;
}

// "Chromium 131" or "Firefox 128": a name for the report, not a fact.
function browserName() {
  const found = /(Firefox|Edg|OPR|Chrome|Version)\/(\d+)/.exec(navigator.userAgent.replace('Headless', ''));
  const names = { Edg: 'Edge', OPR: 'Opera', Chrome: 'Chromium', Version: 'Safari' };
  return found ? `${names[found[1]] || found[1]} ${found[2]}` : 'Browser';
}

const BROWSER_LIMITS = [
  ['Its own Pings and Pongs', 'A script has no way to send them (WHATWG WebSockets), so only the answers to the tester’s Pings are seen.'],
  ['The offer of permessage-deflate', 'The browser chooses the parameters. A case that needs an answer which this offer does not allow is UNIMPLEMENTED.'],
  ['The rest of the opening handshake', 'Key, version and field order are the browser’s; a script adds subprotocols only. A refused handshake is seen from the tester’s side alone.'],
  ['Most status codes', 'A script may close with 1000 or 3000–4999. Codes such as 1002 and 1007 come from the browser itself, when it fails the connection.'],
  ['Fragments', 'A script gets whole messages and sends whole messages. How the browser cuts what it sends is seen, but cannot be asked for.'],
  ['Flow control', 'A script cannot stop reading: the browser keeps all messages in memory until the script takes them.'],
  ['The end of TCP', 'The browser decides when it closes TCP after the closing handshake, and shares its network process with other pages.'],
];
