// An ordinary test of a client and a server, with a proxy in between that judges both by the RFC.
'use strict';
const test = require('node:test');
const assert = require('node:assert');
const { once } = require('node:events');
const { WebSocket, WebSocketServer } = require('ws');
const { judged, tap } = require('touchstone-peer');

test('both sides obey, compressed or not', async (t) => {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: { threshold: 0 } });
  t.after(() => server.close());
  server.on('connection', (socket) => socket.on('message', (data, binary) => socket.send(data, { binary })));
  await once(server, 'listening');
  const proxy = judged(t, await tap(`ws://127.0.0.1:${server.address().port}/`));
  for (const perMessageDeflate of [true, false]) {
    const socket = new WebSocket(proxy.url, { perMessageDeflate });
    await once(socket, 'open');
    for (const length of [0, 1, 125, 126, 70000]) {
      socket.send('x'.repeat(length));
      const [data] = await once(socket, 'message');
      assert.equal(data.length, length);
    }
    socket.close(1000);
    await once(socket, 'close');
  }
});
