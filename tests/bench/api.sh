#!/usr/bin/env bash
# api: the REST API as a process, on ZooKeeper and on the embedded store: 10,000 ports created one by one, by 32 clients at
# once and in bulk; lists; memory; how long a start takes. Beside them, in the same run, what a create costs in ZooKeeper.
#
#   MIDSPAN=… APILOAD=… tests/bench/api.sh [PORTS]          (tests/bench/run does this)
#
# Prints `figure NAME VALUE UNIT`, then what must hold as `bar NAME VALUE LIMIT met|missed`; its status tells whether all do.
: "${MIDSPAN:?names the executable to measure}"
apiload=${APILOAD:?names the executable of tests/bench}
work=$(mktemp -d -p "${CARGO_TARGET_DIR:-$(dirname "$0")/../../target}" bench-api.XXXXXX)
. "$(dirname "$0")/../api/lib.sh"
ports=${1:-10000}
zookeeper=$api_dir/../lab/zookeeper
trap 'stop api; "$zookeeper" stop "$work/zk"; rm -rf "$work"' EXIT
declare -A figure
missed=0

# measured NAME VALUE UNIT
measured() { figure[$1]=$2; echo "figure api-$1 $2 $3"; }
# load MODE [OPTION…]: what apiload measures is in $work/load; field NAME [DIVISOR]: one value of it.
load() { "$apiload" "$@" > "$work/load"; }
field() { awk -v name="$1" -v by="${2:-1}" '{ for (i = 1; i < NF; i++) if ($i == name) printf "%.4g", $(i + 1) / by }' "$work/load"; }
calc() { awk "BEGIN { printf \"%.4g\", ($1) }"; }
# bar NAME VALUE COMPARISON LIMIT
bar() {
  local verdict=met
  awk "BEGIN { exit !($2 $3 $4) }" || { verdict=missed; missed=$((missed + 1)); }
  echo "bar api-$1 $2 $3$4 $verdict"
}

# launch: the server, on what $nsdb says.
launch() {
  # shellcheck disable=SC2086   # the flags are words
  spawn api --listen "$address" $nsdb
}
# mebibytes: the server's resident memory.
mebibytes() { awk '/^VmRSS:/ { printf "%.4g", $2 / 1024 }' "/proc/${pid[api]}/status"; }
# network: a server on an empty NSDB with 500 bridges; $collection is the ports of one of them.
network() {
  local part=$1-$2
  case $1 in
    zookeeper) nsdb="--zookeeper 127.0.0.1:$zk/$part" ;;
    store) nsdb="--store $work/$part" ;;
  esac
  stop api
  launch
  ready api
  load bulk --url "$url" --path /bridges --count 500 --size 500
  collection=$(curl -s "$url/bridges?page_size=1" | jq -r '.[0].id | "/bridges/\(.)/ports"')
}
# yardstick: creates in a ZooKeeper that has nothing else to do, by a server at rest.
yardstick() {
  sleep 1
  load raw --zookeeper "127.0.0.1:$zk/raw-$1" --count 1000
  measured "raw-create-p50-$1" "$(field p50_us 1000)" ms
  measured "raw-create-p99-$1" "$(field p99_us 1000)" ms
}

# creates BACKEND NAME MODE [OPTION…]: so many ports on a network of their own.
creates() {
  local backend=$1 name=$1-$2 mode=$3
  network "$backend" "$2"
  shift 3
  load "$mode" --url "$url" --path "$collection" --count "$ports" "$@"
  measured "$name-per-second" "$(calc "$ports * 1e6 / $(field all_us)")" /s
  measured "$name-p50" "$(field p50_us 1000)" ms
  measured "$name-p99" "$(field p99_us 1000)" ms
  sleep 1
  measured "$name-memory" "$(mebibytes)" MiB
}
# lists BACKEND NAME OPTION…
lists() {
  local name=$1-$2
  shift 2
  load list --url "$url" "$@"
  measured "$name-p50" "$(field p50_us 1000)" ms
  measured "$name-p99" "$(field p99_us 1000)" ms
}
# restart BACKEND: what a server takes that finds all there.
restart() {
  stop api
  local since=${EPOCHREALTIME/[.,]/}
  launch
  load start --url "$url" --since "$since"
  measured "$1-start" "$(field first_answer_us 1000)" ms
  measured "$1-start-memory" "$(mebibytes)" MiB
}

measure() {
  creates "$1" one-client create
  creates "$1" 32-clients create --clients 32
  creates "$1" bulk bulk
  lists "$1" list-500-bridges --path /bridges --count 200
  lists "$1" list-all-ports --path "$collection" --count 10
  lists "$1" list-page-of-100-ports --path "$collection" --count 1 --page 100
  sleep 1
  measured "$1-lists-memory" "$(mebibytes)" MiB
  restart "$1"
}
# bars BACKEND: what holds of it.
bars() {
  local part memory=0
  bar "$1-32-clients-to-one" "$(calc "${figure[$1-32-clients-per-second]} / ${figure[$1-one-client-per-second]}")" '>=' 6
  bar "$1-list-500-bridges-ms" "${figure[$1-list-500-bridges-p50]}" '<=' 5
  for part in one-client 32-clients bulk lists start; do
    memory=$(calc "$memory > ${figure[$1-$part-memory]} ? $memory : ${figure[$1-$part-memory]}")
  done
  bar "$1-memory-MiB" "$memory" '<=' 95.37      # 100 MB
  bar "$1-start-ms" "${figure[$1-start]}" '<=' 1000
}

address=127.0.0.1:$(free_port)
url=http://$address/midonet-api
zk=$("$zookeeper" start "$work/zk")
load raw --zookeeper "127.0.0.1:$zk/warm" --count 2000
yardstick before
measure zookeeper
yardstick after
measure store
bar zookeeper-create-to-raw-create \
  "$(calc "2 * ${figure[zookeeper-one-client-p50]} / (${figure[raw-create-p50-before]} + ${figure[raw-create-p50-after]})")" '<=' 3
bars zookeeper
bars store
exit $((missed > 0))
