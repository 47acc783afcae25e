#!/usr/bin/env bash
# tunnels: three hypervisors over ZooKeeper, by VXLAN and then by GRE: all pairs within and across a distributed router,
# full-sized packets on an underlay of 1500 bytes, floods, a VM that moves.
# lab: -t 180
. "$(dirname "$0")/lib.sh"

underlay_mtu=1500
cluster 3
vxlan=$(zone vxlan 1 2 3)
red=$(bridge red) blue=$(bridge blue) edge=$(router edge)
declare -A address
# guest HV ID BRIDGE ADDRESS: a VM whose MTU leaves room for the encapsulation.
guest() {
  vm "$1" "$2" "$4/24" "${4%.*}.1"
  ip -n "hv$1" link set "tap$2" mtu 1450
  ip -n "vm-$1-$2" link set eth0 mtu 1450
  plug "$3" "$1-$2"
  address[$1-$2]=$4
}
for n in 1 2 3; do guest $n 1 "$red" 10.0.1.1$n; guest $n 2 "$blue" 10.0.2.1$n; done
gate "$edge" 10.0.1.1/24 "$red" > /dev/null
gate "$edge" 10.0.2.1/24 "$blue" > /dev/null
expect OK "six ports on three hosts turn active" all_active

# all_pairs: every VM pings every other three times; prints how many pings were not answered.
all_pairs() {
  local lost=0 from to
  for from in "${!address[@]}"; do for to in "${!address[@]}"; do
    [ "$from" = "$to" ] || lost=$((lost + 3 - $(answered "$from" "${address[$to]}" 3 -i 0.02)))
  done; done
  echo $lost
}

# heard VM FILTER CMD…: the VM hears the packet that the command sends.
heard() {
  local ns=vm-$1 filter=$2
  shift 2
  spawn dump "$ns" tcpdump -lnc 1 -i eth0 "$filter"
  wait_for 5 grep -q 'listening on' "$work/dump.log" || return 1
  "$@" > /dev/null 2>&1 || true
  wait_for 2 grep -q . "$work/dump.out" || { ended dump TERM; return 1; }
  ended dump
}

check_underlay() {
  title "$1"
  local lost n
  lost=$(all_pairs)
  equal "lost of 90 pings between all pairs, first packets included" 0 "$lost"
  figure "all_pairs_lost_$1" "$lost"
  equal "answers to full-sized packets that may not be fragmented" 3 "$(answered 1-1 10.0.1.12 3 -s 1422 -M 'do')"
  equal "answers to the same across the router" 3 "$(answered 1-1 10.0.2.13 3 -s 1422 -M 'do')"
  equal "answers to fragments" 3 "$(answered 1-1 10.0.2.12 3 -s 5000)"
  in_vm 1-1 ip neigh replace 10.0.1.99 lladdr 02:00:00:00:99:99 dev eth0
  for n in 2 3; do
    expect OK "an unknown unicast is heard on hypervisor $n" heard $n-1 'ether dst 02:00:00:00:99:99' in_vm 1-1 ping -c 1 -W 0.1 10.0.1.99
    expect OK "a multicast is heard on hypervisor $n" heard $n-1 'dst 224.0.0.77' in_vm 1-1 ping -c 1 -W 0.1 -I eth0 224.0.0.77
    expect OK "a broadcast is heard on hypervisor $n" heard $n-1 'arp and host 10.0.1.98' in_vm 1-1 arping -c 1 -w 1 -I eth0 10.0.1.98
  done
  expect FAIL "and not on another bridge" heard 2-2 'arp and host 10.0.1.97' in_vm 1-1 arping -c 1 -w 1 -I eth0 10.0.1.97
}
check_underlay vxlan

title "The router is everywhere"
hv_cut 3
equal "answers between hypervisors 1 and 2 with 3 unplugged" 3 "$(answered 1-1 10.0.2.12 3)"
hv_join 3

title "A VM moves to hypervisor 3"
stream flow 1-1 10.0.1.12 0.02
sleep 0.3
vm_gone 2 1
vm 3 3 10.0.1.12/24 10.0.1.1
ip -n vm-3-3 link set eth0 address "$(mac 2 1)" mtu 1450
ip -n vm-3-3 route replace default via 10.0.1.1
rest DELETE "/ports/${port[2-1]}" > /dev/null
plug "$red" 3-3
moved=$(now_ms)
wait_for 5 active "${port[3-3]}"
in_vm 3-3 arping -q -c 1 -U -I eth0 10.0.1.12
sleep 1
ended flow INT
in_time "from the new binding to the first answer from there" 1000 "$(first_reply flow "$moved")"
figure mac_move "$(first_reply flow "$moved")" ms
unset "port[2-1]" "address[2-1]"
address[3-3]=10.0.1.12
equal "answers from hypervisor 2 across the router" 3 "$(answered 2-2 10.0.1.12 3)"
# Back to where it was, so that the same pairs are checked again.
vm_gone 3 3
rest DELETE "/ports/${port[3-3]}" > /dev/null
unset "port[3-3]" "address[3-3]"
guest 2 1 "$red" 10.0.1.12
all_active

rest DELETE "/tunnel_zones/$vxlan" > /dev/null
zone gre 1 2 3 > /dev/null
expect OK "the tunnels are GRE now" wait_for 5 status_is 1 '[.peers[] | select(.encapsulation | test("gre"; "i"))] | length == 2'
check_underlay gre
verdict
