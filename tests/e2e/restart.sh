#!/usr/bin/env bash
# restart: an agent is killed, or told to end, and started again with pings at 200/s, bridged and routed, and iperf3 between
# hosts: no established packet is lost, flows are adopted, new flows pass soon after, nothing is flooded later.
# alone: it counts packets lost within milliseconds
# lab: -t 180
. "$(dirname "$0")/lib.sh"

cluster 2
zone vxlan 1 2 > /dev/null
red=$(bridge red) blue=$(bridge blue) edge=$(router edge)
for n in 1 2; do
  for i in 1 2 3; do vm $n $i 10.0.1.$n$i/24 10.0.1.1; plug "$red" $n-$i; done
  vm $n 4 10.0.2.${n}4/24 10.0.2.1; plug "$blue" $n-4
done
gate "$edge" 10.0.1.1/24 "$red" > /dev/null
gate "$edge" 10.0.2.1/24 "$blue" > /dev/null
flow_per_connection "$red"
all_active
for i in 1 2 3; do equal "answers of 10.0.1.2$i" 2 "$(answered 1-$i 10.0.1.2$i 2)"; done

# dial: a datagram from a new source port every 10 ms, until the file $work/hang-up is there: each is a new flow.
dial() {
  exec 8<> <(:)
  while [ ! -e "$work/hang-up" ]; do
    echo "$EPOCHREALTIME" > /dev/udp/10.0.1.23/9
    read -r -t 0.01 -u 8 || true
  done
}
export work
export -f dial
# datagrams: the times in ms when those were sent that arrived.
datagrams() { sed -n 's/\([0-9]*\)\.\([0-9]\{3\}\).*/\1\2/p' "$work/answer.out"; }
# gap_after MS: the longest time without a datagram that arrived, from then on.
gap_after() { datagrams | awk -v t="$1" '$1 > t && last && $1 - last > gap { gap = $1 - last } { last = $1 } END { print gap + 0 }'; }

# The established flows: within a bridge, across the router on one host, across the router between hosts.
declare -A target=([bridged]=10.0.1.21 [routed]=10.0.2.14 [routed_far]=10.0.2.24)
# under_way: starts the traffic that goes on during a restart.
under_way() {
  local name
  rm -f "$work/hang-up"
  spawn answer vm-2-3 nc -u -lk 9
  spawn iperfd vm-2-2 iperf3 -s -1
  wait_for 3 in_vm 2-2 sh -c 'ss -Hltn sport = :5201 | grep -q .'
  for name in "${!target[@]}"; do stream "$name" 1-1 "${target[$name]}" 0.005; done
  spawn iperf vm-1-2 iperf3 -J -i 0.5 -t 5 -b 300M -c 10.0.1.22
  spawn dial vm-1-3 bash -c dial
  sleep 1.5
}
# hang_up: ends the new flows, and iperf3 when its time is over; the pings go on.
hang_up() {
  ended iperf
  touch "$work/hang-up"
  ended dial
  ended answer TERM
  ended iperfd
}
# arrived NAME: ends the pings; what is expected of the traffic after a restart.
arrived() {
  local name
  for name in "${!target[@]}"; do
    ended "$name" INT
    equal "$1: established pings lost of $(replies "$name" | wc -l), $name" 0 "$(lost "$name")"
    figure "$1_${name}_lost" "$(lost "$name")"
  done
  figure "$1_iperf3_retransmits" "$(jq .end.sum_sent.retransmits "$work/iperf.out")"
  expect OK "$1: iperf3 never stood still" jq -e '[.intervals[].sum.bytes] | min > 0' "$work/iperf.out"
}

title "SIGTERM and start again"
under_way
begin=$(now_ms)
ended agent1 TERM
end=$(now_ms)
at_most "ms until it ended" 1000 $((end - begin))
equal "its exit status" 0 $status
expect OK "its ports are inactive at once" wait_for 1 inactive "${port[1-1]}"
agent 1
agent_ready 1
figure start_to_ready $(($(now_ms) - end)) ms
hang_up
arrived term
expect OK "ports are active" all_active 3

title "kill -9 and start again, without iperf3"
rm -f "$work/hang-up"
spawn answer vm-2-3 nc -u -lk 9
spawn dial vm-1-3 bash -c dial
sleep 0.5
killed=$(now_ms)
ended agent1 KILL
agent 1
agent_ready 1
sleep 0.5
touch "$work/hang-up"
ended dial
ended answer TERM
gap=$(gap_after "$killed")
at_most "ms without new flows from the kill on" 1000 "$gap"
figure kill_new_flow_gap "$gap" ms

title "kill -9 and start again at once"
# Every other machine hears what is neither its own nor for everybody: that was flooded.
bystanders=(1-2 1-3 1-4 2-2 2-3 2-4)
for vm in "${bystanders[@]}"; do
  spawn "hear$vm" "vm-$vm" tcpdump -ln -i eth0 "not ether host $(mac "${vm%-*}" "${vm#*-}") and not ether multicast"
done
under_way
killed=$(now_ms)
ended agent1 KILL
agent 1
agent_ready 1
ready=$(now_ms)
figure restart_ready $((ready - killed)) ms
hang_up
gap=$(gap_after "$killed")
at_most "ms without new flows from the kill on, beside iperf3" 1000 "$gap"
figure kill_new_flow_gap_loaded "$gap" ms
# The killed agent's session is over after 10 s, and other hosts believe it 5 s later.
sleep $((20 - ($(now_ms) - killed) / 1000))
arrived kill
expect OK "flows were adopted: $(status_of 1 .forwarding.adopted)" test "$(status_of 1 .forwarding.adopted)" -ge 4
figure flows_adopted "$(status_of 1 .forwarding.adopted)"
flooded=0
for vm in "${bystanders[@]}"; do
  ended "hear$vm" INT
  expect OK "$vm listened" grep -q 'listening on' "$work/hear$vm.log"
  flooded=$((flooded + $(grep -c ' > ' "$work/hear$vm.out" || true)))
done
equal "frames flooded in the 20 s" 0 "$flooded"
figure kill_flooded "$flooded"
expect OK "ports are active" all_active
verdict
