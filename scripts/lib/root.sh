# root.sh - sourced by the scripts, after packages.sh: a minimal Debian 12 in a temporary folder, and commands in it.
# It uses this machine's apt and npm settings and its certificates.
# shellcheck shell=bash

# make_root KEEP: sets $fresh to the folder, which goes when the script ends unless KEEP is 1. Needs root.
make_root() {
  local keep=$1 mirror setting
  if ((EUID)); then
    echo "$0: debootstrap and chroot need root; run it with sudo" >&2
    exit 2
  fi
  need_packages debootstrap
  # shellcheck disable=SC2016  # apt's own variables
  mirror=$(apt-get indextargets --format '$(REPO_URI) $(CODENAME)' 'Created-By: Packages' | awk '$2 == "bookworm" {print $1; exit}')
  if [[ -z $mirror ]]; then
    echo "$0: apt on this machine knows no archive for bookworm (apt-get indextargets)" >&2
    exit 2
  fi
  fresh=$(mktemp -d "${TMPDIR:-/tmp}/fresh-root.XXXXXX")
  chmod 755 "$fresh"
  if ((keep)); then
    echo "The root stays in $fresh" >&2
  else
    trap 'rm -rf --one-file-system "$fresh"' EXIT
  fi
  debootstrap --variant=minbase bookworm "$fresh" "$mirror" >&2

  # This machine's way to the archive. /etc/apt/sources.list from debootstrap would be a second one.
  rm -rf "$fresh/etc/apt"
  cp -a /etc/apt "$fresh/etc/apt"
  cp -L /etc/resolv.conf /etc/hosts "$fresh/etc/"
  mkdir -p "$fresh/usr/local/share"
  if [[ -d /usr/local/share/ca-certificates ]]; then cp -a /usr/local/share/ca-certificates "$fresh/usr/local/share/"; fi
  if [[ -f ~/.npmrc ]]; then cp ~/.npmrc "$fresh/root/.npmrc"; fi
  root_settings=(HOME=/root PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 "TERM=${TERM:-dumb}")
  if [[ -f /etc/ssl/certs/ca-certificates.crt ]]; then
    cp -L /etc/ssl/certs/ca-certificates.crt "$fresh/etc/fresh-root-ca.crt"
    root_settings+=(NODE_EXTRA_CA_CERTS=/etc/fresh-root-ca.crt)
  fi
  while IFS= read -r setting; do root_settings+=("$setting"); done < <(env | grep -iE '^(https?_proxy|no_proxy|npm_config_registry)=' || true)
}

# in_root COMMAND...: runs it in $fresh. Mounts and processes live in namespaces of their own and end with them.
in_root() {
  # shellcheck disable=SC2016  # expanded by the inner shell
  unshare --mount --pid --fork --kill-child bash -euc '
    root=$1
    shift
    mount -t proc proc "$root/proc"
    mount -t sysfs sys "$root/sys"
    mount --rbind /dev "$root/dev"
    exec "$@"' in_root "$fresh" \
    env -i "${root_settings[@]}" chroot "$fresh" "$@"
}
