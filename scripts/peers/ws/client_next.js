// Driver with ws for `touchstone serve --next`: node client_next.js URL.
const fs = require('fs');
const path = require('path');
const WebSocket = require('ws');
const { drive, Unimplemented } = require(path.join(__dirname, '../../lib/next_driver.js'));

function connect(told) {
  if (told.proxy) throw new Unimplemented('it has no proxies of its own');
  if (told.reconnect) throw new Unimplemented('it does not come back by itself');
  const options = { headers: told.headers, followRedirects: true, agent: false };
  if (told.ca) options.ca = fs.readFileSync(told.ca);
  return new Promise((resolve) => {
    const socket = new WebSocket(told.url, told.subprotocols || [], options);
    socket.on('error', () => {});
    socket.on('close', resolve);
    if (told.cancel_ms) setTimeout(() => socket.terminate(), told.cancel_ms);
  });
}

drive(process.argv[2], connect);
