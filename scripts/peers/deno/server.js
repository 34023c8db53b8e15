// Echo server with Deno: deno run --allow-net server.js PORT.
Deno.serve({ hostname: '127.0.0.1', port: Number(Deno.args[0]) }, (request) => {
  const { socket, response } = Deno.upgradeWebSocket(request);
  socket.binaryType = 'arraybuffer';
  socket.onmessage = (event) => socket.send(event.data);
  return response;
});
