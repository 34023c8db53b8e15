// A driver for the fuzzing server (`touchstone serve`, or Autobahn's) in any runtime with the WebSocket of the web:
// web_driver.mjs URL.
const base = globalThis.Deno ? Deno.args[0] : process.argv[2];

// Resolves with the last message once the connection has ended; `echo`: sends every message back.
function connect(path, echo) {
  return new Promise((resolve) => {
    const socket = new WebSocket(base + path);
    let last = null;
    socket.binaryType = 'arraybuffer';
    socket.onmessage = ({ data }) => (echo ? socket.send(data) : (last = data));
    let opened = false;
    socket.onopen = () => (opened = true);
    socket.onerror = () => opened || resolve(last); // A close event follows, but undici's forgets it before the opening.
    socket.onclose = () => resolve(last);
  });
}

const count = Number(await connect('/getCaseCount'));
for (let number = 1; number <= count; ++number) await connect(`/runCase?case=${number}&agent=web`, true);
await connect('/updateReports?agent=web');
