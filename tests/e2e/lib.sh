# lib.sh: what the end-to-end tests share: the functions of the demos and of the lab, the REST API by way of curl, agents
# and ZooKeeper, checks and figures. Source it in a script that tests/e2e/run runs.
#
# A test says what it checks by `expect`, `equal`, `at_most` and `in_time`, and ends with `verdict`. A figure is a line
# `figure NAME VALUE [UNIT]`.
set -eu
shopt -s inherit_errexit

e2e_dir=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
. "$e2e_dir/../../deploy/demo/lib.sh"

api_hv=1                                        # the hypervisor that the API runs on
zk=172.16.0.1:2181
declare -A host pid port                        # by hypervisor, by process name, by VM

now_ms() { echo $((${EPOCHREALTIME/[.,]/} / 1000)); }

# --- checks ---

# equal WHAT WANT GOT
equal() { expect OK "$1: $2" is "$2" "$3"; }
is() { [ "$1" = "$2" ] || { echo "got: $2"; return 1; }; }
# at_most WHAT LIMIT GOT: whole numbers.
at_most() { expect OK "$1: ${3:-never} (at most $2)" test "${3:-never}" -le "$2"; }
# in_time WHAT MS GOT: a time, with LAB_SLACK times the room on a machine that has other work too.
in_time() { at_most "ms $1" $(($2 * ${LAB_SLACK:-1})) "$3"; }
figure() { echo "figure $*"; }
# verdict: ends the test.
verdict() {
  [ "$failures" = 0 ] || echo "$failures UNEXPECTED"
  exit $((failures > 0))
}
# says FILE TEXT: the file has the text.
says() { grep -q -- "$2" "$1" || { cat "$1"; return 1; }; }

# --- processes ---

# spawn NAME NAMESPACE CMD…: in the background, as the very process pid[NAME]; its standard error in $work/NAME.log, its
# standard output in $work/NAME.out.
spawn() {
  local name=$1 ns=$2
  shift 2
  (exec ip netns exec "$ns" "$@" < /dev/null > "$work/$name.out" 2> "$work/$name.log") &
  pid[$name]=$!
}
# ended NAME [SIGNAL]: sends the signal if one is given, waits, and leaves the exit status in $status.
ended() {
  [ -z "${2:-}" ] || kill "-$2" "${pid[$1]}"
  status=0
  wait "${pid[$1]}" 2> /dev/null || status=$?
  unset "pid[$1]"
}
runs() { kill -0 "${pid[$1]}" 2> /dev/null; }

# standalone [ARG…]: agent and API in one process on hypervisor 1.
standalone() {
  spawn standalone hv1 "$midspan" standalone --store "$work/nsdb" --state "$work/state1" --name hv1 "$@"
  wait_line "$work/standalone.log" "midspan: ready" 20
  find_hosts 1
}
# agent N [ARG…]: the agent of hypervisor N; agent_ready N: until it is ready.
agent() {
  local n=$1
  shift
  spawn "agent$n" "hv$n" "$midspan" agent --zookeeper $zk --state "$work/state$n" --name "hv$n" "$@"
}
agent_ready() { wait_line "$work/agent$1.log" "midspan: ready" "${2:-20}"; }
# zookeeper start|stop|kill: the server on hypervisor 1.
zookeeper() {
  case $1 in
    start) in_hv 1 "$e2e_dir/../lab/zookeeper" start "$work/zk" 2181 172.16.0.1 > /dev/null ;;
    *) in_hv 1 "$e2e_dir/../lab/zookeeper" "$1" "$work/zk" ;;
  esac
}
api() {
  spawn api "hv$api_hv" "$midspan" api --zookeeper $zk
  wait_line "$work/api.log" "midspan: ready" 20
}
# cluster N: N hypervisors, ZooKeeper and the API on the first, an agent on each.
cluster() {
  local n
  fabric
  for n in $(seq "$1"); do hv "$n"; done
  zookeeper start
  for n in $(seq "$1"); do agent "$n"; done
  api
  for n in $(seq "$1"); do agent_ready "$n"; done
  find_hosts "$1"
}
# find_hosts N: waits until hosts hv1 to hvN are alive; their ids are in host[N].
find_hosts() {
  local n
  for n in $(seq "$1"); do
    wait_for 10 host_alive "hv$n"
    host[$n]=$(rest GET /hosts | jq -r ".[] | select(.name == \"hv$n\") | .id")
  done
}
host_alive() { [ "$(host_life "$1")" = true ]; }
host_dead() { [ "$(host_life "$1")" = false ]; }
host_life() { rest GET /hosts | jq ".[] | select(.name == \"$1\") | .alive"; }

# status_of N JQ: from what `midspan agent status` shows on hypervisor N.
status_of() { in_hv "$1" curl -s -m 5 'http://127.0.0.1:7300/status?format=json' | jq -r "$2"; }
# status_is N JQ: the same, as a condition.
status_is() { [ "$(status_of "$1" "$2")" = true ]; }

# flow_per_connection BRIDGE: a rule that looks at source ports, so that every connection needs a flow of its own.
flow_per_connection() {
  local ports
  ports=$(chain ports)
  rule "$ports" drop '"dlType":2048,"nwProto":17,"tpSrc":{"start":7,"end":7}' > /dev/null
  change "/bridges/$1" "{\"inboundFilterId\":\"$ports\"}"
}

# --- the REST API ---

# rest METHOD PATH [JSON]: one request. Prints the answer's body; fails unless the status is 2xx. The status stays in
# $work/status, the headers in $work/head, the body in $work/body.
rest() {
  : > "$work/body"
  in_hv $api_hv curl -s -m 10 -X "$1" -H 'Accept: application/json' ${3+-H 'Content-Type: application/json' -d "$3"} \
    -D "$work/head" -o "$work/body" -w '%{http_code}' "http://127.0.0.1:8181/midonet-api$2" > "$work/status" ||
    { echo "$1 $2: no answer" >&2; return 1; }
  case $(< "$work/status") in
    2*) cat "$work/body" ;;
    *) echo "$1 $2 ${3-}: status $(< "$work/status"): $(< "$work/body")" >&2; return 1 ;;
  esac
}
# create PATH [JSON]: makes an object and prints its id.
create() {
  rest POST "$1" "${2:-{\}}" > /dev/null || return 1
  sed -n 's/^[Ll]ocation: .*\/\([^/]*\)\r$/\1/p' "$work/head"
}
# change PATH FIELDS: changes some fields of an object: '{"adminStateUp":false}'.
change() { rest PUT "$1" "$(rest GET "$1" | jq -c ". + $2")" > /dev/null; }

# zone TYPE N…: a tunnel zone with these hypervisors; prints its id.
zone() {
  local zone n
  zone=$(create /tunnel_zones "{\"name\":\"underlay-$1\",\"type\":\"$1\"}")
  shift
  for n in "$@"; do
    rest POST "/tunnel_zones/$zone/hosts" "{\"hostId\":\"${host[$n]}\",\"ipAddress\":\"172.16.0.$n\"}" > /dev/null
  done
  echo "$zone"
}
bridge() { create /bridges "{\"name\":\"$1\"}"; }
router() { create /routers "{\"name\":\"$1\"}"; }
bridge_port() { create "/bridges/$1/ports" '{"type":"Bridge"}'; }
bind() { rest POST "/hosts/${host[$1]}/ports" "{\"portId\":\"$3\",\"interfaceName\":\"$2\"}" > /dev/null; }
# plug BRIDGE HV-ID: a port of the bridge, bound to the VM's interface; it is port[HV-ID].
plug() {
  port[$2]=$(bridge_port "$1")
  bind "${2%-*}" "tap${2#*-}" "${port[$2]}"
}
active() { [ "$(rest GET "/ports/$1" | jq .active)" = true ]; }
inactive() { [ "$(rest GET "/ports/$1" | jq .active)" = false ]; }
# all_active: every port in port[] is active.
all_active() {
  local p
  for p in "${port[@]}"; do wait_for "${1:-10}" active "$p" || return 1; done
}
# route ROUTER TYPE NET/LEN [PORT [GATEWAY]]
route() {
  create "/routers/$1/routes" "{\"type\":\"$2\",\"srcNetworkAddr\":\"0.0.0.0\",\"srcNetworkLength\":0,
    \"dstNetworkAddr\":\"${3%/*}\",\"dstNetworkLength\":${3#*/}${4:+,\"nextHopPort\":\"$4\"}${5:+,\"nextHopGateway\":\"$5\"}}"
}
# gate ROUTER ADDRESS/24 [BRIDGE]: a router port with its connected route, linked to the bridge; prints the router port.
gate() {
  local port net=${2%.*}.0
  port=$(create "/routers/$1/ports" "{\"type\":\"Router\",\"portAddress\":\"${2%/*}\",\"networkAddress\":\"$net\",\"networkLength\":24}")
  route "$1" Normal "$net/24" "$port" > /dev/null
  [ -z "${3:-}" ] || link "$port" "$(bridge_port "$3")"
  echo "$port"
}
link() { rest POST "/ports/$1/link" "{\"peerId\":\"$2\"}" > /dev/null; }
chain() { create /chains "{\"name\":\"$1\"}"; }
# rule CHAIN TYPE [FIELDS]: FIELDS like '"nwProto":17,"dlType":2048'; inserted as the first of the chain unless told.
rule() { create "/chains/$1/rules" "{\"type\":\"$2\"${3:+,$3}}"; }
unrule() { rest DELETE "/rules/$1" > /dev/null; }

# --- traffic ---

# answered VM ADDRESS COUNT [PING OPTION…]: how many of COUNT pings are answered.
answered() {
  local vm=$1 address=$2 count=$3
  shift 3
  in_vm "$vm" ping -q -c "$count" -i 0.1 -W 2 "$@" "$address" 2>&1 | sed -n 's/.* \([0-9]*\) received.*/\1/p'
}
# reached VM ADDRESS: one ping is answered at once.
reached() { in_vm "$1" ping -q -c 1 -W 0.3 "$2"; }
# silent VM ADDRESS: no answer to two pings.
silent() { in_vm "$1" ping -q -c 2 -i 0.1 -W 0.5 "$2" | grep -q ' 0 received'; }
# ping_says VM ADDRESS TEXT [PING OPTION…]: ping prints it.
ping_says() {
  local vm=$1 address=$2 text=$3
  shift 3
  in_vm "$vm" ping -c 2 -i 0.1 -W 1 "$@" "$address" > "$work/ping" 2>&1 || true
  says "$work/ping" "$text"
}
# stream NAME VM ADDRESS [INTERVAL]: pings with their times into $work/NAME.out until `ended NAME INT`.
stream() { spawn "$1" "vm-$2" ping -D -n -W 10 -i "${4:-0.01}" "$3"; }
# replies NAME: the answers' times, in ms since the epoch.
replies() { sed -n 's/^\[\([0-9]*\)\.\([0-9]\{3\}\).* bytes from.*/\1\2/p' "$work/$1.out"; }
# lost NAME: pings of an ended stream that were not answered; the one on its way at the end does not count.
lost() {
  awk '/ bytes from / && !/DUP/ { sub(/.*icmp_seq=/, ""); seen++; if ($1 + 0 > last) last = $1 + 0 }
    / packets transmitted/ { sent = $1 }
    END { tail = sent - last - 1; print last - seen + (tail > 0 ? tail : 0) }' "$work/$1.out"
}
# longest_gap NAME: the longest time between two answers, in ms.
longest_gap() { replies "$1" | awk 'NR > 1 && $1 - last > gap { gap = $1 - last } { last = $1 } END { print gap + 0 }'; }
# last_reply NAME MS and first_reply NAME MS: ms from that moment to the last answer (not negative), to the next answer.
last_reply() { replies "$1" | awk -v t="$2" 'END { print ($1 > t) ? $1 - t : 0 }'; }
first_reply() { replies "$1" | awk -v t="$2" '$1 >= t { print $1 - t; exit }'; }
