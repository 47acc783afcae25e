#!/usr/bin/env bash
# memory: what an agent takes when idle with 100 ports, and for every 1000 flows.
# lab: -t 400
. "$(dirname "$0")/lib.sh"

cluster 1
zone vxlan 1 > /dev/null
red=$(bridge red)
flow_per_connection "$red"
for i in 1 2; do vm 1 $i; plug "$red" 1-$i; done
for i in $(seq 3 100); do
  ip -n hv1 link add tap$i type veth peer name far$i
  ip -n hv1 link set tap$i up
  ip -n hv1 link set far$i up
  plug "$red" 1-$i
done
expect OK "100 ports turn active" wait_for 20 sh -c \
  "ip netns exec hv1 curl -s -H 'Accept: application/json' http://127.0.0.1:8181/midonet-api/ports | jq -e 'map(select(.active)) | length == 100'"
sleep 1
# resident: the agent's memory in KiB.
resident() { sed -n 's/^VmRSS:[^0-9]*\([0-9]*\).*/\1/p' "/proc/${pid[agent1]}/status"; }
idle=$(resident)
figure memory_idle_100_ports $idle KiB

# flows COUNT: as many new flows, each with a source port of its own.
flows() { for ((i = 0; i < $1; i++)); do echo > /dev/udp/10.0.1.2/9; done; }
export -f flows
installed=$(status_of 1 .forwarding.installed)
in_vm 1-1 bash -c 'flows 5000'
wait_for 5 status_is 1 '.forwarding.upcalls >= 3000'
sleep 0.5
installed=$(($(status_of 1 .forwarding.installed) - installed))
used=$(($(resident) - idle))
expect OK "$installed flows were installed" test $installed -ge 3000
figure memory_per_1000_flows $((used * 1000 / installed)) KiB
at_most "MiB when idle with 100 ports" 64 $((idle / 1024))
verdict
