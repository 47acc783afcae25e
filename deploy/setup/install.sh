# install.sh: install what is missing.  Sourced by the setup scripts.
#
# want PACKAGE CHECK...  remembers Debian's PACKAGE when the command CHECK fails
# install_wanted         installs what was remembered; says nothing when that is nothing
#
# Packages bring services with them (openvswitch-switch); none is started, and none is left
# to start at the next boot.

wanted=()
want() {
  local package=$1
  shift
  "$@" > /dev/null 2>&1 || wanted+=("$package")
}

has() { command -v "$1" > /dev/null; }
# is_version TEXT CMD…: whether CMD is there and is the one that says TEXT of itself.
is_version() { "${@:2}" 2>&1 | grep -q -- "$1"; }

# room DIRECTORY MB: fails when there is less room for what is to be built there.
room() {
  local have
  have=$(df --output=avail -BM "$1" | tail -n 1 | tr -dc 0-9)
  [ "$have" -ge "$2" ] && return
  echo "setup: $have MB free at $1, $2 needed: make room, or put the build elsewhere by CARGO_TARGET_DIR" >&2
  return 1
}

# Runs a command as root.
as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi
}

# Runs a command while no package may start a service.
without_services() {
  local policy=/usr/sbin/policy-rc.d status=0
  if [ -e $policy ]; then
    "$@"
    return
  fi
  # Removed also when interrupted; an existing policy is never touched.
  trap "as_root rm -f $policy" EXIT INT TERM
  printf '#!/bin/sh\nexit 101\n' | as_root tee $policy > /dev/null
  as_root chmod 755 $policy
  "$@" || status=$?
  as_root rm -f $policy
  trap - EXIT INT TERM
  return $status
}

apt_install() {
  as_root env DEBIAN_FRONTEND=noninteractive apt-get -y -qq -o DPkg::Lock::Timeout=300 \
    -o Dpkg::Use-Pty=0 install --no-install-recommends "$@"
}

install_wanted() {
  local log service
  [ ${#wanted[@]} -gt 0 ] || return 0
  if ! has apt-get || { [ "$(id -u)" != 0 ] && ! sudo -n true 2>/dev/null; }; then
    echo "setup: missing, and no root or sudo to install them: ${wanted[*]}" >&2
    echo "setup: install these Debian packages (or their like) and try again" >&2
    return 1
  fi
  echo "setup: installing ${wanted[*]}" >&2
  log=$(mktemp)
  # The package lists may be missing or too old: then once more with fresh ones.
  if ! without_services apt_install "${wanted[@]}" > "$log" 2>&1; then
    as_root apt-get -qq update > "$log" 2>&1 || true
    without_services apt_install "${wanted[@]}" >> "$log" 2>&1 ||
      { echo "setup: could not install ${wanted[*]}:" >&2; tail -n 20 "$log" >&2; rm -f "$log"; return 1; }
  fi
  rm -f "$log"
  if [ -d /run/systemd/system ]; then
    for service in "${wanted[@]}"; do
      as_root systemctl disable --quiet "$service" 2>/dev/null || true
    done
  fi
}
