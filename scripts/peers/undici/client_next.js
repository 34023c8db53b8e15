// Driver with Node's own WebSocket for `touchstone serve --next`: node client_next.js URL. The browsers' interface has no
// certificates, proxies and header fields; the certificate to trust comes from the environment, before the start.
const path = require('path');
const { spawn } = require('child_process');
const { drive, Unimplemented } = require(path.join(__dirname, '../../lib/next_driver.js'));

function open(told) {
  return new Promise((resolve) => {
    const socket = new WebSocket(told.url, told.subprotocols || []);
    socket.onclose = resolve;
    socket.onerror = resolve; // no close follows where the opening failed
    if (told.cancel_ms) setTimeout(() => socket.close(), told.cancel_ms);
  });
}

function connect(told) {
  if (told.proxy) throw new Unimplemented('it has no proxies');
  if (told.headers) throw new Unimplemented('it takes no header fields');
  if (told.reconnect) throw new Unimplemented('it does not come back by itself');
  if (!told.ca) return open(told);
  const child = spawn(process.execPath, [...process.execArgv, __filename, '--open', JSON.stringify({ ...told, ca: undefined })],
    { env: { ...process.env, NODE_EXTRA_CA_CERTS: told.ca }, stdio: 'inherit' });
  return new Promise((resolve) => child.on('exit', resolve));
}

if (process.argv[2] === '--open') {
  open(JSON.parse(process.argv[3])).catch(() => {}).finally(() => process.exit(0));
} else {
  drive(process.argv[2], connect);
}
