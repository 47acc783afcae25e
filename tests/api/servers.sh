#!/usr/bin/env bash
# servers: two servers on one ZooKeeper. A client sees its own writes at once, and those through the other server within
# a second; when a server is killed (-9) under load, nothing acknowledged is lost, nothing is half made, the other goes on.
. "$(dirname "$0")/lib.sh"
zookeeper=$api_dir/../lab/zookeeper
trap 'stop a; stop b; "$zookeeper" stop "$work/zk"' EXIT
declare -A port=([a]=$(free_port) [b]=$(free_port))
writers=4 writes=80                             # at each server, in each round

launch() { start "$1" --zookeeper "127.0.0.1:$zk" --listen "127.0.0.1:${port[$1]}"; }
at() { base=http://127.0.0.1:${port[$1]}/midonet-api; }
now_ms() { echo $((${EPOCHREALTIME/[.,]/} / 1000)); }
version() { curl -s -o /dev/null -D - "$base/" | sed -n 's/^x-midspan-version: \([0-9]*\).*/\1/p'; }

# answers_in WANT PATH: ms until GET answers so, at most 5 s.
answers_in() {
  local since
  since=$(now_ms)
  while [ "$(call '' GET "$2")" != "$1" ] && [ $(($(now_ms) - since)) -lt 5000 ]; do :; done
  echo $(($(now_ms) - since))
}

# id ROUND WRITER N [PART]: of the Nth bridge of a writer, or of a port that is made with it.
id() { printf '%08x-%04x-4000-8000-%012x' "$1" "${4:-0}" $(("$2" * 100000 + "$3")); }
# requests SERVER ROUND WRITER: what curl is to send: a bridge, or a bridge with two ports in one commit, in turns.
requests() {
  local n bridge path body
  for n in $(seq $writes); do
    bridge=$(id "$2" "$3" "$n")
    if [ $((n % 2)) = 0 ]; then
      path=/bridges body="{'id':'$bridge','name':'single'}"
    else
      path=/bulk body="{'operations':[{'method':'POST','path':'/bridges','body':{'id':'$bridge','name':'pair'}}"
      body+=",{'method':'POST','path':'/bridges/$bridge/ports','body':{'id':'$(id "$2" "$3" "$n" 1)'}}"
      body+=",{'method':'POST','path':'/bridges/$bridge/ports','body':{'id':'$(id "$2" "$3" "$n" 2)'}}]}"
    fi
    [ "$n" = 1 ] || echo next
    printf 'url = "http://127.0.0.1:%s/midonet-api%s"\ndata = "%s"\n' "${port[$1]}" $path "${body//\'/\\\"}"
    printf 'header = "Content-Type: application/json"\noutput = "/dev/null"\n'
    printf 'write-out = "%%{stderr}%s %%{http_code}\\n"\n' "$bridge"
  done
}

# round N VICTIM SURVIVOR: both are written to; the victim is killed in the middle, and started again in the end.
round() {
  local writer server before loads=()
  for writer in $(seq $writers); do
    requests "$2" "$1" "$writer" > "$work/requests-$2-$writer"
    requests "$3" "$1" $((writers + writer)) > "$work/requests-$3-$writer"
  done
  for server in "$2" "$3"; do for writer in $(seq $writers); do
    curl -s -K "$work/requests-$server-$writer" 2> "$work/round$1-$server-$writer" &
    loads+=($!)
  done; done
  for server in "$2" "$3"; do
    until [ "$(acknowledged "$1-$server" | wc -l)" -ge 40 ]; do sleep 0.02; done
  done
  stop "$2" KILL
  before=$(acknowledged "$1-$3" | wc -l)
  wait "${loads[@]}" || true
  expect "the other server has acknowledged $before writes by then" test "$before" -lt $((writers * writes))
  equal "and all of them in the end" $((writers * writes)) "$(acknowledged "$1-$3" | wc -l)"
  expect "of those to the killed one some were not" grep -q ' 000$' "$work/round$1-$2"-*
  launch "$2"
}
# acknowledged [ROUND-SERVER]: ids of the bridges whose clients were told that they are made.
acknowledged() { cat "$work/round${1:-}"* | sed -n 's/ 20[01]$//p' | sort; }
# network SERVER: its bridges and ports, but for the addresses.
network() {
  at "$1"
  curl -s "$base/bridges" > "$work/bridges"
  curl -s "$base/ports" > "$work/ports"
  jq -S . "$work/bridges" "$work/ports" | sed "s/:${port[$1]}//"
}
# whole: in what network has read, all that was acknowledged is there, and each pair has both of its ports.
whole() {
  jq -r '.[].id' "$work/bridges" | sort > "$work/ids"
  equal "acknowledged writes that are lost" 0 "$(acknowledged | comm -23 - "$work/ids" | wc -l)"
  jq -r '.[] | select(.name == "pair") | .id, .id' "$work/bridges" | sort > "$work/pairs"
  expect "what was made in one commit is there whole, or not at all" \
    diff -q "$work/pairs" <(jq -r '.[].deviceId' "$work/ports" | sort)
}

zk=$("$zookeeper" start "$work/zk")
launch a
launch b

title "A client of one server reads what it has written, at once"
at a
for n in $(seq 20); do
  call '' POST /bridges '{"name": "own"}' > "$work/status"
  made=/bridges/$(created)
  [ "$(< "$work/status") $(call '' GET "$made")" = "201 200" ] || expect "write $n is read" false
done
call '' GET /bridges > "$work/status"
equal "of 20 writes are listed" 20 "$(jq length "$work/body")"

title "A client of the other sees it within a second, and may refer to it at once"
longest=0
for n in $(seq 20); do
  at a
  call '' POST /bridges '{"name": "seen"}' > "$work/status"
  made=/bridges/$(created)
  at b
  if [ $((n % 2)) = 0 ]; then
    equal "a port on what the other server has just made" 201 "$(call '' POST "$made/ports" '{}')"
    own=/ports/$(created)
    at a
    equal "a change of that at the first" 204 "$(call '' PUT "$own" '{"vlanId": 7}')"
    at b
  else
    took=$(answers_in 200 "$made")
    [ "$took" -lt $longest ] || longest=$took
  fi
  call '' DELETE "$made" > "$work/status"
  at a
  took=$(answers_in 404 "$made")
  [ "$took" -lt $longest ] || longest=$took
done
expect "the longest took $longest ms" test "$longest" -le 1000

title "Server a is killed under load"
round 1 a b
network b > "$work/at-b"
whole
network a > "$work/at-a"
whole
expect "both servers say the same" diff -q "$work/at-a" "$work/at-b"

title "Server b is killed under load"
round 2 b a
network a > "$work/at-a"
whole
network b > "$work/at-b"
whole
expect "both servers say the same" diff -q "$work/at-a" "$work/at-b"

title "The documents, which agents read, say it all without the log"
at a
newest=$(version)
applied() { "$zookeeper" cli "$work/zk" get /midspan/progress 2> /dev/null | grep -aq "applied=$newest "; }
for n in $(seq 5); do ! applied || break; done
expect "they stand at version $newest" applied
stop a
stop b
"$zookeeper" cli "$work/zk" deleteall /midspan/log > "$work/deleted" 2>&1
launch a
network a > "$work/from-documents"
expect "a server that has only them knows the whole network" diff -q "$work/at-a" "$work/from-documents"
verdict
