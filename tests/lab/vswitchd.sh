# vswitchd.sh: Open vSwitch's own daemons in a hypervisor namespace, as the peer to measure
# against.  Source it after lib.sh, inside tests/lab/run.

# vswitchd_up N [HANDLERS]: ovsdb-server and ovs-vswitchd of hypervisor N, with its own run
# directory /run/ovs/hvN; ovs-vsctl, ovs-ofctl and ovs-appctl of this shell then speak to it.
vswitchd_up() {
  local dir=/run/ovs/hv$1 up
  mkdir -p "$dir"
  vswitchd_select "$1"
  ovsdb-tool create "$dir/conf.db" /usr/share/openvswitch/vswitch.ovsschema
  # Started within 10 s of boot, OVS 3.1 counts no CPU, starts no upcall handler, loses all.
  while read -r up _ < /proc/uptime; [ "${up%.*}" -lt 11 ]; do sleep 0.2; done
  in_hv "$1" ovsdb-server "$dir/conf.db" --remote=punix:"$dir/db.sock" --pidfile --detach --log-file --no-chdir -vconsole:off
  ovs-vsctl --no-wait init -- set Open_vSwitch . other_config:n-handler-threads="${2:-1}" other_config:n-revalidator-threads=1
  in_hv "$1" ovs-vswitchd unix:"$dir/db.sock" --pidfile --detach --log-file --no-chdir -vconsole:off
}

# vswitchd_select N: makes hypervisor N's daemons those that the ovs-* commands speak to.
vswitchd_select() { export OVS_RUNDIR=/run/ovs/hv$1 OVS_LOGDIR=/run/ovs/hv$1 OVS_DBDIR=/run/ovs/hv$1; }

# vswitchd_down N: ends them; the datapath goes with them.
vswitchd_down() {
  vswitchd_select "$1"
  ovs-appctl -t ovs-vswitchd exit --cleanup
  ovs-appctl -t ovsdb-server exit
}
