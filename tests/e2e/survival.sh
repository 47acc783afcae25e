#!/usr/bin/env bash
# survival: other hands on the live datapath, and a VM that floods the agent with new flows.
# lab: -t 120
. "$(dirname "$0")/lib.sh"

fabric; hv 1
for i in 1 2 3 4; do vm 1 $i 10.0.1.1$i/24; done
standalone
zone vxlan 1 > /dev/null
red=$(bridge red)
for i in 1 2 3 4; do plug "$red" 1-$i; done
flow_per_connection "$red"
all_active
equal "answers" 3 "$(answered 1-1 10.0.1.12 3)"

title "ovs-dpctl on the live datapath"
stream flow 1-1 10.0.1.12
for _ in 1 2 3; do
  in_hv 1 ovs-dpctl show midspan > /dev/null
  in_hv 1 ovs-dpctl dump-flows midspan > "$work/flows"
done
expect OK "it shows the flow" grep -q 'packets:[1-9]' "$work/flows"
equal "answers of new flows after that" 3 "$(answered 1-3 10.0.1.14 3)"
ended flow INT
equal "lost pings" 0 "$(lost flow)"

title "All flows deleted by other hands"
stream flow 1-1 10.0.1.12
sleep 0.5
deleted=$(now_ms)
in_hv 1 "$midspan" dp del-flows midspan
sleep 1.5
ended flow INT
at_most "lost pings" 2 "$(lost flow)"
in_time "without an answer" 100 "$(longest_gap flow)"
figure del_flows_lost "$(lost flow)"
in_hv 1 ovs-dpctl dump-flows midspan > "$work/flows"
expect OK "the flows are back" grep -qE "eth\(src=$(mac 1 1).*packets:[1-9]" "$work/flows"
equal "answers of new flows" 3 "$(answered 1-4 10.0.1.13 3)"

title "An interface taken from the datapath by other hands"
in_hv 1 ovs-dpctl del-if midspan tap2
expect OK "the agent puts it back" wait_for 5 reached 1-1 10.0.1.12

title "A VM that floods with new flows"
# flood: a datagram from a new source port as fast as it goes.
flood() { while :; do echo > /dev/udp/10.0.1.12/9; done; }
export -f flood
before=$(status_of 1 .forwarding.upcalls)
spawn flood1 vm-1-3 bash -c flood
spawn flood2 vm-1-3 bash -c flood
sleep 1
# New connections of another VM meanwhile, each a new flow: an echo over TCP needs five packets.
spawn server vm-1-2 nc -lk 5001
fine=0
wait_for 3 in_vm 1-2 sh -c 'ss -Hltn sport = :5001 | grep -q .'
for _ in $(seq 20); do ! in_vm 1-1 nc -z -w 1 10.0.1.12 5001 || fine=$((fine + 1)); done
after=$(status_of 1 .forwarding.upcalls)
ended flood1 KILL; ended flood2 KILL
echo "  $((after - before)) upcalls meanwhile"
figure flood_upcalls $((after - before))
equal "new connections of another VM that came about" 20 "$fine"
expect OK "the agent is there" runs standalone
equal "answers after the flood" 3 "$(answered 1-1 10.0.1.14 3)"
verdict
