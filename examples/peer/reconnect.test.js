// A client that reconnects, with a pause that grows, until it is served.
'use strict';
const test = require('node:test');
const assert = require('node:assert');
const { once } = require('node:events');
const { WebSocket } = require('ws');
const { judged, play } = require('touchstone-peer');

// The client under test.
async function connect(url, pause = 10) {
  const socket = new WebSocket(url);
  try {
    await once(socket, 'open');
    return socket;
  } catch {
    await new Promise((resolve) => setTimeout(resolve, pause));
    return connect(url, Math.min(2 * pause, 1000));
  }
}

test('a client comes back after 503, silence at the port and a reset', async (t) => {
  const server = judged(t, await play({
    connections: [
      { refuse: 503 },
      { refuse: 'reset' },
      { refuse: 'fin' },
      { steps: [{ expect: 'text', payload: 'hello' }, { message: 'text', payload: 'welcome' }] },
    ],
  }));
  const socket = await connect(server.url);
  socket.send('hello');
  const [data] = await once(socket, 'message');
  assert.equal(data.toString(), 'welcome');
  const [code] = await once(socket, 'close');
  assert.equal(code, 1000);
  const verdict = await server.finish();
  assert.equal(verdict.connections, 4);
});
