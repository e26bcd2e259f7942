//! The `/ws` end: accepts a WebSocket (RFC 6455) and sends every message back, frame by frame.

use super::request::Request;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use std::io;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

/// The head of the 101 answer, or `None` when the request opens no WebSocket of version 13.
pub(super) fn accept(request: &Request) -> Option<String> {
    let opens = request.has_token("upgrade", "websocket")
        && request.has_token("connection", "upgrade")
        && request.header("sec-websocket-version") == Some("13");
    let key = request.header("sec-websocket-key").filter(|_| opens)?;
    let proof = accept_value(key);
    Some(format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {proof}\r\n\r\n"
    ))
}

/// Echoes until either side closes.
pub(super) async fn echo<S>(stream: &mut S) -> io::Result<()>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    loop {
        let (first, payload) = match read_frame(stream).await? {
            Incoming::Frame { first, payload } => (first, payload),
            Incoming::Fault(code) => {
                return write_frame(stream, FIN | OP_CLOSE, &code.to_be_bytes()).await;
            }
        };
        match first & OPCODE {
            OP_CLOSE => return write_frame(stream, FIN | OP_CLOSE, &payload).await,
            OP_PING => write_frame(stream, FIN | OP_PONG, &payload).await?,
            OP_PONG => {}
            _ => write_frame(stream, first, &payload).await?,
        }
    }
}

enum Incoming {
    Frame {
        first: u8,
        payload: Vec<u8>,
    },
    /// A close code of RFC 6455 §7.4.1.
    Fault(u16),
}

/// RFC 6455 §5.2. A client's frames are masked and use no reserved bits.
async fn read_frame<S: AsyncRead + Unpin>(stream: &mut S) -> io::Result<Incoming> {
    let first = stream.read_u8().await?;
    let second = stream.read_u8().await?;
    if first & RESERVED != 0 || second & MASKED == 0 {
        return Ok(Incoming::Fault(PROTOCOL_ERROR));
    }
    let length = match second & !MASKED {
        126 => u64::from(stream.read_u16().await?),
        127 => stream.read_u64().await?,
        short => u64::from(short),
    };
    if length > MAX_FRAME_BYTES {
        return Ok(Incoming::Fault(MESSAGE_TOO_BIG));
    }
    let mut mask = [0; 4];
    stream.read_exact(&mut mask).await?;
    let mut payload = Vec::new();
    stream.take(length).read_to_end(&mut payload).await?;
    if (payload.len() as u64) < length {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    for (byte, key) in payload.iter_mut().zip(mask.iter().cycle()) {
        *byte ^= key;
    }
    Ok(Incoming::Frame { first, payload })
}

async fn write_frame<S>(stream: &mut S, first: u8, payload: &[u8]) -> io::Result<()>
where
    S: AsyncWrite + Unpin,
{
    let mut frame = vec![first];
    match (u8::try_from(payload.len()), u16::try_from(payload.len())) {
        (Ok(length @ ..126), _) => frame.push(length),
        (_, Ok(length)) => {
            frame.push(126);
            frame.extend(length.to_be_bytes());
        }
        _ => {
            frame.push(127);
            frame.extend((payload.len() as u64).to_be_bytes());
        }
    }
    frame.extend(payload);
    stream.write_all(&frame).await
}

/// RFC 6455 §4.2.2: proves that the handshake was understood; SHA-1 protects nothing here.
fn accept_value(key: &str) -> String {
    let proof = digest(
        &SHA1_FOR_LEGACY_USE_ONLY,
        format!("{key}{HANDSHAKE_GUID}").as_bytes(),
    );
    STANDARD.encode(proof)
}

const HANDSHAKE_GUID: &str = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
const FIN: u8 = 0x80;
const RESERVED: u8 = 0x70;
const OPCODE: u8 = 0x0f;
const MASKED: u8 = 0x80;
const OP_CLOSE: u8 = 8;
const OP_PING: u8 = 9;
const OP_PONG: u8 = 10;
const PROTOCOL_ERROR: u16 = 1002;
const MESSAGE_TOO_BIG: u16 = 1009;
const MAX_FRAME_BYTES: u64 = 1024 * 1024;

#[cfg(test)]
mod tests {
    use super::{accept_value, echo};
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

    #[test]
    fn the_proof_is_that_of_the_rfc() {
        // RFC 6455 §1.3.
        assert_eq!(
            accept_value("dGhlIHNhbXBsZSBub25jZQ=="),
            "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
        );
    }

    fn masked(first: u8, payload: &[u8]) -> Vec<u8> {
        let length = u8::try_from(payload.len()).expect("short test payload");
        let mut frame = vec![first, 0x80 | length, 1, 2, 3, 4];
        frame.extend(
            payload
                .iter()
                .zip([1, 2, 3, 4].iter().cycle())
                .map(|(b, k)| b ^ k),
        );
        frame
    }

    #[tokio::test]
    async fn frames_come_back_unmasked() {
        let cases: [(&str, Vec<u8>, &[u8]); 6] = [
            ("text", masked(0x81, b"hi"), b"\x81\x02hi"),
            ("first fragment", masked(0x01, b"hi"), b"\x01\x02hi"),
            ("ping", masked(0x89, b"p"), b"\x8a\x01p"),
            ("close", masked(0x88, b"\x03\xe8"), b"\x88\x02\x03\xe8"),
            ("unmasked", b"\x81\x02hi".to_vec(), b"\x88\x02\x03\xea"),
            (
                "too big",
                b"\x82\xff\0\0\0\0\xff\0\0\0".to_vec(),
                b"\x88\x02\x03\xf1",
            ),
        ];
        for (name, sent, expected) in cases {
            let (mut client, mut server) = duplex(4096);
            client.write_all(&sent).await.expect(name);
            client.shutdown().await.expect(name);
            let _ = echo(&mut server).await;
            drop(server);
            let mut seen = Vec::new();
            client.read_to_end(&mut seen).await.expect(name);
            assert_eq!(seen, expected, "{name}");
        }
    }

    #[tokio::test]
    async fn a_longer_frame_carries_a_longer_length() {
        let (mut client, mut server) = duplex(4096);
        let mut frame = vec![0x82, 0xfe, 0x01, 0x00, 0, 0, 0, 0];
        frame.extend([7; 256]);
        client.write_all(&frame).await.expect("buffered");
        client.shutdown().await.expect("open");
        let _ = echo(&mut server).await;
        let mut head = [0; 4];
        client.read_exact(&mut head).await.expect("answered");
        assert_eq!(head, [0x82, 126, 1, 0]);
    }
}
