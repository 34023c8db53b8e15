// Echo server with Node's http2, and ws on its streams (RFC 8441): node server.js PORT.
const http2 = require('http2');
const WebSocket = require('ws');

const server = http2.createServer({ settings: { enableConnectProtocol: true } });
server.on('sessionError', () => {}); // A peer's protocol error is not the server's end.
server.on('stream', (stream, fields) => {
  stream.on('error', () => {});
  if (fields[':method'] !== 'CONNECT' || fields[':protocol'] !== 'websocket') {
    stream.respond({ ':status': fields[':method'] === 'CONNECT' ? 501 : 404 }, { endStream: true });
    return;
  }
  if (fields['sec-websocket-version'] !== '13') {
    stream.respond({ ':status': 400, 'sec-websocket-version': '13' }, { endStream: true });
    return;
  }
  stream.respond({ ':status': 200 });
  stream.setNoDelay = () => {};
  const socket = new WebSocket(null, undefined, { autoPong: true });
  socket._isServer = true; // ws has no public way onto a stream of HTTP/2.
  socket.setSocket(stream, Buffer.alloc(0), { maxPayload: 64 * 1024 * 1024, skipUTF8Validation: false, allowSynchronousEvents: true });
  socket.on('error', () => {});
  socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }));
});
server.listen(Number(process.argv[2]), '127.0.0.1');
