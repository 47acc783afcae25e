#!/usr/bin/env bash
# memory: what an agent takes idle with 100 bound ports, and how it grows with flows.
#
#   tests/lab/run -t 300 -- bash tests/bench/memory.sh          (tests/bench/run does this)
. "$(dirname "$0")/../e2e/lib.sh"
flowload=${FLOWLOAD:?names the executable of tests/bench}

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
all_active
sleep 2

# resident: the agent's memory in KiB.
resident() { sed -n 's/^VmRSS:[^0-9]*\([0-9]*\).*/\1/p' "/proc/${pid[agent1]}/status"; }
# load PORT: 20,000 new flows; the agent's memory after them, and how many flows it has, are in $kib and $flows.
load() {
  "$flowload" rate --client vm-1-1 --server vm-1-2 --to "10.0.1.2:$1" --rates 5000 --seconds 4 > "$work/load"
  kib=$(resident) flows=$(status_of 1 .forwarding.flows)
}

figure agent-idle-with-100-ports "$(resident)" KiB
answered 1-1 10.0.1.2 2 > /dev/null
# The first load also grows buffers; the second is flows.
load 7000
before=$kib
had=$flows
load 7001
figure agent-with-$flows-flows "$kib" KiB
figure agent-per-1000-flows $(((kib - before) * 1000 / (flows - had))) KiB
