//! What is noted: who did what, of which class that is, and whose part of the class's bounds it takes.

use crate::journal::access::{
    DataKind, ENTITY_BYTES_MAX, METHOD_BYTES_MAX, PEER_BYTES_MAX, QUERY_BYTES_MAX, REASON_BYTES_MAX, cut,
};
use std::borrow::Cow;
use std::net::Ipv6Addr;

/// Who called.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Who {
    /// Its id; empty: nobody proved who it was.
    pub principal: String,
    /// On whose behalf; empty: its own.
    pub on_behalf_of: String,
}

/// What happened, apart from when and how often.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum What {
    /// A call was turned away.
    Denied {
        /// `package.Service/Method`; empty: there is no such method.
        method: String,
        /// Word of the reason.
        reason: String,
        /// Where it came from; empty: unknown.
        peer: String,
    },
    /// Data was read.
    Read {
        /// What kind.
        kind: DataKind,
        /// `package.Service/Method`.
        method: String,
        /// Name within the district; empty: not one alone.
        entity: String,
        /// What was asked for beside it.
        query: String,
    },
}

/// An entry: who did what.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Noted {
    /// Who.
    pub who: Who,
    /// What.
    pub what: What,
}

/// What shares a bound: strangers take nothing from those who are known, nor refusals from what was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// Turned away, and nobody proved who it was.
    Stranger,
    /// Turned away, of a known principal.
    Denied,
    /// Read.
    Read,
}

impl Class {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Stranger, Self::Denied, Self::Read];

    /// Different entries at a time.
    pub const fn entries_max(self) -> usize {
        match self {
            Self::Stranger => 1024,
            Self::Denied => 4096,
            Self::Read => 16_384,
        }
    }

    /// Records an hour.
    pub const fn records_an_hour(self) -> u64 {
        match self {
            Self::Stranger => 300,
            Self::Denied => 3000,
            Self::Read => 60_000,
        }
    }
}

impl Noted {
    fn belongs(&self) -> (Class, Cow<'_, str>) {
        let peer = if let What::Denied { peer, .. } = &self.what { Some(&**peer) } else { None };
        belongs(&self.who, peer)
    }

    /// Whose part of the class's bounds it takes.
    pub(super) fn owner(&self) -> Cow<'_, str> {
        self.belongs().1
    }

    /// Its class.
    pub fn class(&self) -> Class {
        self.belongs().0
    }

    /// The same, no text longer than a record has room for.
    pub(super) fn bounded(mut self) -> Self {
        let shorten = |text: &mut String, bytes_max| text.truncate(cut(text, bytes_max).len());
        shorten(&mut self.who.principal, crate::engine::PRINCIPAL_BYTES_MAX);
        shorten(&mut self.who.on_behalf_of, crate::engine::PRINCIPAL_BYTES_MAX);
        match &mut self.what {
            What::Denied { method, reason, peer } => {
                shorten(method, METHOD_BYTES_MAX);
                shorten(reason, REASON_BYTES_MAX);
                shorten(peer, PEER_BYTES_MAX);
            }
            What::Read { method, entity, query, .. } => {
                shorten(method, METHOD_BYTES_MAX);
                shorten(entity, ENTITY_BYTES_MAX);
                shorten(query, QUERY_BYTES_MAX);
            }
        }
        self
    }
}

/// The class of what somebody did, and whose part of its bounds that takes: the principal's, of strangers their network's.
/// `peer`: where a call came from that was turned away; none: data was read.
pub(super) fn belongs<'n>(who: &'n Who, peer: Option<&'n str>) -> (Class, Cow<'n, str>) {
    match peer {
        None => (Class::Read, who.principal.as_str().into()),
        Some(peer) if who.principal.is_empty() => (Class::Stranger, network(peer)),
        Some(_) => (Class::Denied, who.principal.as_str().into()),
    }
}

/// The network of an address, as the door writes them; what it does not write is one of its own.
fn network(peer: &str) -> Cow<'_, str> {
    let prefix = peer.split_once('/').and_then(|(prefix, _)| prefix.parse::<Ipv6Addr>().ok());
    match (prefix, peer.rsplit_once('.')) {
        (Some(prefix), _) => {
            let [a, b, c, ..] = prefix.segments();
            format!("{}/48", Ipv6Addr::new(a, b, c, 0, 0, 0, 0, 0)).into()
        }
        (None, Some((network, _))) => network.into(),
        (None, None) => peer.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_is_told_by_its_first_bits_however_it_is_written() {
        let networks = ["::/64", "0:0:1::/64", "2001:db8:0:1::/64", "2001:db8::/64", "203.0.113.7", ""];
        let networks = networks.map(|peer| network(peer).into_owned());
        assert_eq!(networks, ["::/48", "0:0:1::/48", "2001:db8::/48", "2001:db8::/48", "203.0.113", ""]);
    }
}
