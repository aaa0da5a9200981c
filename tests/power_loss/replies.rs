//! What the server told its clients, read from its own writes to their sockets: HTTP/2 frames, gRPC messages, and in each
//! answer the position up to which the log must be durable from then on.

use super::trace::Call;
use incubator_registry::wire::v1;
use prost::Message;
use std::collections::HashMap;

/// An acknowledgement: the line at which its write began, and the position it stands on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ack {
    /// Line of the trace.
    pub line: usize,
    /// Position in the log.
    pub position: u64,
}

/// The acknowledgements among the calls of one run of the server.
pub fn acks(calls: &[Call]) -> Vec<Ack> {
    let mut connections: HashMap<String, Vec<u8>> = HashMap::new();
    let mut streams: HashMap<(String, u32), Vec<u8>> = HashMap::new();
    let mut acks = Vec::new();
    for call in calls {
        let sends = matches!(call.name.as_str(), "write" | "writev" | "sendto" | "sendmsg");
        let Some((_, name)) = call.descriptor(0).filter(|(_, name)| sends && name.starts_with("TCP")) else { continue };
        let bytes = connections.entry(name.clone()).or_default();
        bytes.extend(&call.bytes);
        while let [a, b, c, kind, _, s, t, u, v, ..] = bytes[..] {
            let length = 9 + u32::from_be_bytes([0, a, b, c]) as usize;
            if bytes.len() < length {
                break;
            }
            let frame: Vec<u8> = bytes.drain(..length).collect();
            if kind == 0 {
                let stream = u32::from_be_bytes([s & 0x7f, t, u, v]);
                let messages = streams.entry((name.clone(), stream)).or_default();
                messages.extend(&frame[9..]);
                acks.extend(positions(messages).map(|position| Ack { line: call.began, position }));
            }
        }
    }
    acks
}

/// The positions in the whole messages at the front of a stream, which are taken off it.
fn positions(stream: &mut Vec<u8>) -> impl Iterator<Item = u64> {
    let mut found = Vec::new();
    while let [compressed, a, b, c, d, ..] = stream[..] {
        let length = 5 + u32::from_be_bytes([a, b, c, d]) as usize;
        if stream.len() < length {
            break;
        }
        assert_eq!(compressed, 0, "nobody asked for compressed answers");
        let message: Vec<u8> = stream.drain(..length).skip(5).collect();
        found.push(position(&message));
    }
    found.into_iter()
}

/// Only two kinds of answers are asked for: a firm's, and an import's.
fn position(message: &[u8]) -> u64 {
    let named = |answer: &v1::RegisterFirmResponse| {
        answer.firm.as_ref().is_some_and(|firm| firm.name.starts_with("districts/"))
    };
    let position = match v1::RegisterFirmResponse::decode(message).ok().filter(named) {
        Some(answer) => answer.position,
        None => v1::ImportRowsResponse::decode(message).unwrap().position,
    };
    position.try_into().unwrap()
}
