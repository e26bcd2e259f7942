//! `BUFFERS`: what lies between a client's socket and the parser, for every listener.

use pingora::listeners::L4BufferSettings;

/// Reads have none: a head or a body is read straight into its own buffer, and a connection that waits does not hold
/// Pingora's 64 KiB.
///
/// Writes have room for head and body of a usual answer, which so leave together, in one call to the system and one packet
/// less. Pingora lets nothing wait in it but head and body of known length, until it is full or the body ends, and flushes
/// what is chunked piece by piece: a service that trickles should do that.
pub const BUFFERS: L4BufferSettings = L4BufferSettings {
    read: Some(0),
    write: Some(8 * 1024),
};
