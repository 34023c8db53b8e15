// A client that is sent compressed messages in fragments, with a Ping between them.
'use strict';
const test = require('node:test');
const assert = require('node:assert');
const { once } = require('node:events');
const { WebSocket } = require('ws');
const { judged, play } = require('touchstone-peer');

test('compressed and cut', async (t) => {
  const json = { stream: 'json', len: 50000 };
  const server = judged(t, await play({
    connections: [{
      deflate: true,
      steps: [
        { message: 'text', payload: json, fragment: 100, deflate: true },
        { frame: 'text', fin: false, payload: 'in two ' },
        { frame: 'ping', payload: 'between' },
        { frame: 'cont', payload: 'frames' },
        { expect: 'pong', payload: 'between' },
      ],
    }],
  }));
  const socket = new WebSocket(server.url);
  const got = [];
  socket.on('message', (data) => got.push(data.toString()));
  const [code] = await once(socket, 'close');
  assert.equal(code, 1000);
  assert.equal(got[0].length, 50000);
  assert.equal(got[1], 'in two frames');
  assert.equal((await server.waitFor('opened')).deflate, true);
  await server.finish();
});
