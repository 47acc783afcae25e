# lib.sh: hypervisors and virtual machines out of network namespaces.  Source it in a script
# that runs inside tests/lab/run.
#
# A hypervisor is the namespace hvN with an underlay address 172.16.0.N/24 on eth0 (and
# fd16::N/64); it has datapaths, vports and tunnel devices of its own.  All hypervisors hang
# on one bridge in the namespace `fabric`.  A VM is the namespace vm-HV-ID with eth0, joined by
# a veth to the interface tapID of its hypervisor.

# The underlay has room for a guest's 1500 bytes below VXLAN over IPv6 (70 bytes) and GRE.
underlay_mtu=1600

# fabric: makes the underlay.
fabric() {
  ip netns add fabric
  ip -n fabric link add sw mtu $underlay_mtu type bridge
  ip -n fabric link set sw up
}

# hv N: makes hypervisor N, 1 to 254.
hv() {
  ip netns add "hv$1"
  ip -n "hv$1" link set lo up
  ip link add eth0 netns "hv$1" mtu $underlay_mtu type veth peer name "port$1" netns fabric mtu $underlay_mtu
  ip -n fabric link set "port$1" master sw up
  ip -n "hv$1" addr add "172.16.0.$1/24" dev eth0
  ip -n "hv$1" addr add "fd16::$1/64" dev eth0 nodad
  ip -n "hv$1" link set eth0 up
}

# hv_cut N and hv_join N: pull hypervisor N's cable to the underlay, and put it back.
hv_cut() { ip -n fabric link set "port$1" down; }
hv_join() { ip -n fabric link set "port$1" up; }

# mac HV ID: the address of a VM.
mac() { printf '02:00:00:00:%02x:%02x\n' "$1" "$2"; }

# vm HV ID [ADDRESS/LENGTH [GATEWAY]]: makes a VM, 10.0.HV.ID/16 unless told; the address
# `none` leaves it without.  The interface on the hypervisor's side is tapID.
vm() {
  local ns="vm-$1-$2" address=${3:-10.0.$1.$2/16} gateway=${4:-}
  ip netns add "$ns"
  ip -n "$ns" link set lo up
  ip link add "tap$2" netns "hv$1" type veth peer name eth0 netns "$ns"
  ip -n "hv$1" link set "tap$2" up
  ip -n "$ns" link set eth0 address "$(mac "$1" "$2")" up
  [ "$address" = none ] || ip -n "$ns" addr add "$address" dev eth0
  [ -z "$gateway" ] || ip -n "$ns" route add default via "$gateway"
}

# vm_gone HV ID: the VM and its interface vanish.
vm_gone() {
  ip -n "hv$1" link del "tap$2"
  ip netns del "vm-$1-$2"
}

# in_hv N CMD… and in_vm HV-ID CMD…: run a command there.
in_hv() { local ns=hv$1; shift; ip netns exec "$ns" "$@"; }
in_vm() { local ns=vm-$1; shift; ip netns exec "$ns" "$@"; }

# dp_port N DATAPATH INTERFACE: the datapath's number for an interface, or nothing.
dp_port() {
  in_hv "$1" ovs-dpctl show "$2" 2>/dev/null | sed -n "s/^ *port \([0-9]*\): $3\( .*\)\{0,1\}\$/\1/p"
}

# wait_for SECONDS CMD…: until CMD succeeds; fails when it did not within that time, or LAB_SLACK
# times as long.
wait_for() {
  local end=$((${EPOCHREALTIME/[.,]/} + $1 * ${LAB_SLACK:-1} * 1000000))
  shift
  until "$@" > /dev/null 2>&1; do
    [ "${EPOCHREALTIME/[.,]/}" -lt "$end" ] || { echo "not within the time: $*" >&2; return 1; }
    sleep 0.05
  done
}

# fabric_down: removes every hypervisor, VM and the underlay, and ends what runs in them.
fabric_down() {
  local ns
  for ns in $(ip netns list | awk '$1 ~ /^(fabric|hv[0-9]+|vm-[0-9]+-[0-9]+)$/ { print $1 }'); do
    ip netns pids "$ns" 2>/dev/null | xargs -r kill 2>/dev/null
    ip netns del "$ns"
  done
}
