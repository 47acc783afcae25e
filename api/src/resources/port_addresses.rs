//! The addresses of a router port, which its body gives in two ways: `portAddress`, `networkAddress` and
//! `networkLength` for one address, `portSubnet` for all.

use std::net::IpAddr;

use ipnetwork::IpNetwork;
use model::Violation;

use crate::fields::Fields;

/// What a body says about addresses.
#[derive(Clone, Debug, Default)]
pub(super) struct AddressFields {
    address: Option<IpAddr>,
    length: Option<u8>,
    subnets: Vec<IpNetwork>,
}

impl AddressFields {
    pub(super) fn read(fields: &mut Fields) -> Self {
        let address = fields.parsed::<IpAddr>("portAddress", "an IP address");
        let network = fields.parsed::<IpAddr>("networkAddress", "an IP address");
        let length = fields.number::<u8>("networkLength", 0..=128);
        let subnets = fields.list::<IpNetwork>("portSubnet", "an address with a prefix length");
        if let (Some(address), Some(length)) = (address, length) {
            match IpNetwork::new(address, length) {
                Err(_) => fields.violation("networkLength", "is longer than the address"),
                Ok(own) if network.is_some_and(|network| own.network() != network && address != network) => {
                    let message = format!("{address}/{length} is not in this network");
                    fields.violation("networkAddress", message);
                }
                Ok(_) => {}
            }
        } else if address.is_some() && subnets.is_empty() {
            fields.missing("networkLength");
        }
        Self { address, length, subnets }
    }

    /// The addresses meant. A body that was read and sent back names the old ones in both ways; the way that says
    /// something new counts.
    pub(super) fn resolve(&self, old: &[IpNetwork]) -> Result<Vec<IpNetwork>, Violation> {
        let single = self.single();
        let all = &self.subnets;
        match (single, all.first()) {
            (None, _) => Ok(all.clone()),
            (Some(single), None) => Ok(vec![single]),
            (Some(single), Some(first)) if single == *first || Some(&single) == old.first() => {
                Ok(all.clone())
            }
            (Some(single), Some(_)) if all == old => {
                Ok(std::iter::once(single).chain(old.iter().skip(1).copied()).collect())
            }
            (Some(single), Some(_)) if all.contains(&single) => Ok(all.clone()),
            (Some(single), Some(first)) => Err(Violation::new(
                "portAddress",
                format!("{single} contradicts portSubnet, which begins with {first}: give one of them"),
            )),
        }
    }

    fn single(&self) -> Option<IpNetwork> {
        let address = self.address?;
        let among = self.subnets.iter().find(|subnet| subnet.ip() == address).copied();
        match self.length {
            Some(length) => IpNetwork::new(address, length).ok(),
            None => among,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(body: &str) -> AddressFields {
        let mut fields = Fields::parse(body.as_bytes()).unwrap();
        let addresses = AddressFields::read(&mut fields);
        fields.finish().unwrap();
        addresses
    }

    fn nets(texts: &[&str]) -> Vec<IpNetwork> {
        texts.iter().map(|t| t.parse().unwrap()).collect()
    }

    const LEGACY: &str = r#"{"portAddress": "10.0.0.254", "networkAddress": "10.0.0.0", "networkLength": 24"#;

    #[test]
    fn either_way_is_enough() {
        assert_eq!(fields(&format!("{LEGACY}}}")).resolve(&[]).unwrap(), nets(&["10.0.0.254/24"]));
        let two = r#"{"portSubnet": ["10.0.0.1/24", "10.1.0.1/16"]}"#;
        assert_eq!(fields(two).resolve(&[]).unwrap(), nets(&["10.0.0.1/24", "10.1.0.1/16"]));
    }

    #[test]
    fn the_way_that_says_something_new_counts() {
        let both = fields(&format!(r#"{LEGACY}, "portSubnet": ["10.0.0.1/24"]}}"#));
        assert_eq!(both.resolve(&nets(&["10.0.0.1/24"])).unwrap(), nets(&["10.0.0.254/24"]));
        assert_eq!(both.resolve(&nets(&["10.0.0.254/24"])).unwrap(), nets(&["10.0.0.1/24"]));
        assert_eq!(both.resolve(&nets(&["10.0.0.7/24"])).unwrap_err().property, "portAddress");
    }
}
