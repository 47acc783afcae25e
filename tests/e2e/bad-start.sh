#!/usr/bin/env bash
# bad-start: what can be wrong when a process starts, and a disk that fills: a message that names cause and remedy, the
# right exit status, and nothing lost.
# lab: -t 120
. "$(dirname "$0")/lib.sh"

fabric; hv 1; vm 1 1
store=(--store "$work/nsdb" --state "$work/state1" --name hv1)

# fails STATUS TEXT CMD…: within 5 s, in the namespace of hypervisor 1.
fails() {
  local want=$1 text=$2
  shift 2
  spawn failing hv1 timeout 5 "$@"
  ended failing
  equal "status of ${*/$midspan/midspan}" "$want" $status
  expect OK "it says: $text" grep -qiE -e "$text" "$work/failing.log"
}

title "Usage and configuration"
fails 2 '--zookeeper.*--store' "$midspan" api
fails 2 'exclude|one of' "$midspan" api --zookeeper $zk --store "$work/nsdb"
fails 2 'standalone' "$midspan" agent --store "$work/nsdb"
echo 'nmae = "x"' > "$work/bad.toml"
fails 2 'nmae' "$midspan" api --config "$work/bad.toml"
fails 2 'none.toml' "$midspan" api --config "$work/none.toml"
fails 2 'auth none' "$midspan" api --store "$work/nsdb" --listen 0.0.0.0:8181

title "No privilege"
chmod 755 "$work"
mkdir -m 777 "$work/open"
fails 77 'privilege|permission|CAP_NET_ADMIN' setpriv --reuid nobody --regid nogroup --clear-groups "$midspan" standalone --store "$work/open/nsdb" --state "$work/open/state"
fails 73 'cannot create|permission' setpriv --reuid nobody --regid nogroup --clear-groups "$midspan" standalone --store "$work/open/nsdb" --state /var/lib/nowhere/midspan

title "ZooKeeper is not there yet"
agent 1
sleep 2
expect OK "the agent keeps trying" runs agent1
expect OK "and says so" says "$work/agent1.log" '172.16.0.1:2181'
zookeeper start
expect OK "it is ready when ZooKeeper comes" agent_ready 1 10
ended agent1 TERM
zookeeper kill

title "A corrupt embedded store"
standalone
for i in $(seq 20); do bridge "b$i" > /dev/null; done
ended standalone TERM
equal "exit status" 0 $status
standalone
equal "bridges after a restart" 20 "$(rest GET /bridges | jq length)"
fails 73 'in use|locked|another' "$midspan" standalone --store "$work/nsdb" --state "$work/state2" --listen 127.0.0.1:8282 --metrics 127.0.0.1:7301
fails 69 '127.0.0.1:8181.*in use|in use' "$midspan" api --store "$work/nsdb2"
ended standalone KILL
standalone
equal "bridges after a kill" 20 "$(rest GET /bridges | jq length)"
ended standalone TERM
cp -r "$work/nsdb" "$work/whole"
for file in "$work"/nsdb/*; do
  dd if=/dev/urandom of="$file" bs=4096 seek=2 count=4 conv=notrunc status=none
done
fails 73 'corrupt|damaged' "$midspan" standalone "${store[@]}"
rm -r "$work/nsdb"
mv "$work/whole" "$work/nsdb"

title "A full disk"
mkdir "$work/small"
mount -t tmpfs -o size=6m small "$work/small"
cp -r "$work/nsdb" "$work/small/nsdb"
spawn standalone hv1 "$midspan" standalone --store "$work/small/nsdb" --state "$work/state1" --name hv1
wait_line "$work/standalone.log" 'midspan: ready' 20
find_hosts 1
equal "bridges" 20 "$(rest GET /bridges | jq length)"
dd if=/dev/zero of="$work/small/ballast" bs=4096 status=none 2> /dev/null || true
taken=20
# Small changes may still fit into the store's own free pages: until one does not.
while [ $taken -lt 2000 ] && bridge "more$taken" > /dev/null 2>&1; do taken=$((taken + 1)); done
expect OK "a write is refused when there is no room, after $((taken - 20)) more" test $taken -lt 2000
expect OK "with status 503 or 507: $(< "$work/status")" grep -qE '^50[37]$' "$work/status"
expect OK "and a message: $(jq -r .message "$work/body")" grep -qiE 'full|space' "$work/body"
equal "bridges that are read" $taken "$(rest GET /bridges | jq length)"
expect OK "the process lives" runs standalone
rm "$work/small/ballast"
more_room() { bridge again > /dev/null; }
expect OK "writes are taken again when there is room" wait_for 5 more_room
ended standalone KILL
spawn standalone hv1 "$midspan" standalone --store "$work/small/nsdb" --state "$work/state1" --name hv1
wait_line "$work/standalone.log" 'midspan: ready' 20
equal "bridges after a kill and a restart" $((taken + 1)) "$(rest GET /bridges | jq length)"
ended standalone TERM
umount "$work/small"
verdict
