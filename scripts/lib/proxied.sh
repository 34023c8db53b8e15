# proxied.sh - sourced by scripts/peers/NAME/run of a proxy, after peer.sh: an echo server of ws stands behind it, on $behind.
# shellcheck shell=bash
# shellcheck disable=SC2154  # root and cache are those of peer.sh
behind=$(/usr/bin/python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
mkdir -p "$cache"
NODE_PATH=$root/build/peers/ws/node_modules node "$root/scripts/peers/ws/server.js" "$behind" &
until (exec 3<>"/dev/tcp/127.0.0.1/$behind") 2>/dev/null; do sleep 0.05; done
