#!/usr/bin/env bash
# outage: ZooKeeper is gone for a while (OUTAGE seconds, 15 unless told): old and new flows go on, the API answers reads
# and refuses writes for now; a change right after its return takes effect within 2 s.
# lab: -t 200
. "$(dirname "$0")/lib.sh"

OUTAGE=${OUTAGE:-15}
cluster 2
zone vxlan 1 2 > /dev/null
red=$(bridge red) blue=$(bridge blue) edge=$(router edge)
for n in 1 2; do
  vm $n 1 10.0.1.1$n/24 10.0.1.1; plug "$red" $n-1
  vm $n 2 10.0.2.1$n/24 10.0.2.1; plug "$blue" $n-2
done
gate "$edge" 10.0.1.1/24 "$red" > /dev/null
gate "$edge" 10.0.2.1/24 "$blue" > /dev/null
guard=$(chain guard)
change "/routers/$edge" "{\"inboundFilterId\":\"$guard\"}"
all_active
# Every VM is known to the router: the neighbours of a router are found through the state that hosts share.
for n in 1 2; do for i in 1 2; do equal "answers of the gateway" 1 "$(answered $n-$i 10.0.$i.1 1)"; done; done

title "ZooKeeper stops for $OUTAGE s"
stream flow 1-1 10.0.1.12
stream ruled 1-1 10.0.2.12 0.02
sleep 1
zookeeper kill
stopped=$(now_ms)
sleep 0.5
equal "answers within a bridge that was never used" 3 "$(answered 1-2 10.0.2.12 3)"
equal "answers across the router between VMs that never spoke" 3 "$(answered 2-1 10.0.2.11 3)"
refused() { ! rest POST /bridges '{"name":"now"}' 2> /dev/null; }
expect OK "writes are refused" refused
equal "status of a write" 503 "$(< "$work/status")"
expect OK "with Retry-After" grep -qi '^retry-after: [0-9]' "$work/head"
equal "its message" 503 "$(jq .code "$work/body")"
equal "bridges that a read shows" 2 "$(rest GET /bridges | jq length)"
sleep $((OUTAGE - ($(now_ms) - stopped) / 1000))
equal "answers between VMs that never spoke, late in the outage" 3 "$(answered 2-2 10.0.1.11 3)"
expect OK "agents and API are still there" eval 'runs agent1 && runs agent2 && runs api'

title "It returns"
zookeeper start
back=$(now_ms)
expect OK "a write is taken" wait_for 5 rule "$guard" drop '"dlType":2048,"nwProto":1,"nwDstAddress":"10.0.2.12","nwDstLength":32'
written=$(now_ms)
sleep 3
in_time "from the return to the change's effect" 2000 "$(last_reply ruled "$back")"
figure outage_write_taken $((written - back)) ms
figure outage_change_effect "$(last_reply ruled "$back")" ms
ended flow INT
ended ruled INT
equal "lost pings of the old flow in $OUTAGE s and after" 0 "$(lost flow)"
figure "outage_${OUTAGE}s_lost" "$(lost flow)"
expect OK "hosts are alive" eval 'host_alive hv1 && host_alive hv2'
expect OK "ports are active" all_active
equal "answers" 3 "$(answered 1-2 10.0.2.12 3)"
verdict
