//! Gives out keys for a host's local ports.
//!
//! Keys go round the whole space before one is used again, so that a packet still under way to a port that has just
//! gone does not reach the port that came after it.

use std::collections::BTreeMap;

use model::PortId;

use crate::PortKey;

/// Every one of the 2^20 − 1 keys is in use.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("no free tunnel key: this host has {count} ports, as many as there are keys", count = PortKey::MAX.number())]
pub struct KeysExhausted;

/// Keys of the ports of one host.
#[derive(Clone, Debug)]
pub struct PortKeyAllocator {
    by_port: BTreeMap<PortId, PortKey>,
    by_key: BTreeMap<PortKey, PortId>,
    next: PortKey,
}

impl PortKeyAllocator {
    /// No keys given out; the first will be `start`. A start that differs between two lives of an agent keeps the
    /// keys of the former life from being given out at once to other ports.
    pub fn starting_at(start: PortKey) -> Self {
        Self { by_port: BTreeMap::new(), by_key: BTreeMap::new(), next: start }
    }

    /// The port's key; a new one if it has none.
    pub fn allocate(&mut self, port: PortId) -> Result<PortKey, KeysExhausted> {
        if let Some(key) = self.by_port.get(&port) {
            return Ok(*key);
        }
        if self.by_key.len() >= PortKey::MAX.number() as usize {
            return Err(KeysExhausted);
        }
        let mut key = self.next;
        while self.by_key.contains_key(&key) {
            key = key.next();
        }
        self.next = key.next();
        self.by_port.insert(port, key);
        self.by_key.insert(key, port);
        Ok(key)
    }

    /// Keeps a key that the port has from before, as found in the datapath or the NSDB. False if either is taken
    /// otherwise.
    pub fn adopt(&mut self, port: PortId, key: PortKey) -> bool {
        if let Some(current) = self.by_port.get(&port) {
            return *current == key;
        }
        if self.by_key.contains_key(&key) {
            return false;
        }
        self.by_port.insert(port, key);
        self.by_key.insert(key, port);
        if self.next == key {
            self.next = key.next();
        }
        true
    }

    /// Every port that has a key, with it, by port id.
    pub fn iter(&self) -> impl Iterator<Item = (PortId, PortKey)> + '_ {
        self.by_port.iter().map(|(port, key)| (*port, *key))
    }

    /// Takes the port's key back.
    pub fn release(&mut self, port: PortId) -> Option<PortKey> {
        let key = self.by_port.remove(&port)?;
        self.by_key.remove(&key);
        Some(key)
    }

    /// The port that has this key.
    pub fn port(&self, key: PortKey) -> Option<PortId> {
        self.by_key.get(&key).copied()
    }

    /// The key that this port has.
    pub fn key(&self, port: PortId) -> Option<PortKey> {
        self.by_port.get(&port).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn port(n: u128) -> PortId {
        PortId(uuid::Uuid::from_u128(n))
    }

    #[test]
    fn a_port_keeps_its_key_and_no_two_ports_share_one() {
        let mut keys = PortKeyAllocator::starting_at(PortKey::MIN);
        let first = keys.allocate(port(1)).unwrap();
        assert_eq!(keys.allocate(port(1)).unwrap(), first);
        assert_ne!(keys.allocate(port(2)).unwrap(), first);
        assert_eq!(keys.port(first), Some(port(1)));
    }

    #[test]
    fn a_released_key_is_not_given_out_again_at_once() {
        let mut keys = PortKeyAllocator::starting_at(PortKey::MIN);
        let first = keys.allocate(port(1)).unwrap();
        assert_eq!(keys.release(port(1)), Some(first));
        for n in 2..1000 {
            assert_ne!(keys.allocate(port(n)).unwrap(), first);
        }
        assert_eq!(keys.port(first), None);
    }

    #[test]
    fn allocation_wraps_past_keys_in_use() {
        let mut keys = PortKeyAllocator::starting_at(PortKey::MAX);
        assert!(keys.adopt(port(9), PortKey::MIN));
        assert_eq!(keys.allocate(port(1)).unwrap(), PortKey::MAX);
        assert_eq!(keys.allocate(port(2)).unwrap().number(), 2);
    }

    #[test]
    fn adoption_refuses_a_key_or_port_that_is_taken_otherwise() {
        let mut keys = PortKeyAllocator::starting_at(PortKey::MIN);
        let key = PortKey::new(7).unwrap();
        assert!(keys.adopt(port(1), key));
        assert!(keys.adopt(port(1), key), "the same again is fine");
        assert!(!keys.adopt(port(2), key));
        assert!(!keys.adopt(port(1), PortKey::new(8).unwrap()));
    }
}
