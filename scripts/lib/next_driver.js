// next_driver.js - the driver's side of `touchstone serve --next` (docs/next.md), for clients on Node.
//
// drive(url, connect): fetches orders and gives each connection of one to connect(told), which makes the connection and
// gives a promise of its end. One that throws an Unimplemented is told to the tester.
'use strict';
const http = require('http');

class Unimplemented extends Error {}

function fetchOrder(url) {
  return new Promise((resolve, reject) => {
    http.get(url, { agent: false }, (answer) => {
      let text = '';
      answer.on('data', (piece) => (text += piece));
      answer.on('end', () => resolve(JSON.parse(text)));
    }).on('error', reject);
  });
}

async function drive(url, connect) {
  for (let why = ''; ; ) {
    const order = await fetchOrder(why ? `${url}&unimplemented=${encodeURIComponent(why)}` : url);
    if (order.done) return;
    why = '';
    const wanted = order.connect.flatMap((told) => Array(told.count || 1).fill(told));
    for (const ended of await Promise.allSettled(wanted.map(async (told) => connect(told)))) {
      if (ended.reason instanceof Unimplemented) why = ended.reason.message;
    }
  }
}

module.exports = { drive, Unimplemented };
