//! Ranges of IP addresses, as `10.0.0.0/8` or a single address.
//!
//! A listener on `[::]` sees IPv4 peers as `::ffff:a.b.c.d`; such an address counts as the IPv4 address it carries,
//! on both sides, or an allow-list of IPv4 ranges would quietly match nobody.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

/// A range of addresses in CIDR notation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IpRange {
    address: IpAddr,
    prefix: u8,
}

impl IpRange {
    /// Whether the address lies in the range. IPv4-mapped IPv6 addresses count as IPv4.
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.address, address.to_canonical()) {
            (IpAddr::V4(own), IpAddr::V4(other)) => {
                let mask = u32::MAX.checked_shl(32 - u32::from(self.prefix)).unwrap_or(0);
                own.to_bits() & mask == other.to_bits() & mask
            }
            (IpAddr::V6(own), IpAddr::V6(other)) => {
                let mask = u128::MAX.checked_shl(128 - u32::from(self.prefix)).unwrap_or(0);
                own.to_bits() & mask == other.to_bits() & mask
            }
            _ => false,
        }
    }
}

/// The text is not an address range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidIpRange;

impl fmt::Display for InvalidIpRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an address or a range such as 10.0.0.0/8 or ::1/128")
    }
}

impl std::error::Error for InvalidIpRange {}

impl FromStr for IpRange {
    type Err = InvalidIpRange;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text, None),
        };
        let written: IpAddr = address.parse().map_err(|_| InvalidIpRange)?;
        let bits = if written.is_ipv4() { 32 } else { 128 };
        let prefix = match prefix {
            Some(digits) if digits.bytes().all(|b| b.is_ascii_digit()) => {
                digits.parse::<u8>().ok().filter(|prefix| *prefix <= bits).ok_or(InvalidIpRange)?
            }
            Some(_) => return Err(InvalidIpRange),
            None => bits,
        };
        let address = written.to_canonical();
        // A mapped range shorter than /96 reaches beyond the IPv4 addresses, so it stays what was written.
        match (written.is_ipv6() && address.is_ipv4(), prefix) {
            (true, 96..) => Ok(Self { address, prefix: prefix - 96 }),
            (true, _) => Ok(Self { address: written, prefix }),
            (false, _) => Ok(Self { address, prefix }),
        }
    }
}

impl fmt::Display for IpRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.prefix)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contains() {
        let check = |range: &str, address: &str, expect: bool| {
            let range: IpRange = range.parse().unwrap();
            assert_eq!(range.contains(address.parse().unwrap()), expect, "{range} {address}");
        };
        check("127.0.0.0/8", "127.1.2.3", true);
        check("127.0.0.0/8", "128.0.0.1", false);
        check("127.0.0.0/8", "::ffff:127.0.0.1", true);
        check("::ffff:10.0.0.0/104", "10.9.9.9", true);
        check("10.0.0.7", "10.0.0.7", true);
        check("10.0.0.7", "10.0.0.8", false);
        check("0.0.0.0/0", "203.0.113.9", true);
        check("0.0.0.0/0", "2001:db8::1", false);
        check("::/0", "2001:db8::1", true);
        check("::1/128", "::1", true);
        check("2001:db8::/33", "2001:db8:7fff::1", true);
        check("2001:db8::/33", "2001:db8:8000::1", false);
    }

    #[test]
    fn refuses_what_is_no_range() {
        for text in
            ["", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/+8", "::1/129", "10.0.0/8", "localhost", "1.2.3.4/8/8"]
        {
            assert!(text.parse::<IpRange>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn prints_what_it_reads() {
        for text in ["10.0.0.0/8", "::1/128", "192.168.1.7/32"] {
            assert_eq!(text.parse::<IpRange>().unwrap().to_string(), text);
        }
    }
}
