// Driver with Node's http2, and ws on its streams (RFC 8441): node client.js URL. All WebSockets on one connection, and a new one
// when it is over.
const http2 = require('http2');
const WebSocket = require('ws');

const base = new URL(process.argv[2].replace(/^ws/, 'http'));
let session;

function connection() {
  if (session && !session.closed && !session.destroyed) return Promise.resolve(session);
  return new Promise((resolve, reject) => {
    const fresh = http2.connect(base, { rejectUnauthorized: false });
    fresh.on('error', reject);
    fresh.on('remoteSettings', (settings) => {
      if (!settings.enableConnectProtocol) reject(new Error('the server does not offer extended CONNECT'));
      session = fresh;
      resolve(fresh);
    });
  });
}

// Resolves with the last message once the WebSocket has ended; `echo`: sends every message back.
async function connect(path, echo) {
  const on = await connection();
  return new Promise((resolve) => {
    let last = null;
    const stream = on.request({ ':method': 'CONNECT', ':protocol': 'websocket', ':path': path, 'sec-websocket-version': '13' });
    stream.on('error', () => resolve(last));
    stream.on('close', () => resolve(last));
    stream.on('response', (fields) => {
      // RFC 6455 4.1: nothing was offered.
      if (fields[':status'] !== 200 || fields['sec-websocket-protocol'] || fields['sec-websocket-extensions']) {
        stream.close();
        return resolve(last);
      }
      stream.setNoDelay = () => {};
      const socket = new WebSocket(null, undefined, { autoPong: true });
      socket._isServer = false; // ws has no public way onto a stream of HTTP/2.
      socket.on('error', () => {});
      socket.on('message', (data, isBinary) => (echo ? socket.send(data, { binary: isBinary }) : (last = data)));
      socket.on('close', () => resolve(last));
      socket.setSocket(stream, Buffer.alloc(0), { maxPayload: 64 * 1024 * 1024, skipUTF8Validation: false, allowSynchronousEvents: true });
    });
  });
}

(async () => {
  const count = Number(await connect('/getCaseCount'));
  for (let number = 1; number <= count; ++number) await connect(`/runCase?case=${number}&agent=node-http2`, true).catch(() => {});
  await connect('/updateReports?agent=node-http2');
  process.exit(0);
})();
