# packages.sh - sourced by the scripts: one list of Debian packages per purpose, and what installs the missing ones.
# An entry NAME=COMMAND is also content with COMMAND on PATH (a node from elsewhere brings its own npm).
# shellcheck shell=bash

declare -A packages=(
  [build]='g++ cmake=cmake ninja-build=ninja libasio-dev libssl-dev libnghttp2-dev zlib1g-dev nlohmann-json3-dev libfmt-dev
           libcli11-dev libgtest-dev libgmock-dev librapidcheck-dev'
  [clang]='clang-19 libclang-rt-19-dev'
  [coverage]='llvm-19'
  [arm64]='g++-aarch64-linux-gnu qemu-user-static=qemu-aarch64-static libssl-dev:arm64 libnghttp2-dev:arm64 zlib1g-dev:arm64 libfmt-dev:arm64'
  [package]='dpkg-dev file'
  [docs]='doxygen cmake=cmake python3'
  [bench]='libbenchmark-dev'
  [test]='python3 openssl nodejs=node npm=npm python3-websockets python3-h2 python3-jsonschema python3-pytest python3-venv python3-yaml tshark=tshark chromium=chromium chromium-driver=chromedriver
          pkg-config=pkg-config mandoc zsh=zsh fish=fish doxygen tinyproxy-bin=tinyproxy microsocks=microsocks'
)

# Proxies whose packages start a service and have it start with the machine: only where there is no init that would.
if [[ ! -d /run/systemd/system ]]; then packages[test]+=' squid=squid dante-server=danted'; fi

missing_packages() {
  local entry installed
  installed=" $(dpkg-query -W -f='${db:Status-Status} ${Package} ${Package}:${Architecture}\n' | sed -n 's/^installed //p' | tr '\n' ' ')"
  for entry in "$@"; do
    [[ $installed == *" ${entry%%=*} "* ]] && continue
    [[ $entry == *=* ]] && command -v "${entry#*=}" >/dev/null && continue
    echo "${entry%%=*}"
  done
}

# need_packages PURPOSE-OR-ENTRY...: installs what is missing; calls apt only then.
need_packages() {
  local word list entries=() missing=() as_root=(env DEBIAN_FRONTEND=noninteractive)
  for word in "$@"; do
    read -r -a list -d '' <<<"${packages[$word]:-$word}" || true
    entries+=("${list[@]}")
  done
  if ! command -v dpkg-query >/dev/null; then
    echo "$0: this is not Debian (no dpkg-query), so nothing is installed. Needed here: ${entries[*]%%=*}" >&2
    return 0
  fi
  mapfile -t missing < <(missing_packages "${entries[@]}")
  ((${#missing[@]})) || return 0

  if ((EUID)); then
    if ! command -v sudo >/dev/null; then
      echo "$0: missing Debian packages, and neither root nor sudo to install them. As root, run:" >&2
      echo "  apt-get update && apt-get install ${missing[*]}" >&2
      return 1
    fi
    as_root=(sudo "${as_root[@]}")
  fi
  echo "Installing missing Debian packages: ${missing[*]}" >&2
  # Packages of another architecture come beside this machine's own.
  local each
  for each in "${missing[@]}"; do
    [[ $each != *:* ]] || "${as_root[@]}" dpkg --add-architecture "${each#*:}"
  done
  # Another installation under way is waited for.
  local wait=(-o DPkg::Lock::Timeout=600)
  if ! "${as_root[@]}" apt-get update -qq "${wait[@]}" >&2 ||
    ! "${as_root[@]}" apt-get install "${wait[@]}" -y -qq --no-install-recommends "${missing[@]}" >/dev/null; then
    echo "$0: apt-get could not install: ${missing[*]}. Its messages are above; is the network there, is this Debian 12?" >&2
    return 1
  fi
}
