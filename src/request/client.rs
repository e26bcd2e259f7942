//! `client_address`: for whom a request is counted and reported when proxies of ours stand in front.

use http::HeaderMap;
use std::net::{IpAddr, SocketAddr};

/// The address of the client: the peer, or, where the peer is a trusted proxy, the last address in `X-Forwarded-For`
/// that is not one. Entries left of it are the client's own words.
///
/// A peer without an address came over a unix socket; who may open that is the file system's decision, so it counts
/// as trusted. An entry that is no address ends the walk at the hop before it. `None` only when nobody named one.
pub fn client_address(
    peer: Option<IpAddr>,
    headers: &HeaderMap,
    is_trusted: impl Fn(IpAddr) -> bool,
) -> Option<IpAddr> {
    let peer = peer.map(|address| address.to_canonical());
    if peer.is_some_and(|address| !is_trusted(address)) {
        return peer;
    }
    let entries = headers
        .get_all("x-forwarded-for")
        .iter()
        .rev()
        .flat_map(|line| line.as_bytes().rsplit(|byte| *byte == b','));
    let mut client = peer;
    for entry in entries {
        let Some(address) = parse_hop(entry) else {
            break;
        };
        client = Some(address);
        if !is_trusted(address) {
            break;
        }
    }
    client
}

/// An address, bare or bracketed, with the port that some balancers add.
fn parse_hop(entry: &[u8]) -> Option<IpAddr> {
    let text = str::from_utf8(entry).ok()?.trim_matches([' ', '\t']);
    let bare = text
        .strip_prefix('[')
        .and_then(|inner| inner.strip_suffix(']'))
        .unwrap_or(text);
    let address = bare
        .parse()
        .or_else(|_| text.parse().map(|socket: SocketAddr| socket.ip()));
    Some(address.ok()?.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::client_address;
    use http::{HeaderMap, HeaderValue};
    use std::net::IpAddr;

    #[test]
    fn the_client_is_the_last_hop_that_nobody_of_ours_is() {
        let cases: [(&str, &[&str], &str); 15] = [
            ("203.0.113.9", &[], "203.0.113.9"),
            ("203.0.113.9", &["198.51.100.1"], "203.0.113.9"),
            ("10.0.0.1", &[], "10.0.0.1"),
            ("10.0.0.1", &["198.51.100.1"], "198.51.100.1"),
            ("10.0.0.1", &["1.1.1.1, 198.51.100.1"], "198.51.100.1"),
            (
                "10.0.0.1",
                &["1.1.1.1,198.51.100.1 ,\t10.0.0.2"],
                "198.51.100.1",
            ),
            (
                "10.0.0.1",
                &["1.1.1.1, 198.51.100.1", "10.0.0.2"],
                "198.51.100.1",
            ),
            ("10.0.0.1", &["10.0.0.3, 10.0.0.2"], "10.0.0.3"),
            ("10.0.0.1", &["198.51.100.1, unknown"], "10.0.0.1"),
            ("10.0.0.1", &["198.51.100.1, unknown, 10.0.0.2"], "10.0.0.2"),
            ("10.0.0.1", &["198.51.100.1,"], "10.0.0.1"),
            ("10.0.0.1", &["198.51.100.1:4711"], "198.51.100.1"),
            ("10.0.0.1", &["[2001:db8::1]:443"], "2001:db8::1"),
            ("::ffff:10.0.0.1", &["[2001:db8::1]"], "2001:db8::1"),
            ("unix", &["198.51.100.1"], "198.51.100.1"),
        ];
        let is_ours = |address: IpAddr| address.to_string().starts_with("10.");
        for (peer, lines, expected) in cases {
            let mut headers = HeaderMap::new();
            for line in lines {
                headers.append("x-forwarded-for", HeaderValue::from_static(line));
            }
            let seen = client_address(peer.parse().ok(), &headers, is_ours);
            assert_eq!(seen, expected.parse().ok(), "{peer} {lines:?}");
        }
        assert_eq!(client_address(None, &HeaderMap::new(), is_ours), None);
    }
}
