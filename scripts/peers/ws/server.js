// Echo server with ws: node server.js PORT. The limits are raised so that the large cases are about the protocol.
const { WebSocketServer } = require('ws');

const server = new WebSocketServer({
  host: '127.0.0.1',
  port: Number(process.argv[2]),
  perMessageDeflate: true,
  maxPayload: 64 * 1024 * 1024,
  maxFragments: 1024 * 1024,
  maxBufferedChunks: 1024 * 1024,
});
server.on('connection', (socket) => {
  socket.on('error', () => {}); // A peer's protocol error is not the server's end.
  socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }));
});
