// Driver with ws for the fuzzing server: node client.js URL.
const WebSocket = require('ws');

const options = { maxPayload: 64 * 1024 * 1024, maxFragments: 1024 * 1024, maxBufferedChunks: 1024 * 1024 };

// Resolves with the last message once the connection has ended; `echo`: sends every message back.
function connect(path, echo) {
  return new Promise((resolve) => {
    const socket = new WebSocket(process.argv[2] + path, options);
    let last;
    socket.on('message', (data, isBinary) => (echo ? socket.send(data, { binary: isBinary }) : (last = data)));
    socket.on('error', () => {}); // A peer's protocol error is not the driver's end.
    socket.on('close', () => resolve(last));
  });
}

(async () => {
  const count = Number(await connect('/getCaseCount'));
  for (let number = 1; number <= count; ++number) await connect(`/runCase?case=${number}&agent=ws`, true);
  await connect('/updateReports?agent=ws');
})();
