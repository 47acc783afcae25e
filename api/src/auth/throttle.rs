//! How often somebody may fail to log in: so many times at once, then one more each so often, counted by address and by
//! user name. In bounded memory.
//!
//! An attempt counts when it is let in, not when it has failed, so that many at once gain nothing; one that succeeds is
//! taken back.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hash, RandomState};
use std::net::{IpAddr, Ipv6Addr};
use std::time::{Duration, Instant};

/// Addresses, and user names, that are remembered at once.
const REMEMBERED: usize = 4096;
/// What one address may do.
const BY_ADDRESS: Limit = Limit { at_once: 20, then_each: Duration::from_secs(3) };
/// What may be tried on one user name.
const BY_USER: Limit = Limit { at_once: 5, then_each: Duration::from_secs(12) };

/// Failures that are borne with.
#[derive(Debug, Clone, Copy)]
struct Limit {
    at_once: u32,
    then_each: Duration,
}

/// The failures of late.
#[derive(Debug)]
pub(crate) struct Throttle {
    addresses: Failures<IpAddr>,
    users: Failures<u64>,
    hasher: RandomState,
}

/// An attempt that was let in.
#[derive(Debug)]
pub(crate) struct Attempt {
    address: Option<IpAddr>,
    user: u64,
}

impl Throttle {
    pub(crate) fn new() -> Self {
        Self {
            addresses: Failures::within(BY_ADDRESS),
            users: Failures::within(BY_USER),
            hasher: RandomState::new(),
        }
    }

    /// Lets an attempt in.
    ///
    /// # Errors
    /// After which time to try again, where too many have failed.
    pub(crate) fn admit(
        &mut self,
        address: Option<IpAddr>,
        user: &str,
        now: Instant,
    ) -> Result<Attempt, Duration> {
        let (address, user) = (address.map(of_one_site), self.hasher.hash_one(user));
        let wait = address.map_or(Duration::ZERO, |address| self.addresses.wait(&address, now));
        let wait = wait.max(self.users.wait(&user, now));
        if !wait.is_zero() {
            return Err(wait);
        }
        if let Some(address) = address {
            self.addresses.count(address, now);
        }
        self.users.count(user, now);
        Ok(Attempt { address, user })
    }

    /// An attempt succeeded: it does not count, nor what was tried on the user before.
    pub(crate) fn succeeded(&mut self, attempt: &Attempt) {
        if let Some(address) = attempt.address {
            self.addresses.take_back(&address);
        }
        self.users.forgive(&attempt.user);
    }
}

/// The network that an IPv6 customer has at the least: its addresses are one.
fn of_one_site(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => Ipv6Addr::from_bits(v6.to_bits() >> 64 << 64).into(),
        v4 => v4,
    }
}

/// When each would be without a failure again (the theoretical arrival time of a leaky bucket).
#[derive(Debug)]
struct Failures<K> {
    limit: Limit,
    clear: HashMap<K, Instant>,
}

impl<K: Hash + Eq + Copy> Failures<K> {
    fn within(limit: Limit) -> Self {
        Self { limit, clear: HashMap::new() }
    }

    fn wait(&self, key: &K, now: Instant) -> Duration {
        let room = self.limit.then_each * (self.limit.at_once - 1);
        self.clear.get(key).map_or(Duration::ZERO, |clear| clear.saturating_duration_since(now + room))
    }

    fn count(&mut self, key: K, now: Instant) {
        if self.clear.len() >= REMEMBERED && !self.clear.contains_key(&key) {
            self.make_room(now);
        }
        let clear = self.clear.entry(key).or_insert(now);
        *clear = (*clear).max(now) + self.limit.then_each;
    }

    fn take_back(&mut self, key: &K) {
        if let Some(clear) = self.clear.get_mut(key) {
            *clear = clear.checked_sub(self.limit.then_each).unwrap_or(*clear);
        }
    }

    fn forgive(&mut self, key: &K) {
        self.clear.remove(key);
    }

    /// Forgets those without a failure, or else the one that will be so first.
    fn make_room(&mut self, now: Instant) {
        self.clear.retain(|_, clear| *clear > now);
        if self.clear.len() >= REMEMBERED
            && let Some(first) = self.clear.iter().min_by_key(|(_, clear)| **clear).map(|(key, _)| *key)
        {
            self.clear.remove(&first);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: Option<IpAddr> = Some(IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1)));

    fn elsewhere(n: usize) -> Option<IpAddr> {
        Some(IpAddr::from(u32::try_from(n).unwrap().to_be_bytes()))
    }

    #[test]
    fn a_user_is_tried_five_times_and_then_every_twelve_seconds() {
        let (mut throttle, start) = (Throttle::new(), Instant::now());
        for n in 0..5 {
            throttle.admit(elsewhere(n), "u", start).unwrap();
        }
        assert_eq!(throttle.admit(elsewhere(9), "u", start).unwrap_err(), Duration::from_secs(12));
        throttle.admit(elsewhere(9), "other", start).unwrap();
        let later = start + Duration::from_secs(12);
        throttle.admit(elsewhere(9), "u", later).unwrap();
        assert!(throttle.admit(elsewhere(9), "u", later).is_err());
    }

    #[test]
    fn an_address_tries_twenty_users() {
        let (mut throttle, start) = (Throttle::new(), Instant::now());
        for n in 0..20 {
            throttle.admit(HERE, &format!("u{n}"), start).unwrap();
        }
        assert_eq!(throttle.admit(HERE, "v", start).unwrap_err(), Duration::from_secs(3));
        throttle.admit(elsewhere(1), "v", start).unwrap();
    }

    #[test]
    fn success_does_not_count() {
        let (mut throttle, now) = (Throttle::new(), Instant::now());
        for _ in 0..100 {
            let attempt = throttle.admit(HERE, "u", now).unwrap();
            throttle.succeeded(&attempt);
        }
    }

    #[test]
    fn addresses_of_one_ipv6_network_are_one() {
        let (mut throttle, now) = (Throttle::new(), Instant::now());
        for n in 0..20 {
            throttle.admit(format!("2001:db8::{n}").parse().ok(), &format!("u{n}"), now).unwrap();
        }
        assert!(throttle.admit("2001:db8::ffff".parse().ok(), "v", now).is_err());
        throttle.admit("2001:db8:0:1::1".parse().ok(), "v", now).unwrap();
    }

    #[test]
    fn memory_is_bounded_and_the_worst_are_remembered() {
        let (mut throttle, now) = (Throttle::new(), Instant::now());
        for n in 0..5 {
            throttle.admit(elsewhere(n), "victim", now).unwrap();
        }
        for n in 0..3 * REMEMBERED {
            throttle.admit(elsewhere(n + 100), &format!("u{n}"), now).unwrap();
        }
        assert!(throttle.users.clear.len() <= REMEMBERED && throttle.addresses.clear.len() <= REMEMBERED);
        assert!(throttle.admit(elsewhere(50), "victim", now).is_err());
    }
}
