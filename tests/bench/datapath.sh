#!/usr/bin/env bash
# datapath: Midspan beside ovs-vswitchd in one boot of the lab, in turns: how long a first packet takes, how many new
# flows and connections a second.
#
#   tests/lab/run -t 900 -- bash tests/bench/datapath.sh [ROUNDS]          (tests/bench/run does this)
#
# Hypervisor 1 is Midspan's, hypervisor 2 vswitchd's. Each has VMs 1 and 2 on one bridge, and VMs 3 and 4 on two bridges
# with a router between (vswitchd: an OpenFlow pipeline that does the same). Who is not measured is stopped, and its
# flows are gone. Prints `figure METRIC/SYSTEM VALUE UNIT`, one for each round.
. "$(dirname "$0")/../e2e/lib.sh"
. "$e2e_dir/../lab/vswitchd.sh"
flowload=${FLOWLOAD:?names the executable of tests/bench}
rounds=${1:-2}
rates=${RATES:-1000,1500,2000,2500,3000,3500,4000,4500,5000,5500,6000,7000,8000,9000,10000,12000,14000,16000,20000,25000,30000,40000}

left=10.0.2.1 right=10.0.3.1                    # the router's addresses
declare -A to=([bridge]=10.0.1.12 [routed]=10.0.3.14) first=([bridge]=1 [routed]=3)

vms() {
  vm "$1" 1 10.0.1.11/24; vm "$1" 2 10.0.1.12/24
  vm "$1" 3 10.0.2.13/24 $left; vm "$1" 4 10.0.3.14/24 $right
}
# neighbour VM ADDRESS MAC: known for good, so that no address is asked for while measuring.
neighbour() { ip -n "vm-$1" neigh replace "$2" lladdr "$3" dev eth0 nud permanent; }

midspan_topology() {
  standalone
  zone vxlan 1 > /dev/null
  local red left_bridge right_bridge
  red=$(bridge red) left_bridge=$(bridge left) right_bridge=$(bridge right) edge=$(router edge)
  plug "$red" 1-1; plug "$red" 1-2; plug "$left_bridge" 1-3; plug "$right_bridge" 1-4
  left_mac=$(rest GET "/ports/$(gate "$edge" $left/24 "$left_bridge")" | jq -r .portMac)
  right_mac=$(rest GET "/ports/$(gate "$edge" $right/24 "$right_bridge")" | jq -r .portMac)
  # Its rules are never true here, but to know that, both ports have to be read.
  ports=$(chain ports)
  local proto
  for proto in 6 17; do
    rule "$ports" drop '"dlType":2048,"nwProto":'$proto',"tpDst":{"start":1,"end":65535},"tpSrc":{"start":65000,"end":65100}' > /dev/null
  done
  bridges=/bridges/$red routers=/routers/$edge
  all_active
}

vswitchd_topology() {
  vswitchd_up 2 1 > "$work/vswitchd.out" 2>&1
  ovs-vsctl add-br red -- add-port red tap1 -- add-port red tap2
  ovs-vsctl add-br edge -- add-port edge tap3 -- add-port edge tap4
  local hop
  for hop in "3 $left_mac $left" "4 $right_mac $right"; do
    set -- $hop
    ovs-ofctl add-flow edge "table=1,ip,nw_dst=${3%.*}.0/24,actions=dec_ttl,mod_dl_src:$2,goto_table:2"
    ovs-ofctl add-flow edge "table=2,ip,nw_dst=${3%.*}.1$1,actions=mod_dl_dst:$(mac 2 "$1"),output:tap$1"
  done
}

# flows_match WHAT: `ports` makes every connection a flow of its own in both directions; `little` is as wide as can be.
flows_match() {
  local filter=null next mac proto keep
  [ "$1" = little ] || filter="\"$ports\""
  turn midspan
  change "$bridges" "{\"inboundFilterId\":$filter}"
  change "$routers" "{\"inboundFilterId\":$filter}"
  turn vswitchd
  for next in "red NORMAL" "edge goto_table:1"; do
    set -- "$1" $next
    ovs-ofctl del-flows "$2" table=0
    ovs-ofctl add-flow "$2" "table=0,priority=0,actions=NORMAL"
    [ "$2" = red ] || for mac in "$left_mac" "$right_mac"; do
      ovs-ofctl add-flow edge "table=0,priority=5,ip,dl_dst=$mac,actions=$3"
    done
    [ "$1" = little ] || for proto in tcp udp; do
      keep="move:NXM_OF_${proto^^}_SRC[]->NXM_NX_REG0[0..15],move:NXM_OF_${proto^^}_DST[]->NXM_NX_REG1[0..15]"
      ovs-ofctl add-flow "$2" "table=0,priority=10,$proto,actions=$keep,$3"
    done
  done
}

# turn SYSTEM: the other one stops; its flows, and those of the last measurement, go.
turn() {
  system=$1
  case $1 in
    midspan) kill -STOP "$(< /run/ovs/hv2/ovs-vswitchd.pid)"; kill -CONT "${pid[standalone]}"; hypervisor=1 ;;
    vswitchd) kill -STOP "${pid[standalone]}"; kill -CONT "$(< /run/ovs/hv2/ovs-vswitchd.pid)"; hypervisor=2 ;;
  esac
}
forget_flows() {
  case $system in
    midspan) in_hv 1 "$midspan" dp del-flows midspan ;;
    vswitchd) ovs-appctl revalidator/purge ;;
  esac > /dev/null
}
# settle: empty tables, and each end of both paths known again.
settle() {
  local kind
  forget_flows
  sleep 6                                        # Midspan's own table follows at its next dump, within 5 s
  for kind in bridge routed; do
    answered $hypervisor-${first[$kind]} "${to[$kind]}" 3 > /dev/null
  done
}

next_port=7000
# load MODE KIND [OPTION…]: flowload between the ends of a path, to server ports that were never used.
load() {
  local mode=$1 kind=$2 ns=vm-$hypervisor-
  shift 2
  next_port=$((next_port + 100))
  "$flowload" "$mode" --client "$ns${first[$kind]}" --server "$ns$((first[$kind] + 1))" --to "${to[$kind]}:$next_port" "$@" > "$work/load"
}
# field NAME: from what flowload said last.
field() { awk -v name="$1" '{ for (i = 1; i < NF; i++) if ($i == name) print $(i + 1) }' "$work/load" | tail -n 1; }

# first_packet KIND: the median over pings that meet no flow, there and back, in microseconds.
first_packet() {
  local i
  for i in $(seq 5); do
    forget_flows
    sleep 2.2                                    # Midspan takes the loss of a younger flow for a race
    in_vm $hypervisor-${first[$1]} ping -c 1 -W 1 "${to[$1]}" | sed -n 's/.*time=\([0-9.]*\) ms/\1/p'
  done | sort -n | awk '{ v[NR] = $1 } END { printf "%.0f\n", v[int((NR + 1) / 2)] * 1000 }'
}

measure_wide() {
  settle
  figure "$1-first-packet-wide/$system" "$(first_packet "$1")" us
  load connect "$1" --seconds 3
  figure "$1-connections-wide/$system" "$(field connections_per_s)" /s
}
measure_narrow() {
  settle
  load latency "$1" --count 1000
  figure "$1-new-flows-there-and-back-p50/$system" "$(field p50_us)" us
  figure "$1-new-flows-there-and-back-p99/$system" "$(field p99_us)" us
  figure "$1-new-flows-there-and-back-lost/$system" "$(field lost)" "of 1000"
  load connect "$1" --seconds 3
  figure "$1-connections-each-new-flows/$system" "$(field connections_per_s)" /s
  load rate "$1" --seconds 1 --rates "$rates"
  figure "$1-new-flows-without-loss/$system" "$(field loss_free_flows_per_s)" /s
}

fabric; hv 1; hv 2
vms 1; vms 2
midspan_topology
vswitchd_topology
for h in 1 2; do
  neighbour $h-1 10.0.1.12 "$(mac $h 2)"; neighbour $h-2 10.0.1.11 "$(mac $h 1)"
  neighbour $h-3 $left "$left_mac"; neighbour $h-4 $right "$right_mac"
done
for matched in little ports; do
  flows_match $matched
  for kind in bridge routed; do
    for round in $(seq "$rounds"); do
      for system in midspan vswitchd; do
        turn $system
        if [ $matched = little ]; then measure_wide $kind; else measure_narrow $kind; fi
      done
    done
  done
done
turn midspan
in_hv 1 curl -s http://127.0.0.1:7300/metrics | grep -E '^midspan_(drops|upcalls|flows_installed|upcall_overruns)' | grep -v ' 0$' || true
