// A WebSocket peer for tests that does what it is told, legal or not, and a proxy that judges both sides.
//
//   const server = await play({ connections: [{ refuse: 503 }, { then: 'echo' }] });
//   await myClient.connect(server.url);               // must come back after the 503
//   await server.waitFor('message', { text: 'hello' });
//   const verdict = await server.stop();
//
// `touchstone play --help` and docs/play.md describe scripts, commands and events.
'use strict';
const { spawn } = require('node:child_process');
const { createInterface } = require('node:readline');
const { EventEmitter, once } = require('node:events');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');

// The program: TOUCHSTONE in the environment, that of the package of this platform, or the one on the PATH.
function binary() {
  if (process.env.TOUCHSTONE) return process.env.TOUCHSTONE;
  try {
    return require.resolve(`@touchstone-peer/${process.platform}-${process.arch}/bin/touchstone`);
  } catch {
    return 'touchstone';
  }
}

class NotAsScripted extends Error {
  name = 'NotAsScripted';
}

class Peer extends EventEmitter {
  events = [];
  verdict = null;
  #process;
  #ended = false;
  #folder = null;
  #complaint = '';
  #nextId = 1;

  constructor(args, script) {
    super();
    this.setMaxListeners(0);
    const all = [...args, '--json', '--exit-with-stdin'];
    if (script !== undefined) {
      this.#folder = fs.mkdtempSync(path.join(os.tmpdir(), 'touchstone-'));
      all.push(path.join(this.#folder, 'script.json'));
      fs.writeFileSync(all.at(-1), JSON.stringify(script));
    }
    this.#process = spawn(binary(), all, { stdio: ['pipe', 'pipe', 'pipe'] });
    this.#process.on('error', (error) => this.#end(error.message));
    this.#process.stdin.on('error', () => {});
    this.#process.stderr.on('data', (text) => (this.#complaint += text));
    this.#process.on('close', () => this.#end());
    createInterface({ input: this.#process.stdout }).on('line', (line) => {
      const event = JSON.parse(line);
      this.events.push(event);
      if (event.event === 'verdict') this.verdict = event;
      this.emit('event', event);
    });
  }

  #end(complaint = this.#complaint) {
    if (this.#ended) return;
    this.#complaint = complaint;
    this.#ended = true;
    if (this.#folder) fs.rmSync(this.#folder, { recursive: true, force: true });
    this.emit('end');
  }

  // The first event of that name with these fields; of those that came already, too, from `after` on.
  waitFor(event, fields = {}, { timeout = 10_000, after = 0 } = {}) {
    const fits = (each) => each.event === event && Object.keys(fields).every((key) => each[key] === fields[key]);
    return new Promise((resolve, reject) => {
      const settle = (done, value) => {
        clearTimeout(timer);
        this.off('event', onEvent);
        this.off('end', onEnd);
        done(value);
      };
      const onEvent = (each) => fits(each) && settle(resolve, each);
      const onEnd = () => {
        const why = this.#complaint.trim() || JSON.stringify(this.verdict);
        settle(reject, new NotAsScripted(`touchstone ended: ${why}`));
      };
      const timer = setTimeout(() => {
        const last = JSON.stringify(this.events.slice(-5));
        const what = `${event} ${JSON.stringify(fields)}`;
        settle(reject, new NotAsScripted(`no event ${what} within ${timeout} ms; the last ones: ${last}`));
      }, timeout);
      timer.unref(); // the process that is waited for keeps the program alive
      this.on('event', onEvent);
      this.on('end', onEnd);
      const found = this.events.slice(after).find(fits);
      if (found) settle(resolve, found);
      else if (this.#ended) onEnd();
    });
  }

  // A line of standard input.
  command(command) {
    this.#process.stdin.write(JSON.stringify(command) + '\n');
  }

  // The same of a play, and waits until it is done.
  async do(command) {
    const id = this.#nextId++;
    this.command({ ...command, id });
    const answers = ['done', 'step-failed', 'error'].map((event) => this.waitFor(event, { id }));
    const answer = await Promise.race(answers);
    for (const each of answers) each.catch(() => {});
    if (answer.event !== 'done') throw new NotAsScripted(JSON.stringify(answer));
  }

  send(text) {
    return this.do({ send: { message: 'text', payload: text } });
  }

  get violations() {
    return this.events.filter((event) => event.event === 'violation');
  }

  // The failed steps and violations, a line each.
  why() {
    const bad = this.events.filter((event) => event.event === 'violation' || event.event === 'step-failed');
    const where = (event) => event.place ?? `${event.by}, ${event.level}, ${event.clause}`;
    const lines = bad.map((event) => `${where(event)}: expected ${event.expected}; seen: ${event.seen}`);
    return lines.join('\n') || JSON.stringify(this.verdict);
  }

  // Ends it; its verdict.
  async stop() {
    this.#process.stdin.end();
    if (!this.#ended) await once(this, 'end');
    return this.verdict;
  }

  // Waits until all that the script plans took place; throws when the verdict is not ok.
  async finish(options) {
    await this.waitFor('verdict', {}, options);
    await this.stop();
    if (this.verdict.result !== 'ok') throw new NotAsScripted(this.why());
    return this.verdict;
  }

  async [Symbol.asyncDispose ?? Symbol.for('Symbol.asyncDispose')]() {
    await this.stop();
  }
}

async function started(peer, event) {
  peer.first = await peer.waitFor(event);
  peer.url = peer.first.url;
  peer.caFile = peer.first.ca_file;
  return peer;
}

// A scripted server at `url`; with `connect` a scripted client of that URL.
function play(script, { connect, tls = false, options = [] } = {}) {
  const where = connect ? ['--connect', connect] : ['--port', '0', ...(tls ? ['--tls'] : [])];
  return started(new Peer(['play', ...where, ...options], script), connect ? 'connecting' : 'listening');
}

// A proxy at `url` in front of `upstream`; `commands` hold from the first connection on.
function tap(upstream, { commands = [], options = [] } = {}) {
  const first = commands.flatMap((command) => ['--do', JSON.stringify(command)]);
  return started(new Peer(['tap', '--upstream', upstream, '--port', '0', ...first, ...options]), 'listening');
}

// For node:test: ends the peer after the test `t`, which fails when a step was not followed or a MUST was broken.
function judged(t, peer) {
  t.after(async () => {
    const verdict = await peer.stop();
    if (verdict?.result !== 'ok') throw new NotAsScripted(peer.why());
  });
  return peer;
}

module.exports = { NotAsScripted, Peer, binary, judged, play, tap };
