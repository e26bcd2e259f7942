//! `Network`: an address range, for `trusted_proxies`.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;
use thiserror::Error;

/// `10.0.0.0/8`, `fd00::/8`, or one address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    base: IpAddr,
    prefix_len: u8,
}

/// Why a range is refused.
#[derive(Debug, PartialEq, Eq, Error)]
pub enum NetworkError {
    /// Not an address.
    #[error("not an IP address or network such as 10.0.0.0/8")]
    NotAnAddress,
    /// Longer than the address.
    #[error("the prefix length is 0 to {0}")]
    PrefixTooLong(u8),
    /// `10.1.2.3/8` most likely means something else than was written.
    #[error("has bits set past its prefix; the network is {0}")]
    HostBits(Network),
}

impl Network {
    /// Whether the address lies inside. An IPv4-mapped IPv6 address counts as IPv4.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.base, address.to_canonical()) {
            (IpAddr::V4(base), IpAddr::V4(address)) => {
                masked(u128::from(base.to_bits()), 32, self.prefix_len)
                    == masked(u128::from(address.to_bits()), 32, self.prefix_len)
            }
            (IpAddr::V6(base), IpAddr::V6(address)) => {
                masked(base.to_bits(), 128, self.prefix_len)
                    == masked(address.to_bits(), 128, self.prefix_len)
            }
            _ => false,
        }
    }
}

impl FromStr for Network {
    type Err = NetworkError;

    fn from_str(text: &str) -> Result<Self, NetworkError> {
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text, None),
        };
        let base: IpAddr = address.parse().map_err(|_| NetworkError::NotAnAddress)?;
        let width = if base.is_ipv4() { 32 } else { 128 };
        let prefix_len = match prefix {
            None => width,
            Some(digits) => digits
                .parse()
                .ok()
                .filter(|len| *len <= width)
                .ok_or(NetworkError::PrefixTooLong(width))?,
        };
        let network = match base {
            IpAddr::V4(v4) => {
                let bits = masked(u128::from(v4.to_bits()), 32, prefix_len);
                IpAddr::V4(
                    u32::try_from(bits)
                        .map_err(|_| NetworkError::NotAnAddress)?
                        .into(),
                )
            }
            IpAddr::V6(v6) => IpAddr::V6(masked(v6.to_bits(), 128, prefix_len).into()),
        };
        if network == base {
            Ok(Self { base, prefix_len })
        } else {
            Err(NetworkError::HostBits(Self {
                base: network,
                prefix_len,
            }))
        }
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.base, self.prefix_len)
    }
}

fn masked(bits: u128, width: u8, prefix_len: u8) -> u128 {
    let host_bits = u32::from(width - prefix_len);
    bits.checked_shr(host_bits)
        .map_or(0, |network| network << host_bits)
}

#[cfg(test)]
mod tests {
    use super::{Network, NetworkError};

    #[test]
    fn an_address_is_inside_its_network_and_outside_others() {
        let cases = [
            ("10.0.0.0/8", "10.255.0.1", true),
            ("10.0.0.0/8", "11.0.0.1", false),
            ("0.0.0.0/0", "8.8.8.8", true),
            ("0.0.0.0/0", "::1", false),
            ("127.0.0.1", "127.0.0.1", true),
            ("127.0.0.1", "::ffff:127.0.0.1", true),
            ("fd00::/8", "fd12::1", true),
            ("::/0", "fe80::1", true),
        ];
        for (network, address, inside) in cases {
            let parsed: Network = network.parse().expect(network);
            assert_eq!(
                parsed.contains(address.parse().expect(address)),
                inside,
                "{address} in {network}"
            );
        }
    }

    #[test]
    fn a_range_that_means_something_else_is_refused() {
        assert_eq!(
            "10.0.0.0/33".parse::<Network>(),
            Err(NetworkError::PrefixTooLong(32))
        );
        assert_eq!("ten".parse::<Network>(), Err(NetworkError::NotAnAddress));
        let fault = "10.1.2.3/8".parse::<Network>().expect_err("host bits");
        assert_eq!(
            fault.to_string(),
            "has bits set past its prefix; the network is 10.0.0.0/8"
        );
    }
}
