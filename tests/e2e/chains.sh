#!/usr/bin/env bash
# chains: rules take effect on running flows within a second, both ways; every kind of rule and group; the trace names
# the rule that decides.
. "$(dirname "$0")/lib.sh"

fabric; hv 1
vm 1 1 10.0.1.11/24 10.0.1.1
vm 1 2 10.0.1.12/24 10.0.1.1
vm 1 3 10.0.2.13/24 10.0.2.1
standalone
zone vxlan 1 > /dev/null
red=$(bridge red) blue=$(bridge blue) edge=$(router edge)
plug "$red" 1-1; plug "$red" 1-2; plug "$blue" 1-3
near=$(gate "$edge" 10.0.1.1/24 "$red")
gate "$edge" 10.0.2.1/24 "$blue" > /dev/null
guard=$(chain guard) inner=$(chain inner)
change "/routers/$edge" "{\"inboundFilterId\":\"$guard\"}"
all_active
gate_mac=$(rest GET "/ports/$near" | jq -r .portMac)

# One way only: the answers come back by the same chain.
ping='"dlType":2048,"nwProto":1,"nwDstAddress":"10.0.2.13","nwDstLength":32'
passes() { wait_for 1 reached 1-1 10.0.2.13; }
stops() { wait_for 1 silent 1-1 10.0.2.13; }

title "A rule on running flows"
stream flow 1-1 10.0.2.13
stream other 1-2 10.0.2.13
sleep 0.5
drop=$(rule "$guard" drop "$ping,\"nwSrcAddress\":\"10.0.1.11\",\"nwSrcLength\":32"); stop=$(now_ms)
sleep 1
in_time "until the flow stops" 1000 "$(last_reply flow "$stop")"
figure rule_effect_drop "$(last_reply flow "$stop")" ms

packet="eth(src=$(mac 1 1),dst=$gate_mac),ipv4(src=10.0.1.11,dst=10.0.2.13),icmp(type=8)"
in_hv 1 "$midspan" trace --port "${port[1-1]}" --packet "$packet" > "$work/trace"
expect OK "the trace names the rule" says "$work/trace" "$drop"
expect OK "and the verdict" says "$work/trace" 'drop'

unrule "$drop"; start=$(now_ms)
sleep 1
in_time "until the flow passes again" 1000 "$(first_reply flow "$start")"
figure rule_effect_remove "$(first_reply flow "$start")" ms
ended flow INT; ended other INT
equal "lost pings of the flow beside it" 0 "$(lost other)"

title "Order, jump, return"
drop=$(rule "$guard" drop "$ping")
expect OK "drop: silence" stops
accept=$(rule "$guard" accept "$ping,\"nwSrcAddress\":\"10.0.1.11\",\"nwSrcLength\":32,\"position\":1")
expect OK "an accept before it passes one source" passes
expect OK "and no other" silent 1-2 10.0.2.13
unrule "$accept"; unrule "$drop"
drop=$(rule "$inner" drop "$ping")
jump=$(rule "$guard" jump "\"jumpChainId\":\"$inner\"")
expect OK "jump to a chain that drops" stops
return=$(rule "$inner" return "$ping,\"nwSrcAddress\":\"10.0.1.11\",\"nwSrcLength\":32,\"position\":1")
expect OK "a return in front leads back and passes" passes
unrule "$return"; unrule "$drop"; unrule "$jump"

title "Reject"
reject=$(rule "$guard" reject "$ping")
expect OK "the sender is told" wait_for 1 ping_says 1-1 10.0.2.13 'Packet filtered'
unrule "$reject"
expect OK "and passes without the rule" passes

title "Port groups"
group=$(create /port_groups '{"name":"g"}')
drop=$(rule "$guard" drop "$ping,\"inPortGroup\":\"$group\"")
expect OK "an empty group holds nobody back" passes
rest POST "/port_groups/$group/ports" "{\"portId\":\"$near\"}" > /dev/null
expect OK "its member is dropped" stops
expect OK "who comes by another port is not" reached 1-3 10.0.2.1
rest DELETE "/port_groups/$group/ports/$near" > /dev/null
expect OK "no longer a member: passes" passes
unrule "$drop"

title "IP address groups"
group=$(create /ip_addr_groups '{"name":"a"}')
drop=$(rule "$guard" drop "$ping,\"ipAddrGroupSrc\":\"$group\"")
expect OK "an empty group holds nobody back" passes
rest POST "/ip_addr_groups/$group/ip_addrs" '{"addr":"10.0.1.11","version":4}' > /dev/null
expect OK "its member is dropped" stops
expect OK "others are not" reached 1-2 10.0.2.13
rest DELETE "/ip_addr_groups/$group/versions/4/ip_addrs/10.0.1.11" > /dev/null
expect OK "no longer a member: passes" passes
unrule "$drop"
drop=$(rule "$guard" drop "$ping,\"ipAddrGroupSrc\":\"$group\",\"invIpAddrGroupSrc\":true")
expect OK "negated, the empty group drops everybody" stops
unrule "$drop"

title "Negations, ports"
drop=$(rule "$guard" drop "$ping,\"nwSrcAddress\":\"10.0.1.11\",\"nwSrcLength\":32,\"invNwSrc\":true")
expect OK "every other source is dropped" wait_for 1 silent 1-2 10.0.2.13
expect OK "the one is not" passes
unrule "$drop"
drop=$(rule "$guard" drop '"dlType":2048,"nwProto":6,"tpDst":{"start":5001,"end":5003}')
for tcp in 5001 5004; do spawn nc$tcp vm-1-3 nc -lk $tcp; done
opens() { in_vm 1-1 nc -z -w 1 10.0.2.13 "$1"; }
shut() { ! opens "$1"; }
expect OK "a TCP port outside the range" wait_for 3 opens 5004
expect OK "a TCP port in the range is shut" wait_for 3 shut 5001
unrule "$drop"
expect OK "and open without the rule" wait_for 3 opens 5001

title "Filters of bridges and ports"
drop=$(rule "$inner" drop '"dlType":2048,"nwProto":1')
for at in "bridges/$red" "ports/${port[1-1]}" "ports/${port[1-3]}"; do
  for way in inboundFilterId outboundFilterId; do
    change "/$at" "{\"$way\":\"$inner\"}"
    expect OK "${at%%/*} $way: silence" stops
    change "/$at" "{\"$way\":null}"
    expect OK "${at%%/*} without: passes" passes
  done
done
verdict
