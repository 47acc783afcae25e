# lib.sh: what the tests of the REST API as a process share: a server on free ports, calls by curl, checks.  Source it in
# a script that tests/api/run runs; end that with `verdict`.
set -eu
shopt -s inherit_errexit

api_dir=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
midspan=$MIDSPAN
failures=0
declare -A pid readies                          # by server: the process, how often it was ready before it

title() { echo "== $*"; }
# equal WHAT WANT GOT
equal() {
  if [ "$2" = "$3" ]; then echo "ok: $1: $2"; else echo "UNEXPECTED: $1: wanted $2, got $3"; failures=$((failures + 1)); fi
}
# expect WHAT CMD…: the command succeeds.
expect() {
  local what=$1
  shift
  if "$@"; then echo "ok: $what"; else echo "UNEXPECTED: $what"; failures=$((failures + 1)); fi
}
fails() { ! "$@"; }
# verdict: ends the test; of one that failed it shows what the server warned of.
verdict() {
  [ "$failures" != 0 ] || exit 0
  grep -hE ' (WARN|ERROR) ' "$work"/*.log | tail -n 20
  echo "$failures UNEXPECTED"
  exit 1
}

# A port nobody listens on, below the range the system hands out to clients.
free_port() {
  local port
  while port=$((20000 + RANDOM % 12000)); do
    { exec 9<> "/dev/tcp/127.0.0.1/$port"; } 2>/dev/null || { echo "$port"; return; }
    exec 9>&-
  done
}

# spawn NAME [ARG…]: `midspan api` as the process pid[NAME], its log behind what $work/NAME.log has.
spawn() {
  local name=$1 log=$work/$1.log
  shift
  touch "$log"
  readies[$name]=$(grep -c 'midspan: ready' "$log" || true)
  RUST_LOG=${RUST_LOG:-info} "$midspan" api --config "$work/midspan.toml" "$@" 2>> "$log" &
  pid[$name]=$!
}
# ready NAME: waits until it is.
ready() {
  local log=$work/$1.log tries
  for tries in $(seq 300); do
    [ "$(grep -c 'midspan: ready' "$log")" = "${readies[$1]}" ] || return 0
    kill -0 "${pid[$1]}" 2>/dev/null || break
    sleep 0.1
  done
  tail -n 20 "$log"
  return 1
}
start() { spawn "$@"; ready "$1"; }
# stop NAME [SIGNAL]: ends it, if it runs.
stop() {
  [ -z "${pid[$1]:-}" ] || { kill "-${2:-TERM}" "${pid[$1]}" && wait "${pid[$1]}" || true; } 2>/dev/null
  unset "pid[$1]"
}
# serve [ARG…]: a server on a store in $work, all that it can log in $work/server.log.
serve() { RUST_LOG=${RUST_LOG:-trace} start server --store "$work/nsdb" "$@"; }
stop_server() { stop server; }
touch "$work/midspan.toml"

# call TOKEN METHOD PATH [BODY] [ARG…]: the status, the body left in $work/body, the headers in $work/headers.
call() {
  local token=$1 method=$2 path=$3 body=${4:-}
  shift $(($# > 4 ? 4 : $#))
  curl -s -o "$work/body" -D "$work/headers" -w '%{http_code}' -X "$method" -H "X-Auth-Token: $token" \
    -H 'Content-Type: application/json' ${body:+--data "$body"} "$@" "$base$path" || true
}
# created: the id of what the last call made.
created() { sed -n 's/^location: .*\///Ip' "$work/headers" | tr -d '\r'; }
# login USER PASSWORD [PROJECT] [ARG…]: the status; token: what the last login gave.
login() {
  local user=$1 password=$2 project=${3:-}
  shift $(($# > 3 ? 3 : $#))
  curl -s -o "$work/body" -D "$work/headers" -w '%{http_code}' -X POST -u "$user:$password" \
    ${project:+-H "X-Auth-Project: $project"} --data '{}' "$@" "$base/login" || true
}
token() { jq -r .key "$work/body"; }
