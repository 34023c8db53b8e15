// A client that notices a dead line: nothing comes, and TCP does not say so.
'use strict';
const test = require('node:test');
const assert = require('node:assert');
const { once } = require('node:events');
const { WebSocket, WebSocketServer } = require('ws');
const { tap } = require('touchstone-peer');

// The client under test: it pings, and gives up when no Pong came since.
function beat(socket, interval) {
  let alive = true;
  socket.on('pong', () => (alive = true));
  const timer = setInterval(() => {
    if (!alive) return socket.terminate();
    alive = false;
    socket.ping();
  }, interval);
  socket.on('close', () => clearInterval(timer));
}

test('a stalled line is given up, a slow one is not', async (t) => {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  t.after(() => server.close());
  await once(server, 'listening');
  const proxy = await tap(`ws://127.0.0.1:${server.address().port}/`);
  t.after(() => proxy.stop());
  const socket = new WebSocket(proxy.url);
  await once(socket, 'open');
  proxy.command({ network: { latency_ms: 50 } });
  beat(socket, 300);
  await proxy.waitFor('frame', { from: 'server', name: 'pong' });
  assert.equal(socket.readyState, WebSocket.OPEN);
  proxy.command({ network: { stall: true }, to: 'client' });
  const [code] = await once(socket, 'close');
  assert.equal(code, 1006);
});
