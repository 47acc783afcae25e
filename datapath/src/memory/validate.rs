//! Which actions the kernel would take for a flow (`__ovs_nla_copy_actions` in net/openvswitch/flow_netlink.c).

use packet::{Action, FlowKey, SetField, TunnelKey, VLAN_PRESENT, ethertype, ip_proto};

use super::MAX_PORTS;

/// True if the kernel would accept `actions` for packets of the masked key `key`.
pub(super) fn actions_are_valid(actions: &[Action], key: &FlowKey) -> bool {
    actions.iter().enumerate().all(|(i, action)| match action {
        Action::Output(port) => port.0 < MAX_PORTS,
        Action::Userspace { .. } | Action::PopVlan => true,
        Action::Set(field) => has_header(key, field),
        Action::SetTunnel(header) => header.dst != TunnelKey::default().dst,
        Action::PushVlan { tpid, tci } => {
            matches!(*tpid, ethertype::VLAN | ethertype::QINQ) && tci & VLAN_PRESENT != 0
        }
        Action::DecTtl { exception } => actions_are_valid(exception, key),
        Action::Drop { .. } => i + 1 == actions.len(),
    })
}

fn has_header(key: &FlowKey, field: &SetField) -> bool {
    let is_ip = key.is_ipv4() || key.is_ipv6();
    match field {
        SetField::Ethernet { .. } => true,
        SetField::Ipv4 { .. } => key.is_ipv4(),
        SetField::Ipv6 { .. } => key.is_ipv6(),
        SetField::Tcp { .. } => is_ip && key.ip_proto == ip_proto::TCP,
        SetField::Udp { .. } => is_ip && key.ip_proto == ip_proto::UDP,
    }
}
