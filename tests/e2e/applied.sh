#!/usr/bin/env bash
# applied: what is written with ?wait=applied is in force on every host concerned the moment the answer arrives; a stopped
# agent is named where it is concerned and else not waited for; nor is a dead one.
# lab: -t 180
# alone: it measures how long an answer takes.
. "$(dirname "$0")/lib.sh"

ROUNDS=${ROUNDS:-100}
cluster 3
zone vxlan 1 2 3 > /dev/null
red=$(bridge red) blue=$(bridge blue)
for n in 1 2 3; do vm $n 1 10.0.1.1$n/24; plug "$red" $n-1; done
for n in 1 2; do vm $n 2 10.0.2.1$n/24; plug "$blue" $n-2; done
guard=$(chain guard)
change "/bridges/$red" "{\"inboundFilterId\":\"$guard\"}"
all_active
for n in 2 3; do equal "answers of hypervisor $n" 3 "$(answered 1-1 10.0.1.1$n 3)"; done

# send METHOD PATH [JSON]: one request, whatever the answer. Leaves status, milliseconds and body in $status, $took, $work/body.
send() {
  : > "$work/body"
  read -r status took < <(in_hv $api_hv curl -s -m 40 -X "$1" ${3+-H 'Content-Type: application/json' -d "$3"} \
    -D "$work/head" -o "$work/body" -w '%{http_code} %{time_total}\n' "http://127.0.0.1:8181/midonet-api$2")
  took=$(awk -v s="$took" 'BEGIN { printf "%.1f", s * 1000 }')
}
made() { sed -n 's/^[Ll]ocation: .*\/\([^/]*\)\r$/\1/p' "$work/head"; }
# percentile P FILE: of the numbers in the file.
percentile() { sort -n "$2" | awk -v p="$1" '{ v[NR] = $1 } END { i = int(NR * p / 100 + 0.999); print v[i < 1 ? 1 : i] }'; }
# latencies NAME: figures of the times in $work/NAME.
latencies() { for p in 50 95 100; do figure "$1_p$p" "$(percentile $p "$work/$1")" ms; done; }
# sent_within STREAM FILE: pings answered that were sent in one of the file's spans of time (two columns, ms since the epoch).
sent_within() {
  awk 'NR == FNR { from[NR] = $1; to[NR] = $2; n = NR; next }
    / bytes from / {
      gsub(/[][]/, "", $1); at = $1 * 1000
      match($0, /time=[0-9.]+/); at -= substr($0, RSTART + 5, RLENGTH - 5)
      for (i = 1; i <= n; i++) if (at >= from[i] && at <= to[i]) count++
    } END { print count + 0 }' "$2" "$work/$1.out"
}
drop='{"type":"drop","dlType":2048,"nwProto":1}'

title "A rule is in force when it is answered"
stream near 1-1 10.0.1.12 0.005
stream far 3-1 10.0.1.11 0.005
sleep 0.5
refused=0
for _ in $(seq "$ROUNDS"); do
  send POST "/chains/$guard/rules?wait=applied" "$drop"; from=$(now_ms)
  [ "$status" = 201 ] || refused=$((refused + 1))
  echo "$took" >> "$work/applied_create"
  rule=$(made)
  sleep 0.03
  echo "$from $(now_ms)" >> "$work/closed"
  send DELETE "/rules/$rule?wait=applied"; from=$(now_ms)
  [ "$status" = 204 ] || refused=$((refused + 1))
  echo "$took" >> "$work/applied_delete"
  sleep 0.03
  echo "$from $(now_ms)" >> "$work/open"
done
ended near INT; ended far INT
equal "answers other than 201 and 204" 0 "$refused"
equal "pings let through on hypervisor 1 after $ROUNDS answers" 0 "$(sent_within near "$work/closed")"
equal "pings let through on hypervisor 3 after $ROUNDS answers" 0 "$(sent_within far "$work/closed")"
for flow in near far; do
  expect OK "pings pass in between ($flow: $(sent_within $flow "$work/open"))" test "$(sent_within $flow "$work/open")" -ge $((2 * ROUNDS))
done
latencies applied_create
latencies applied_delete
for _ in $(seq "$ROUNDS"); do
  send POST "/chains/$guard/rules" "$drop"
  echo "$took" >> "$work/unwaited_create"
  send DELETE "/rules/$(made)"
done
latencies unwaited_create

title "An agent is stopped"
kill -STOP "${pid[agent3]}"
send PUT "/bridges/$blue?wait=applied" "$(rest GET "/bridges/$blue" | jq -c '. + {"name":"blue too"}')"
equal "status of what it is not concerned by" 204 "$status"
in_time "for that" 1000 "${took%.*}"
send POST "/chains/$guard/rules?wait=applied&wait_ms=1500" "$drop"
equal "status of what it is concerned by" 202 "$status"
equal "the host that is missing" "hv3 ${host[3]}" "$(jq -r '.missingHosts | map("\(.name) \(.id)") | join(",")' "$work/body")"
expect OK "and the version is named" jq -e '.version > 0' "$work/body"
figure stopped_answer "$took" ms
expect OK "on the others it is in force" silent 1-1 10.0.1.12
kill -CONT "${pid[agent3]}"
send DELETE "/rules/$(made)?wait=applied"
equal "status once it goes on" 204 "$status"
equal "answers to it" 3 "$(answered 3-1 10.0.1.11 3)"

title "An agent dies while it is waited for"
kill -STOP "${pid[agent3]}"
{ sleep 0.5; kill -KILL "${pid[agent3]}"; } &
send POST "/chains/$guard/rules?wait=applied&wait_ms=30000" "$drop"
equal "status" 201 "$status"
figure dead_answer "$took" ms
verdict
