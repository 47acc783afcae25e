#!/usr/bin/env bash
# bad-input: what a client can get wrong with the REST API gets the right status and a message that names the fault, and
# changes nothing.
. "$(dirname "$0")/lib.sh"

fabric; hv 1; vm 1 1
standalone
red=$(bridge red) edge=$(router edge) guard=$(chain guard)
red_port=$(bridge_port "$red")
near=$(gate "$edge" 10.0.1.1/24)
nobody=00000000-dead-4bad-8bad-000000000000

# refuses STATUS TEXT METHOD PATH [BODY]: the API answers with the status and an error body whose text matches.
refuses() {
  local want=$1 text=$2
  shift 2
  expect OK "$want $1 $2 ${3:-}" refused "$want" "$text" "$@"
}
refused() {
  local want=$1 text=$2
  shift 2
  ! rest "$@" 2> /dev/null || { echo "taken with status $(< "$work/status")"; return 1; }
  is "$want" "$(< "$work/status")" || { cat "$work/body"; return 1; }
  is "$want" "$(jq .code "$work/body")" || { cat "$work/body"; return 1; }
  grep -qiE "$text" "$work/body" || { cat "$work/body"; return 1; }
}

title "Not JSON, or not the right kind"
for body in '{"name":' '' 'null' '[]' '"red"' '{"name":{}}' '{"adminStateUp":"perhaps"}' '{"id":"not-a-uuid"}'; do
  refuses 400 'message' POST /bridges "$body"
done
refuses 400 'type' POST "/bridges/$red/ports" '{"type":"Nonsense"}'
refuses 400 'type' POST "/chains/$guard/rules" '{"type":"nonsense"}'

title "Values that mean nothing"
refuses 400 name POST /bridges "{\"name\":\"$(printf 'x%.0s' $(seq 300))\"}"
refuses 400 nwProto POST "/chains/$guard/rules" '{"type":"drop","nwProto":300}'
refuses 400 'nwSrc' POST "/chains/$guard/rules" '{"type":"drop","nwSrcAddress":"10.0.0.300","nwSrcLength":32}'
refuses 400 'nwSrcLength' POST "/chains/$guard/rules" '{"type":"drop","nwSrcAddress":"10.0.0.0","nwSrcLength":33}'
refuses 400 'tpDst' POST "/chains/$guard/rules" '{"type":"drop","nwProto":6,"tpDst":{"start":70000,"end":70001}}'
refuses 400 'tpDst' POST "/chains/$guard/rules" '{"type":"drop","tpDst":{"start":80,"end":80}}'
refuses 400 'position' POST "/chains/$guard/rules" '{"type":"drop","position":9}'
refuses 400 'dlSrc' POST "/chains/$guard/rules" '{"type":"drop","dlSrc":"02:00"}'
refuses 400 'vlanId' POST "/bridges/$red/ports" '{"type":"Bridge","vlanId":5000}'
refuses 400 'portMac' POST "/routers/$edge/ports" '{"type":"Router","portMac":"xx","portAddress":"10.9.0.1","networkAddress":"10.9.0.0","networkLength":24}'
refuses 400 'portAddress|networkAddress' POST "/routers/$edge/ports" '{"type":"Router","portAddress":"10.8.0.1","networkAddress":"10.9.0.0","networkLength":24}'
refuses 400 'dstNetwork' POST "/routers/$edge/routes" '{"type":"Normal","srcNetworkAddr":"0.0.0.0","srcNetworkLength":0,"dstNetworkAddr":"10.9.0","dstNetworkLength":24}'

title "References to what is not there"
refuses 404 "$nobody" GET "/bridges/$nobody"
refuses 404 . GET /bridges/not-a-uuid
refuses 404 "$nobody" POST /bridges "{\"inboundFilterId\":\"$nobody\"}"
refuses 404 "$nobody" POST "/ports/$red_port/link" "{\"peerId\":\"$nobody\"}"
refuses 404 "$nobody" POST "/hosts/$nobody/ports" "{\"portId\":\"$red_port\",\"interfaceName\":\"tap1\"}"
refuses 400 'inPorts|'"$nobody" POST "/chains/$guard/rules" "{\"type\":\"drop\",\"inPorts\":[\"$nobody\"]}"
refuses 404 'nonsense' GET /nonsense

title "What contradicts what is there"
refuses 409 "$red" POST /bridges "{\"id\":\"$red\"}"
refuses 409 'tunnel zone' POST "/hosts/${host[1]}/ports" "{\"portId\":\"$red_port\",\"interfaceName\":\"tap1\"}"
refuses 403 'alive' DELETE "/hosts/${host[1]}"
create /tunnel_zones '{"name":"z","type":"vxlan"}' > /dev/null
refuses 409 'name' POST /tunnel_zones '{"name":"z","type":"gre"}'
zone vxlan 1 > /dev/null
link "$near" "$red_port"
refuses 409 'link' POST "/ports/$near/link" "{\"peerId\":\"$(bridge_port "$red")\"}"
refuses 405 . DELETE /bridges
equal "status of text/plain" 415 "$(in_hv 1 curl -s -o /dev/null -w '%{http_code}' -H 'Content-Type: text/plain' -d x http://127.0.0.1:8181/midonet-api/bridges)"

title "Nothing came of it"
equal "bridges" 1 "$(rest GET /bridges | jq length)"
equal "rules" 0 "$(rest GET "/chains/$guard/rules" | jq length)"
equal "router ports" 1 "$(rest GET "/routers/$edge/ports" | jq length)"
expect OK "the process lives" runs standalone
expect FAIL "and has not panicked" grep -q panicked "$work/standalone.log"

title "An interface that is not there"
port=$(bridge_port "$red")
bind 1 nonsense0 "$port"
sleep 0.5
expect OK "the port stays inactive" inactive "$port"
says_why() { in_hv 1 "$midspan" agent status > "$work/agent" && says "$work/agent" "$port nonsense0: inactive, no such interface"; }
expect OK "the agent says why" wait_for 3 says_why
verdict
