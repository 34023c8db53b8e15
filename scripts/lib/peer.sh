# peer.sh - sourced by scripts/peers/NAME/{install,build,run,client,version}, and by what else needs npm packages: $here (the
# folder of the script), $cache (where everything made for it goes, outside of the source tree), and how npm packages and C++
# programs come there.
# shellcheck shell=bash
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
cache=$root/build/peers/$(basename "$here")
# shellcheck source=scripts/lib/packages.sh
. "$root/scripts/lib/packages.sh"

# Until this script ends, no other one installs or builds the same peer: tests of one peer run side by side.
take_turn() {
  mkdir -p "$cache"
  exec {turn}>"$cache.lock"
  flock "$turn"
}

# The packages of package-lock.json into $cache/node_modules; nothing to do when that very lock file was installed.
# Install scripts do not run: what they would fetch or choose is not in the lock file. Fails when npm does.
install_npm() {
  take_turn
  need_packages nodejs=node npm=npm
  cmp -s "$here/package-lock.json" "$cache/installed.json" && return
  rm -rf "${cache:?}"/*
  cp "$here/package.json" "$here/package-lock.json" "$cache"
  (cd "$cache" && npm ci --ignore-scripts --no-audit --no-fund >&2) || return
  cp "$here/package-lock.json" "$cache/installed.json"
}

npm_version() { node -p "require('$cache/node_modules/$1/package.json').version"; }

debian_version() { dpkg-query -W -f='${Version}\n' "$1"; }

# build_cxx FLAGS...: server.cc and client.cc become $cache/server and $cache/client.
build_cxx() {
  local program
  take_turn
  for program in server client; do
    [[ ! -e $here/$program.cc || ($cache/$program -nt $here/$program.cc && $cache/$program -nt $here/build) ]] && continue
    g++ -O2 -o "$cache/$program" "$here/$program.cc" "$@"
  done
}

# build_go: server.go, client.go and client_next.go likewise, with the libraries that Debian installs as sources. A driver of
# `serve --next` is client_next.go and what such drivers share; Go wants the files of a program in one folder.
build_go() {
  local program source shared=$root/scripts/lib/next_driver.go
  take_turn
  for program in server client client_next; do
    source=$here/$program.go
    [[ ! -e $source || ($cache/$program -nt $source && $cache/$program -nt $here/build && $cache/$program -nt $shared) ]] && continue
    rm -rf "${cache:?}/$program.d"
    mkdir -p "$cache/$program.d"
    cp "$source" "$cache/$program.d"
    [[ $program == client_next ]] && cp "$shared" "$cache/$program.d"
    GO111MODULE=off GOPATH=/usr/share/gocode GOCACHE=$root/build/peers/go-cache GOFLAGS='' \
      go build -o "$cache/$program" "$cache/$program.d"/*.go
  done
}
