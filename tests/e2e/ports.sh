#!/usr/bin/env bash
# ports: a port is active while its interface is there, up and bound, and inactive as soon as it is not.
. "$(dirname "$0")/lib.sh"

fabric; hv 1
for i in 1 2; do vm 1 $i 10.0.1.1$i/24; done
standalone
zone vxlan 1 > /dev/null
red=$(bridge red)
plug "$red" 1-1; plug "$red" 1-2
expect OK "bound interfaces turn active" all_active
equal "answers" 3 "$(answered 1-1 10.0.1.12 3)"
plugged() { [ -n "$(dp_port 1 midspan "$1")" ]; }
unplugged() { ! plugged "$1"; }
# within SECONDS active|inactive WHAT: the port of VM 1-2 turns so.
within() {
  local begin
  begin=$(now_ms)
  expect OK "$3: $2 within $1 s" wait_for "$1" "$2" "${port[1-2]}"
  figure "port_$2_ms" $(($(now_ms) - begin)) ms
}

title "Interface down and up"
ip -n hv1 link set tap2 down
within 2 inactive "set down"
ip -n hv1 link set tap2 up
within 2 active "set up"
expect OK "traffic is back" wait_for 2 reached 1-1 10.0.1.12

title "Interface deleted and made again"
vm_gone 1 2
within 2 inactive "deleted"
vm 1 2 10.0.1.12/24
within 2 active "made again"
expect OK "traffic is back" wait_for 2 reached 1-1 10.0.1.12

title "Binding removed and made again"
rest DELETE "/hosts/${host[1]}/ports/${port[1-2]}" > /dev/null
within 2 inactive "unbound"
expect OK "the interface leaves the datapath" wait_for 2 unplugged tap2
bind 1 tap2 "${port[1-2]}"
within 2 active "bound"
expect OK "traffic is back" wait_for 2 reached 1-1 10.0.1.12

title "Bound before the interface is there"
port[1-3]=$(bridge_port "$red")
bind 1 tap3 "${port[1-3]}"
sleep 0.5
expect OK "inactive without it" inactive "${port[1-3]}"
expect OK "the agent says what is missing" wait_for 2 sh -c \
  "ip netns exec hv1 '$midspan' agent status | grep '${port[1-3]} tap3: inactive, no such interface'"
vm 1 3 10.0.1.13/24
expect OK "active when it comes" wait_for 2 active "${port[1-3]}"
expect OK "and reached" wait_for 2 reached 1-1 10.0.1.13

title "Port deleted"
rest DELETE "/ports/${port[1-3]}" > /dev/null
expect OK "its interface leaves the datapath" wait_for 2 unplugged tap3
expect OK "and is not reached" silent 1-1 10.0.1.13
expect OK "the others are" ping_ok 1-1 10.0.1.12 2
verdict
