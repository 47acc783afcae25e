#!/usr/bin/env bash
# one-host: a bridge and a router on one host with the embedded store: pings within and across, the router's own
# addresses, its ICMP errors, admin states.
. "$(dirname "$0")/lib.sh"

fabric; hv 1
vm 1 1 10.0.1.11/24 10.0.1.1
vm 1 2 10.0.1.12/24 10.0.1.1
vm 1 3 10.0.2.13/24 10.0.2.1
standalone
zone vxlan 1 > /dev/null
red=$(bridge red) blue=$(bridge blue) edge=$(router edge)
plug "$red" 1-1; plug "$red" 1-2; plug "$blue" 1-3
gate "$edge" 10.0.1.1/24 "$red" > /dev/null
gate "$edge" 10.0.2.1/24 "$blue" > /dev/null
route "$edge" BlackHole 10.0.66.0/24 > /dev/null
route "$edge" Reject 10.0.77.0/24 > /dev/null
expect OK "the ports turn active" all_active

title "Pings, the first packet included"
equal "answers within the bridge" 3 "$(answered 1-1 10.0.1.12 3)"
equal "answers across the router" 3 "$(answered 1-1 10.0.2.13 3)"
equal "answers the other way" 3 "$(answered 1-3 10.0.1.12 3)"
equal "answers from the near address of the router" 3 "$(answered 1-1 10.0.1.1 3)"
equal "answers from the far address of the router" 3 "$(answered 1-1 10.0.2.1 3)"
equal "answers to fragments" 3 "$(answered 1-1 10.0.2.13 3 -s 4000)"
expect OK "arping of the router" in_vm 1-2 arping -q -c 2 -w 3 -I eth0 10.0.1.1
expect OK "arping of a neighbour" in_vm 1-2 arping -q -c 2 -w 3 -I eth0 10.0.1.11
expect FAIL "arping of nobody" in_vm 1-2 arping -q -c 1 -w 1 -I eth0 10.0.1.99

title "TCP across the router"
head -c 1000000 /dev/urandom > "$work/sent"
spawn nc vm-1-3 nc -l -N 5001
wait_for 3 in_vm 1-3 sh -c 'ss -Hltn sport = :5001 | grep -q .'
in_vm 1-1 nc -N -w 3 10.0.2.13 5001 < "$work/sent" > /dev/null
ended nc
expect OK "a megabyte arrives whole" cmp "$work/sent" "$work/nc.out"

title "What does not arrive"
expect OK "TTL 1: exceeded at the router" ping_says 1-1 10.0.2.13 'From 10.0.1.1 .*Time to live exceeded' -t 1
expect OK "TTL 2 reaches the other side" ping_says 1-1 10.0.2.13 ' 0% packet loss' -t 2
expect OK "no route: net unreachable" ping_says 1-1 192.0.2.1 'From 10.0.1.1 .*Destination Net Unreachable'
expect OK "a reject route: prohibited" ping_says 1-1 10.0.77.1 'From 10.0.1.1 .*Packet filtered'
expect OK "a black hole: silence" silent 1-1 10.0.66.1
expect OK "nobody there: host unreachable" ping_says 1-1 10.0.2.99 'From 10.0.1.1 .*Destination Host Unreachable' -c 1 -W 8

title "Admin states"
change "/bridges/$red" '{"adminStateUp":false}'
expect OK "a bridge that is down: silence" wait_for 1 silent 1-1 10.0.1.12
change "/bridges/$red" '{"adminStateUp":true}'
expect OK "up again" wait_for 1 reached 1-1 10.0.1.12
change "/routers/$edge" '{"adminStateUp":false}'
expect OK "a router that is down: prohibited" wait_for 1 ping_says 1-1 10.0.2.13 'From 10.0.1.1 .*Packet filtered'
change "/routers/$edge" '{"adminStateUp":true}'
expect OK "up again" wait_for 1 reached 1-1 10.0.2.13
change "/ports/${port[1-3]}" '{"adminStateUp":false}'
expect OK "a port that is down: silence" wait_for 1 silent 1-1 10.0.2.13
change "/ports/${port[1-3]}" '{"adminStateUp":true}'
expect OK "up again" wait_for 1 reached 1-1 10.0.2.13
verdict
