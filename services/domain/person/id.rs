//! The id of a person.

use crate::domain::reason::Reason;
use std::fmt;

/// The id of a person: a UUID, opaque and random.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PersonId(pub [u8; 16]);

impl PersonId {
    /// Reads a UUID in lower case, as `Display` writes it.
    pub fn parse(text: &str) -> Result<Self, Reason> {
        let mut digits = text.bytes().filter(|byte| *byte != b'-').map(|byte| match byte {
            b'0'..=b'9' => Some(byte - b'0'),
            b'a'..=b'f' => Some(byte - b'a' + 10),
            _ => None,
        });
        let mut bytes = [0; 16];
        for byte in &mut bytes {
            let pair = digits.next().flatten().zip(digits.next().flatten());
            *byte = pair.map(|(high, low)| high << 4 | low).ok_or(Reason::MalformedName)?;
        }
        let id = Self(bytes);
        if id.to_string() == text { Ok(id) } else { Err(Reason::MalformedName) }
    }
}

impl fmt::Display for PersonId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, byte) in self.0.iter().enumerate() {
            let hyphen = if matches!(at, 4 | 6 | 8 | 10) { "-" } else { "" };
            write!(f, "{hyphen}{byte:02x}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for PersonId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_a_uuid_in_lower_case() {
        let text = "6f1c0e7a-93d5-4d0b-8f0a-2b7c5e1d9a34";
        assert_eq!(PersonId::parse(text).unwrap().to_string(), text);
        for bad in ["", "6F1C0E7A-93D5-4D0B-8F0A-2B7C5E1D9A34", "6f1c0e7a93d54d0b8f0a2b7c5e1d9a34", "张三", &text[1..]]
        {
            assert_eq!(PersonId::parse(bad), Err(Reason::MalformedName), "{bad}");
        }
    }
}
