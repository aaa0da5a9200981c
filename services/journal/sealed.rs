//! Sealed fields: personal data and account numbers, in a log that forgets nothing and must be able to forget a person.
//!
//! An event holds such a value as a `Sealed`: the id of its owner's data key, a nonce, the ciphertext, and a commitment. The
//! key lies outside the log (`keys`): once it is erased nobody reads the value any more, and every hash still holds.
//!
//! ```text
//! subkeys     = HMAC-SHA256(data key, "seal") and HMAC-SHA256(data key, "derive")
//! place       = "IRS1" · 16 log id · u16 event type · u16 length, field · u16 length, owner's name
//! salt        = HMAC-SHA256(derive, "salt"  · place · text)
//! nonce       = first 24 bytes of HMAC-SHA256(derive, "nonce" · place · text)
//! ciphertext  = XChaCha20-Poly1305(seal, nonce, place as associated data,
//!               salt · u16 length · text · zeros up to a multiple of 32)
//! commitment  = SHA-256(salt · text)
//! ```
//!
//! - **Bound to its place**: bytes that are moved to another log, event type, field or owner don't open.
//! - **The same again is the same bytes**: salt and nonce are drawn from text and key, not at random. So a retry has the first
//!   request's hash, which is over the sealed bytes, and the same fact stated again is told from another, while whoever does
//!   not have the key can test no guess against the log, its request hashes included. What an equal pair tells a reader of
//!   the log is that one owner's field was given the same value twice.
//! - **The commitment is proven** by giving salt and text away: `commitment(salt, text)` is computed by anyone, with any
//!   SHA-256. Without the salt, which lies inside the sealed bytes, it gives nothing to guess against. Opening checks it.
//! - XChaCha20-Poly1305 of the AEADs at hand: its nonce is long enough to be drawn from a hash, and it is as fast and as safe
//!   in plain software on every processor.
//!
//! Any event may use it: its fact holds `Sealed` values and its payload `SealedField` messages (`to_stored`, `from_stored`);
//! whoever states the fact seals with `keys::KeyStore::seal(owner, place, text)`. The owner is the entity whose erasure
//! takes the value with it: a person for a contact, the payee (`Entity::Taxpayer` or `Entity::Firm`) for an account number.

use super::envelope::Hash;
use crate::domain::Entity;
pub use crate::domain::sealed::{KeyId, Sealed};
use crate::wire::journal as stored;
use chacha20poly1305::aead::{Aead as _, KeyInit as _, Payload};
use chacha20poly1305::{Key, XChaCha20Poly1305, XNonce};
use hmac::{Hmac, Mac as _};
use sha2::{Digest as _, Sha256};
use std::fmt;
use zeroize::Zeroizing;

/// Bytes that a sealed text may have.
pub const TEXT_BYTES_MAX: usize = 1024;

const MAGIC: &[u8; 4] = b"IRS1";
const SALT: usize = 32;
/// What is sealed is as long as a multiple of this, so that its length tells little of a name's.
const BLOCK: usize = 32;

/// Why a sealed value does not open, or can't be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// It was sealed under another key.
    #[error("it was sealed under another key")]
    OtherKey,
    /// The bytes are not those that were sealed, or were sealed in another place.
    #[error("its bytes are not those that were sealed in this place")]
    Altered,
    /// It opens, and does not say what was committed to.
    #[error("it does not say what its commitment was made for")]
    Commitment,
    /// The text is longer than can be sealed.
    #[error("the text has more than {TEXT_BYTES_MAX} bytes")]
    TooLong,
}

/// Where a value stands: sealed bytes open nowhere else.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    /// Random id of the log.
    pub log_id: [u8; 16],
    /// Code of the event's type.
    pub event_type: u16,
    /// Name of the field in the event's message.
    pub field: &'a str,
    /// Whose key seals it.
    pub owner: &'a Entity,
}

impl Place<'_> {
    fn bytes(&self) -> Vec<u8> {
        let owner = self.owner.to_string();
        let mut out = MAGIC.to_vec();
        out.extend_from_slice(&self.log_id);
        out.extend_from_slice(&self.event_type.to_be_bytes());
        for text in [self.field, &owner] {
            // Names of fields and entities are far shorter.
            out.extend_from_slice(&u16::try_from(text.len()).unwrap_or(u16::MAX).to_be_bytes());
            out.extend_from_slice(text.as_bytes());
        }
        out
    }
}

/// The key of one owner. It is wiped when it is dropped, and never shown.
#[derive(Clone)]
pub struct DataKey {
    id: KeyId,
    secret: Zeroizing<[u8; 32]>,
}

impl fmt::Debug for DataKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DataKey({})", self.id)
    }
}

impl DataKey {
    /// A key of random bytes, which come in as arguments.
    pub fn new(id: KeyId, secret: Zeroizing<[u8; 32]>) -> Self {
        Self { id, secret }
    }

    /// Its id.
    pub fn id(&self) -> KeyId {
        self.id
    }

    /// Its bytes, for whoever wraps it.
    pub fn secret(&self) -> &[u8; 32] {
        &self.secret
    }
}

/// What a sealed value says.
#[derive(Clone, PartialEq, Eq)]
pub struct Opened {
    /// The text.
    pub text: Zeroizing<String>,
    /// The salt: who knows it can show what the commitment was made for.
    pub salt: [u8; SALT],
}

impl fmt::Debug for Opened {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Opened(…)")
    }
}

/// HMAC-SHA256 over the parts, one behind the other.
pub fn mac(key: &[u8; 32], parts: &[&[u8]]) -> [u8; 32] {
    let mut mac = <Hmac<Sha256> as hmac::KeyInit>::new_from_slice(key).expect("HMAC takes a key of any length");
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

/// What a sealed value's commitment is: SHA-256 of the salt and the text.
pub fn commitment(salt: &[u8; SALT], text: &str) -> Hash {
    Sha256::new().chain_update(salt).chain_update(text).finalize().into()
}

/// Seals a text in a place. The same text in the same place under the same key gives the same bytes.
pub fn seal(key: &DataKey, place: &Place<'_>, text: &str) -> Result<Sealed, SealError> {
    let length = u16::try_from(text.len()).ok().filter(|_| text.len() <= TEXT_BYTES_MAX).ok_or(SealError::TooLong)?;
    let bound = place.bytes();
    let derive = Zeroizing::new(mac(key.secret(), &[b"derive"]));
    let salt = mac(&derive, &[b"salt", &bound, text.as_bytes()]);
    let drawn = mac(&derive, &[b"nonce", &bound, text.as_bytes()]);
    let mut nonce = [0; 24];
    nonce.copy_from_slice(&drawn[..24]);
    let whole = (SALT + 2 + text.len()).next_multiple_of(BLOCK);
    let mut inner = Zeroizing::new(Vec::with_capacity(whole));
    inner.extend_from_slice(&salt);
    inner.extend_from_slice(&length.to_be_bytes());
    inner.extend_from_slice(text.as_bytes());
    inner.resize(whole, 0);
    let payload = Payload { msg: &inner, aad: &bound };
    let ciphertext = cipher(key).encrypt(&XNonce::from(nonce), payload).map_err(|_| SealError::TooLong)?;
    Ok(Sealed { key: key.id, nonce, ciphertext, commitment: commitment(&salt, text) })
}

/// Opens a sealed value, and checks that it says what it was committed to.
pub fn open(key: &DataKey, place: &Place<'_>, sealed: &Sealed) -> Result<Opened, SealError> {
    if sealed.key != key.id {
        return Err(SealError::OtherKey);
    }
    let payload = Payload { msg: &sealed.ciphertext, aad: &place.bytes() };
    let inner = cipher(key).decrypt(&XNonce::from(sealed.nonce), payload).map_err(|_| SealError::Altered)?;
    let inner = Zeroizing::new(inner);
    let (salt, rest) = inner.split_first_chunk::<SALT>().ok_or(SealError::Altered)?;
    let (length, rest) = rest.split_first_chunk::<2>().ok_or(SealError::Altered)?;
    let text = rest.get(..usize::from(u16::from_be_bytes(*length))).ok_or(SealError::Altered)?;
    let text = std::str::from_utf8(text).map_err(|_| SealError::Altered)?;
    if commitment(salt, text) != sealed.commitment {
        return Err(SealError::Commitment);
    }
    Ok(Opened { text: Zeroizing::new(text.to_owned()), salt: *salt })
}

fn cipher(key: &DataKey) -> XChaCha20Poly1305 {
    let sealing = Zeroizing::new(mac(key.secret(), &[b"seal"]));
    XChaCha20Poly1305::new(&Key::from(*sealing))
}

/// A sealed value as payloads hold it.
pub fn to_stored(sealed: &Sealed) -> stored::SealedField {
    stored::SealedField {
        key_id: sealed.key.0.to_vec(),
        nonce: sealed.nonce.to_vec(),
        ciphertext: sealed.ciphertext.clone(),
        commitment: sealed.commitment.to_vec(),
    }
}

/// A sealed value from a payload, or what is wrong with its shape.
pub fn from_stored(field: stored::SealedField) -> Result<Sealed, String> {
    fn sized<const N: usize>(bytes: Vec<u8>, what: &str) -> Result<[u8; N], String> {
        bytes.try_into().map_err(|_| format!("the {what} of a sealed field is not {N} bytes"))
    }
    Ok(Sealed {
        key: KeyId(sized(field.key_id, "key id")?),
        nonce: sized(field.nonce, "nonce")?,
        ciphertext: field.ciphertext,
        commitment: sized(field.commitment, "commitment")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Uscc;

    fn key(byte: u8) -> DataKey {
        DataKey::new(KeyId([byte; 16]), Zeroizing::new([byte; 32]))
    }

    fn owner(code: &str) -> Entity {
        Entity::Firm(Uscc::parse(code).unwrap())
    }

    #[test]
    fn it_opens_in_its_place_and_nowhere_else() {
        let (one, two) = (owner("91350100M000100Y43"), owner("91512081MA62K0260E"));
        let place = Place { log_id: [7; 16], event_type: 101, field: "phone", owner: &one };
        let sealed = seal(&key(1), &place, "13800138000").unwrap();
        assert_eq!(*open(&key(1), &place, &sealed).unwrap().text, "13800138000");
        assert_eq!(open(&key(2), &place, &sealed), Err(SealError::OtherKey));
        for moved in [
            Place { log_id: [8; 16], ..place },
            Place { event_type: 102, ..place },
            Place { field: "email", ..place },
            Place { owner: &two, ..place },
        ] {
            assert_eq!(open(&key(1), &moved, &sealed), Err(SealError::Altered), "{moved:?}");
        }
        for at in 0..sealed.ciphertext.len() {
            let mut altered = sealed.clone();
            altered.ciphertext[at] ^= 1;
            assert_eq!(open(&key(1), &place, &altered), Err(SealError::Altered), "byte {at}");
        }
        let other = Sealed { commitment: [0; 32], ..sealed };
        assert_eq!(open(&key(1), &place, &other), Err(SealError::Commitment));
    }

    #[test]
    fn equal_bytes_mean_equal_text_under_one_key() {
        let owner = owner("91350100M000100Y43");
        let place = Place { log_id: [7; 16], event_type: 101, field: "phone", owner: &owner };
        let sealed = |byte, text| seal(&key(byte), &place, text).unwrap();
        assert_eq!(sealed(1, "13800138000"), sealed(1, "13800138000"));
        let (one, other, twin) = (sealed(1, "13800138000"), sealed(1, "13800138001"), sealed(2, "13800138000"));
        for (a, b) in [(&one, &other), (&one, &twin)] {
            assert!(a.nonce != b.nonce && a.ciphertext != b.ciphertext && a.commitment != b.commitment);
        }
    }

    #[test]
    fn the_length_of_a_name_is_not_told() {
        let owner = owner("91350100M000100Y43");
        let place = Place { log_id: [7; 16], event_type: 101, field: "display_name", owner: &owner };
        let length = |text| seal(&key(1), &place, text).unwrap().ciphertext.len();
        assert_eq!(length("李四"), length("欧阳娜娜甲乙"));
        assert!(seal(&key(1), &place, &"x".repeat(TEXT_BYTES_MAX + 1)).is_err());
        let longest = "x".repeat(TEXT_BYTES_MAX);
        assert_eq!(*open(&key(1), &place, &seal(&key(1), &place, &longest).unwrap()).unwrap().text, longest);
    }

    #[test]
    fn the_commitment_is_a_plain_digest_of_salt_and_text() {
        let owner = owner("91350100M000100Y43");
        let place = Place { log_id: [7; 16], event_type: 101, field: "phone", owner: &owner };
        let sealed = seal(&key(1), &place, "13800138000").unwrap();
        let salt = open(&key(1), &place, &sealed).unwrap().salt;
        let by_hand: Hash = Sha256::digest([&salt[..], b"13800138000"].concat()).into();
        assert_eq!(sealed.commitment, by_hand);
        assert_eq!(from_stored(to_stored(&sealed)), Ok(sealed));
    }
}
