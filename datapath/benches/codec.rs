//! Cost of the codec: an upcall read and a flow key written, beside neli's typed messages, allocations counted (ours
//! must make none).

use std::io::Cursor;

use datapath::wire::{Encoder, read_upcall};
use divan::{AllocProfiler, Bencher, black_box};
use neli::genl::{AttrTypeBuilder, GenlmsghdrBuilder, Nlattr, NlattrBuilder};
use neli::types::{Buffer, GenlBuffer};
use neli::{FromBytesWithInput as _, ToBytes as _};
use packet::FlowKey;
use packet::build::frame_of;

#[global_allocator]
static ALLOCATOR: AllocProfiler = AllocProfiler::system();

const KEY: &str = "in_port(3),eth(src=02:00:00:00:00:01,dst=02:00:00:00:00:02),ipv4(src=10.0.0.1,dst=10.0.0.2,proto=6,tos=0,ttl=64),tcp(src=40000,dst=80),tcp_flags(ack)";
/// Bytes of `genlmsghdr` and `ovs_header`.
const HEADERS: usize = 8;
const OVS_PACKET_ATTR_KEY: u16 = 2;

fn main() {
    divan::main();
}

fn key() -> FlowKey {
    KEY.parse().unwrap_or_default()
}

/// A miss upcall of a 1400-byte packet.
fn upcall() -> Vec<u8> {
    let key = key();
    Encoder::default().miss(7, &key, &frame_of(&key, &[0; 1346]), 0x1_2345_6789).to_vec()
}

/// The attributes that the encoder makes of a key, as (type, payload).
fn attributes() -> Vec<(u16, Vec<u8>)> {
    let mut encoder = Encoder::default();
    read(encoder.key(&key()))
        .iter()
        .map(|attr| (*attr.nla_type().nla_type(), attr.nla_payload().as_ref().to_vec()))
        .collect()
}

fn read(bytes: &[u8]) -> GenlBuffer<u16, Buffer> {
    GenlBuffer::from_bytes_with_input(&mut Cursor::new(bytes), bytes.len())
        .unwrap_or_else(|_| GenlBuffer::new())
}

#[divan::bench_group]
mod decode_upcall {
    use super::*;

    #[divan::bench]
    fn ours(bencher: Bencher<'_, '_>) {
        let bytes = upcall();
        bencher.bench(|| read_upcall(black_box(&bytes), 7).map(|upcall| (upcall.key, upcall.packet.len())));
    }

    /// Attributes of the message and of its key, as typed buffers; turning them into a key is not even counted.
    #[divan::bench]
    fn neli_typed(bencher: Bencher<'_, '_>) {
        let bytes = upcall();
        bencher.bench(|| {
            let attrs = read(&black_box(&bytes)[HEADERS..]);
            let is_key = |attr: &&Nlattr<u16, Buffer>| *attr.nla_type().nla_type() == OVS_PACKET_ATTR_KEY;
            let key = attrs.iter().find(is_key).map(|attr| read(attr.nla_payload().as_ref()));
            (attrs, key)
        });
    }
}

#[divan::bench_group]
mod encode_key {
    use super::*;

    #[divan::bench]
    fn ours(bencher: Bencher<'_, '_>) {
        let (key, mut encoder) = (key(), Encoder::default());
        bencher.bench_local(|| encoder.key(black_box(&key)).len());
    }

    #[divan::bench]
    fn neli_typed(bencher: Bencher<'_, '_>) {
        let attributes = attributes();
        bencher.bench(|| {
            let mut attrs = GenlBuffer::<u16, Buffer>::new();
            for (kind, payload) in black_box(&attributes) {
                let kind = AttrTypeBuilder::default().nla_type(*kind).build().ok();
                let attr = kind.and_then(|kind| {
                    NlattrBuilder::default().nla_type(kind).nla_payload(&payload[..]).build().ok()
                });
                if let Some(attr) = attr {
                    attrs.push(attr);
                }
            }
            let message = GenlmsghdrBuilder::default().cmd(1u8).version(1).attrs(attrs).build().ok();
            let mut out = Cursor::new(Vec::new());
            message.map(|message: neli::genl::Genlmsghdr<u8, u16>| message.to_bytes(&mut out).is_ok());
            out
        });
    }
}
