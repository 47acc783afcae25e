//! Carrying out datapath actions on the bytes of a packet, with the meaning that the kernel gives them
//! (net/openvswitch/actions.c): in order, each output a copy of the packet as it stands, the tunnel header set last
//! in force for every output after it.

mod set;
mod vlan;

use crate::{Action, DpPort, FlowKey, PacketView, TunnelKey, ethertype};

/// Receives what comes of a packet.
pub trait Sink {
    /// The packet leaves by a port, under this tunnel header if one was set.
    fn output(&mut self, port: DpPort, tunnel: Option<&TunnelKey>, frame: &[u8]);
    /// The packet goes to the agent with this cookie.
    fn userspace(&mut self, cookie: u64, packet: &PacketView<'_>);
    /// The packet ends here, by an action or for want of bytes to carry one out.
    fn dropped(&mut self, cause: Dropped);
}

/// Why a packet ended before the end of its actions.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Dropped {
    /// There was no action.
    NoAction,
    /// [`Action::Drop`], with its reason.
    Explicit(u32),
    /// The packet lacks the header that an action was to change.
    Malformed,
}

/// Carries out `actions` on a frame that came in by the port and tunnel of `metadata` (the other fields of which are
/// not looked at). Leaves in `frame` the packet as the last action left it.
pub fn apply(actions: &[Action], frame: &mut Vec<u8>, metadata: &FlowKey, sink: &mut impl Sink) {
    if actions.is_empty() {
        sink.dropped(Dropped::NoAction);
        return;
    }
    let mut tunnel = None;
    if let Err(cause) = run(actions, frame, metadata, &mut tunnel, sink) {
        sink.dropped(cause);
    }
}

/// Runs a list to its end or to the drop that ends the packet.
fn run(
    actions: &[Action],
    frame: &mut Vec<u8>,
    metadata: &FlowKey,
    tunnel: &mut Option<TunnelKey>,
    sink: &mut impl Sink,
) -> Result<(), Dropped> {
    for action in actions {
        match action {
            Action::Output(port) => sink.output(*port, tunnel.as_ref(), frame),
            Action::Userspace { cookie } => sink.userspace(*cookie, &view(frame, metadata)?),
            Action::Set(field) => set::set(frame, field).ok_or(Dropped::Malformed)?,
            Action::SetTunnel(key) => *tunnel = Some(*key),
            Action::PushVlan { tpid, tci } => vlan::push(frame, *tpid, *tci).ok_or(Dropped::Malformed)?,
            Action::PopVlan => vlan::pop(frame),
            Action::DecTtl { exception } => {
                if ttl_is_spent(&view(frame, metadata)?)? {
                    return run(exception, frame, metadata, tunnel, sink);
                }
                set::decrement_ttl(frame).ok_or(Dropped::Malformed)?;
            }
            Action::Drop { reason } => return Err(Dropped::Explicit(*reason)),
        }
    }
    Ok(())
}

fn view<'a>(frame: &'a [u8], metadata: &FlowKey) -> Result<PacketView<'a>, Dropped> {
    let view = PacketView::parse(frame, metadata.in_port, metadata.tunnel);
    view.map_err(|_| Dropped::Malformed)
}

/// True if the packet may not be forwarded any further. Packets other than IP have nothing to spend.
fn ttl_is_spent(view: &PacketView<'_>) -> Result<bool, Dropped> {
    let ttl = match view.key().eth_type {
        ethertype::IPV4 => view.ipv4().map(|(header, _)| header.ttl),
        ethertype::IPV6 => view.ipv6().map(|header| header.hop_limit),
        _ => Some(u8::MAX),
    };
    Ok(ttl.ok_or(Dropped::Malformed)? <= 1)
}
