// Servers that do something else than echo: node server.js KIND PORT.
const { WebSocketServer, WebSocket } = require('ws');

const [kind, port] = [process.argv[2], Number(process.argv[3])];
const host = '127.0.0.1';
const limits = { maxPayload: 64 * 1024 * 1024, maxFragments: 1024 * 1024, maxBufferedChunks: 1024 * 1024, perMessageDeflate: true };

function serve(options, connected) {
  const server = new WebSocketServer({ host, port, ...limits, ...options });
  server.on('connection', (socket) => {
    socket.on('error', () => {}); // A peer's protocol error is not the server's end.
    connected(socket, server);
  });
}
const echo = (socket) => socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }));

const kinds = {
  // The baseline: what fails here fails because of the library.
  echo: () => serve({}, echo),
  // A chat room: what one says, all hear.
  chat: () => serve({}, (socket, server) => socket.on('message', (data, binary) => {
    for (const other of server.clients) if (other.readyState === WebSocket.OPEN) other.send(data, { binary });
  })),
  // A chat room whose speaker does not hear itself.
  others: () => serve({}, (socket, server) => socket.on('message', (data, binary) => {
    for (const other of server.clients) if (other !== socket && other.readyState === WebSocket.OPEN) other.send(data, { binary });
  })),
  greeter: () => serve({}, (socket) => { socket.send('Welcome!'); echo(socket); }),
  sink: () => serve({}, (socket) => socket.on('message', () => {})),
  subprotocol: () => serve({
    verifyClient: ({ req }) => /\bchat\b/.test(req.headers['sec-websocket-protocol'] ?? ''),
    handleProtocols: (offered) => (offered.has('chat') ? 'chat' : false),
  }, echo),
  cookie: () => serve({ verifyClient: ({ req }) => /\bsession=42\b/.test(req.headers.cookie ?? '') }, echo),
  'no-text': () => serve({}, (socket) => socket.on('message', (data, isBinary) =>
    (isBinary ? socket.send(data) : socket.close(1003, 'binary only')))),
  'one-kib': () => serve({ maxPayload: 1024 }, echo),
  // JSON commands with an id, a reply to each; anything else is the end (as Centrifugo's protocol has it).
  json: () => serve({}, (socket) => socket.on('message', (data, isBinary) => {
    try {
      if (isBinary) throw new Error('binary');
      socket.send(JSON.stringify({ id: JSON.parse(data).id, result: {} }));
    } catch {
      socket.close(3501, 'bad request');
    }
  })),
  'engine.io': () => require('http').createServer().listen(port, host, function listening() {
    require('engine.io').attach(this, { perMessageDeflate: true, transports: ['websocket'] });
  }),
};
kinds[kind]();
