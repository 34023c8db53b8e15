// A server that gets a frame whose MASK bit is off must fail the connection (RFC 6455 5.1); the proxy sees whether it does.
'use strict';
const test = require('node:test');
const assert = require('node:assert');
const { once } = require('node:events');
const { WebSocket, WebSocketServer } = require('ws');
const { judged, tap } = require('touchstone-peer');

test('the MASK bit off in the third frame', async (t) => {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  t.after(() => server.close());
  server.on('connection', (socket) => socket.on('error', () => {}));
  await once(server, 'listening');
  const fault = { from: 'client', frame: 3, change: 'mask-bit' };
  const proxy = judged(t, await tap(`ws://127.0.0.1:${server.address().port}/`, { commands: [{ fault }] }));
  const socket = new WebSocket(proxy.url);
  await once(socket, 'open');
  for (const word of ['one', 'two', 'three']) socket.send(word);
  const [code] = await once(socket, 'close');
  assert.equal(code, 1002);
  await proxy.waitFor('planted', { frame: 3 });
});
