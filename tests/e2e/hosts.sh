#!/usr/bin/env bash
# hosts: an agent that dies for good takes its ports with it within the session timeout; a new one on the same state
# directory is the same host; no two agents are one host.
# lab: -t 120
. "$(dirname "$0")/lib.sh"

cluster 2
zone vxlan 1 2 > /dev/null
red=$(bridge red)
for n in 1 2; do vm $n 1 10.0.1.1$n/24; plug "$red" $n-1; done
all_active
equal "answers between the hosts" 3 "$(answered 1-1 10.0.1.12 3)"
equal "interfaces that the API shows of hypervisor 2" 'eth0 tap1' \
  "$(rest GET "/hosts/${host[2]}/interfaces" | jq -r '[.[].name] | map(select(. == "eth0" or . == "tap1")) | sort | join(" ")')"

title "A second agent of the same host"
hv 3
agent 3 --host-id "${host[2]}"
ended agent3
expect OK "refuses to start: status $status" test $status -ne 0
expect OK "says why" says "$work/agent3.log" "${host[2]}.*in use"
equal "its exit status" 69 $status
spawn agent2b hv2 "$midspan" agent --zookeeper $zk --state "$work/state2" --name hv2 --metrics 127.0.0.1:7301
ended agent2b
expect OK "a second on the same directory says why" says "$work/agent2b.log" 'state directory .* in use'
equal "its exit status" 73 $status
equal "answers meanwhile" 3 "$(answered 1-1 10.0.1.12 3)"

title "An agent dies for good"
ended agent2 KILL
begin=$(now_ms)
expect OK "its port turns inactive" wait_for 20 inactive "${port[2-1]}"
in_time "until then" 12000 $(($(now_ms) - begin))
figure dead_host_noticed $(($(now_ms) - begin)) ms
expect OK "its host is not alive" host_dead hv2
expect OK "the other host is" host_alive hv1

title "It comes back"
begin=$(now_ms)
agent 2
agent_ready 2
expect OK "the host is alive" wait_for 5 host_alive hv2
expect OK "its port is active" wait_for 5 active "${port[2-1]}"
figure host_back $(($(now_ms) - begin)) ms
equal "hosts" 2 "$(rest GET /hosts | jq length)"
expect OK "traffic is back" wait_for 2 reached 1-1 10.0.1.12

title "An agent is told to end"
begin=$(now_ms)
ended agent2 TERM
in_time "until it has" 1000 $(($(now_ms) - begin))
figure sigterm $(($(now_ms) - begin)) ms
equal "its exit status" 0 $status
expect OK "its port is inactive within a second" wait_for 1 inactive "${port[2-1]}"
verdict
