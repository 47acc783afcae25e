# lib.sh: what the demos share.  Source it in a script that runs inside tests/lab/run.

demo_dir=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
. "$demo_dir/../../tests/lab/lib.sh"

# The executable: $MIDSPAN, else the newest one built in this tree.
find_midspan() {
  local found
  found=${MIDSPAN:-$(ls -t "$demo_dir"/../../target/{demo,release,debug}/midspan 2>/dev/null | head -n 1)}
  [ -x "$found" ] || { echo "no midspan executable: run \`cargo build --profile demo -p midspan\`, or set MIDSPAN" >&2; exit 1; }
  readlink -f "$found"
}
midspan=$(find_midspan)
work=$(mktemp -d /tmp/midspan-demo.XXXXXX)
failures=0

title() { printf '\n== %s\n' "$*"; }

# show CMD…: says what is run, runs it, indents what it prints.
show() { printf '$ %s\n' "$*"; "$@" 2>&1 | sed 's/^/    /'; }

# cli COMMAND: one command of the command line, against the API of $api_hv.
cli() { in_hv "$api_hv" "$midspan" cli -A -e "$1"; }

# wait_line FILE TEXT SECONDS: until a log says so.
wait_line() { wait_for "$3" grep -q "$2" "$1" || { cat "$1" >&2; exit 1; }; }

# port_active ID: the agent has the port.
port_active() { cli "port $1 show" | grep -q 'plugged yes'; }

# expect OK|FAIL WHAT CMD…: runs quietly, prints one line, and counts what is not as expected.
expect() {
  local want=$1 what=$2 got=OK
  shift 2
  "$@" > "$work/out" 2>&1 || got=FAIL
  if [ "$got" = "$want" ]; then printf '  as expected  %s\n' "$what"
  else printf '  UNEXPECTED   %s\n' "$what"; sed 's/^/      /' "$work/out"; failures=$((failures + 1)); fi
}

# ping_ok VM ADDRESS [COUNT]: every one of COUNT pings is answered, the first included.
ping_ok() { in_vm "$1" ping -q -c "${3:-3}" -i 0.1 -W 2 "$2" | tee /dev/stderr | grep -q ' 0% packet loss'; }

demo_down() {
  [ -z "$(jobs -p)" ] || kill $(jobs -p) 2>/dev/null
  wait 2>/dev/null
  fabric_down 2>/dev/null
  rm -rf "$work"
}
trap demo_down EXIT
