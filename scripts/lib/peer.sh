# peer.sh - sourced by scripts/peers/NAME/{install,build,run,version}: $here (the peer's folder), $cache (where everything
# made for it goes, outside of the source tree), and how npm packages and C++ programs come there.
# shellcheck shell=bash
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../../.." && pwd)
cache=$root/build/peers/$(basename "$here")
# shellcheck source=scripts/lib/packages.sh
. "$root/scripts/lib/packages.sh"

# The packages of package-lock.json into $cache/node_modules; nothing to do when that very lock file was installed.
# Install scripts do not run: what they would fetch or choose is not in the lock file.
install_npm() {
  need_packages nodejs=node npm=npm
  cmp -s "$here/package-lock.json" "$cache/installed.json" && return
  rm -rf "$cache"
  mkdir -p "$cache"
  cp "$here/package.json" "$here/package-lock.json" "$cache"
  (cd "$cache" && npm ci --ignore-scripts --no-audit --no-fund >&2)
  cp "$here/package-lock.json" "$cache/installed.json"
}

npm_version() { node -p "require('$cache/node_modules/$1/package.json').version"; }

debian_version() { dpkg-query -W -f='${Version}\n' "$1"; }

# build_cxx FLAGS...: server.cc becomes $cache/server.
build_cxx() {
  [[ $cache/server -nt $here/server.cc && $cache/server -nt $here/build ]] && return
  mkdir -p "$cache"
  g++ -O2 -o "$cache/server" "$here/server.cc" "$@"
}

# build_go: server.go becomes $cache/server, with the libraries that Debian installs as sources.
build_go() {
  [[ $cache/server -nt $here/server.go && $cache/server -nt $here/build ]] && return
  mkdir -p "$cache"
  GO111MODULE=off GOPATH=/usr/share/gocode GOCACHE=$root/build/peers/go-cache GOFLAGS='' \
    go build -o "$cache/server" "$here/server.go"
}
