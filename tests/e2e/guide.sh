#!/usr/bin/env bash
# guide: the sessions in deploy/docs/cli.md go as they are written there, and so do the pings between them.
. "$(dirname "$0")/lib.sh"
guide=$e2e_dir/../../deploy/docs/cli.md

fabric; hv 1
vm 1 1 10.0.1.11/24 10.0.1.1
vm 1 2 10.0.1.12/24 10.0.1.1
vm 1 3 10.0.2.13/24 10.0.2.1
standalone

title "The sessions of the guide"
# Each fenced block with a prompt is a file block-N, in the order of the guide.
awk -v dir="$work" '/^```/ { if (fenced = !fenced) n++; next }
  fenced { print > sprintf("%s/block-%02d", dir, n) }' "$guide"
mkfifo "$work/commands"
in_hv 1 "$midspan" cli -k < "$work/commands" > "$work/answers" 2>&1 &
session=$!
exec 3> "$work/commands"

# All ports that are bound are active.
plugged_in() { rest GET /ports | jq -e 'all(.hostId == null or .active)'; }
pings=0
for block in "$work"/block-*; do
  case $(head -n 1 "$block") in
    'midonet> '*)
      sed '/^midonet> /d' "$block" >> "$work/expected"
      # Commands are done one after the other: when the last is refused, all are done.
      { sed -n 's/^midonet> //p' "$block"; echo "end of $block"; } >&3
      wait_for 30 grep -q "end of $block" "$work/answers" ;;
    'vm1$ ping '*)
      pings=$((pings + 1))
      expect OK "the ports that are bound are active" wait_for 10 plugged_in
      address=$(sed -n '1s/.* //p' "$block")
      received=$(sed -n 's/.* transmitted, \([0-9]*\) received.*/\1/p' "$block")
      equal "answers to the pings of $address" "$received" "$(answered 1-1 "$address" 2)" ;;
  esac
done
exec 3>&-
wait "$session" || true
equal "pings of the guide" 4 "$pings"

# settled FILE: without what differs from one host to the next, and without the numbers of lines in a script.
settled() {
  sed -E '/end of .*block-/d; s/^line [0-9]+: //; s/ac:ca:ba(:[0-9a-f]{2}){3}/MAC/; s/^(host host0 .* addresses) [^ ]*/\1/' "$1"
}
expect OK "the answers are those of the guide" diff <(settled "$work/expected") <(settled "$work/answers")
verdict
