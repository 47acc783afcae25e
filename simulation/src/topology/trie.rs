//! A read-only binary trie of address prefixes that also tells which bits of an address decided a lookup.
//!
//! Keys are left-aligned in 128 bits, IPv4 in the first 32. Built once per change of a device, read per packet.

/// Prefixes of one address family with a value each.
#[derive(Clone, Debug)]
pub(crate) struct Trie<T> {
    /// The root, at 0, is the empty prefix; the others are reached from it.
    nodes: Vec<Node<T>>,
}

#[derive(Clone, Debug)]
struct Node<T> {
    bits: u128,
    len: u8,
    value: Option<T>,
    /// Indices of the nodes that go on with 0 and 1; [`NONE`] if there is none (the root is nobody's child).
    children: [u32; 2],
    /// The nearest node with a value whose prefix is shorter and covers this one.
    covering: Option<u32>,
}

const NONE: u32 = 0;

/// A prefix found by a lookup.
#[derive(Debug)]
pub(crate) struct Found<'a, T> {
    trie: &'a Trie<T>,
    covering: Option<u32>,
    /// Its value.
    pub(crate) value: &'a T,
}

impl<T> Trie<T> {
    /// Builds a trie of `(bits, length, value)`; of equal prefixes the last one stays.
    pub(crate) fn build(entries: impl IntoIterator<Item = (u128, u8, T)>) -> Self {
        let mut trie = Self { nodes: vec![Node::new(0, 0, None)] };
        for (bits, len, value) in entries {
            trie.insert(truncate(bits, len), len, value);
        }
        trie.link_covering();
        trie
    }

    fn push(&mut self, node: Node<T>) -> u32 {
        self.nodes.push(node);
        (self.nodes.len() - 1) as u32
    }

    fn insert(&mut self, bits: u128, len: u8, value: T) {
        let mut at = 0u32;
        loop {
            let node = &mut self.nodes[at as usize];
            if node.len == len {
                node.value = Some(value);
                return;
            }
            let side = bit(bits, node.len);
            let child = node.children[side];
            if child == NONE {
                let leaf = self.push(Node::new(bits, len, Some(value)));
                self.nodes[at as usize].children[side] = leaf;
                return;
            }
            let (child_bits, child_len) = (self.nodes[child as usize].bits, self.nodes[child as usize].len);
            let common = common_len(bits, child_bits).min(len).min(child_len);
            if common == child_len {
                at = child;
                continue;
            }
            let fork = self.push(Node::new(truncate(bits, common), common, None));
            self.nodes[fork as usize].children[bit(child_bits, common)] = child;
            self.nodes[at as usize].children[side] = fork;
            at = fork;
        }
    }

    fn link_covering(&mut self) {
        let mut pending = vec![(0u32, None)];
        while let Some((at, covering)) = pending.pop() {
            let node = &mut self.nodes[at as usize];
            node.covering = covering;
            let below = if node.value.is_some() { Some(at) } else { covering };
            pending.extend(node.children.into_iter().filter(|c| *c != NONE).map(|c| (c, below)));
        }
    }

    /// The longest prefix that covers an address, and how many of its leading bits decided that: every address that
    /// agrees on them finds the same prefixes.
    #[inline]
    pub(crate) fn lookup(&self, addr: u128) -> (Option<Found<'_, T>>, u8) {
        let (mut at, mut best) = (0u32, None);
        let decided = loop {
            let node = &self.nodes[at as usize];
            if let Some(value) = &node.value {
                best = Some(Found { trie: self, covering: node.covering, value });
            }
            if node.children == [NONE, NONE] {
                break node.len;
            }
            let child = node.children[bit(addr, node.len)];
            if child == NONE {
                break node.len + 1;
            }
            let next = &self.nodes[child as usize];
            let common = common_len(addr, next.bits);
            if common < next.len {
                break common + 1;
            }
            at = child;
        };
        (best, decided)
    }

    /// The values of every prefix, in no order.
    pub(crate) fn values(&self) -> impl Iterator<Item = &T> {
        self.nodes.iter().filter_map(|node| node.value.as_ref())
    }

    /// The value of the longest prefix, not longer than `len`, that covers `bits`.
    pub(crate) fn covering(&self, bits: u128, len: u8) -> Option<&T> {
        let (mut at, mut best) = (0u32, None);
        loop {
            let node = &self.nodes[at as usize];
            best = node.value.as_ref().or(best);
            if node.len >= len {
                return best;
            }
            let child = node.children[bit(bits, node.len)];
            let next = &self.nodes[child as usize];
            if child == NONE || next.len > len || common_len(bits, next.bits) < next.len {
                return best;
            }
            at = child;
        }
    }
}

impl<'a, T> Found<'a, T> {
    /// The next shorter prefix that covers the address.
    #[inline]
    pub(crate) fn shorter(&self) -> Option<Found<'a, T>> {
        let node = &self.trie.nodes[self.covering? as usize];
        Some(Found { trie: self.trie, covering: node.covering, value: node.value.as_ref()? })
    }
}

impl<T> Node<T> {
    fn new(bits: u128, len: u8, value: Option<T>) -> Self {
        Self { bits, len, value, children: [NONE; 2], covering: None }
    }
}

/// Bit `index` of an address, counted from the most significant.
#[inline]
fn bit(bits: u128, index: u8) -> usize {
    (bits >> (127 - u32::from(index.min(127))) & 1) as usize
}

#[inline]
fn common_len(a: u128, b: u128) -> u8 {
    (a ^ b).leading_zeros() as u8
}

fn truncate(bits: u128, len: u8) -> u128 {
    bits & u128::MAX.checked_shl(128 - u32::from(len)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::Trie;

    fn v4(a: u8, b: u8, c: u8, d: u8) -> u128 {
        u128::from(u32::from_be_bytes([a, b, c, d])) << 96
    }

    fn trie() -> Trie<&'static str> {
        Trie::build([
            (0, 0, "default"),
            (v4(10, 0, 0, 0), 8, "ten"),
            (v4(10, 1, 0, 0), 16, "ten-one"),
            (v4(10, 1, 2, 3), 32, "host"),
        ])
    }

    #[test]
    fn the_longest_prefix_wins_and_shorter_ones_follow() {
        let trie = trie();
        let found = trie.lookup(v4(10, 1, 2, 3)).0.unwrap();
        assert_eq!(*found.value, "host");
        let found = found.shorter().unwrap();
        assert_eq!(*found.value, "ten-one");
        let found = found.shorter().unwrap().shorter().unwrap();
        assert_eq!(*found.value, "default");
        assert!(found.shorter().is_none());
    }

    #[test]
    fn only_the_deciding_bits_count() {
        let trie = trie();
        // 192.x differs from 10.x in the very first bit.
        assert_eq!(trie.lookup(v4(192, 0, 0, 1)).1, 1);
        // 10.2.x leaves the way to 10.1/16 where 2 and 1 differ: bit 14 (counted from 0).
        assert_eq!(trie.lookup(v4(10, 2, 0, 1)).1, 15);
        assert_eq!(trie.lookup(v4(10, 1, 2, 3)).1, 32);
        // 10.1.2.2 differs from the host route in its last bit alone.
        assert_eq!(trie.lookup(v4(10, 1, 2, 2)).1, 32);
    }

    #[test]
    fn addresses_that_agree_on_the_deciding_bits_find_the_same() {
        let trie = trie();
        for addr in [v4(10, 1, 2, 3), v4(10, 1, 130, 7), v4(10, 77, 0, 0), v4(11, 0, 0, 0), v4(200, 1, 1, 1)]
        {
            let (found, decided) = trie.lookup(addr);
            for flip in decided..32 {
                let other = trie.lookup(addr ^ (1 << (127 - flip))).0;
                assert_eq!(other.map(|f| *f.value), found.as_ref().map(|f| *f.value), "bit {flip}");
            }
        }
    }

    #[test]
    fn the_covering_prefix_of_a_new_one_is_found() {
        let trie = trie();
        assert_eq!(trie.covering(v4(10, 1, 2, 0), 24), Some(&"ten-one"));
        assert_eq!(trie.covering(v4(10, 1, 0, 0), 16), Some(&"ten-one"));
        assert_eq!(trie.covering(v4(172, 16, 0, 0), 12), Some(&"default"));
        assert_eq!(Trie::<()>::build([]).covering(0, 8), None);
    }
}
