//! Sealed values, as facts hold them: bytes that only the owner's key opens, and a commitment to what they say. How they are
//! made is the journal's business; here they are compared and kept.

use std::fmt;

/// The random id of a data key. It says nothing of the key.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId(pub [u8; 16]);

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// A value that is sealed under its owner's key. Two of one owner are equal exactly when they say the same in the same place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sealed {
    /// The key that opens it.
    pub key: KeyId,
    /// Nonce of the AEAD.
    pub nonce: [u8; 24],
    /// Salt and text, enciphered and authenticated.
    pub ciphertext: Vec<u8>,
    /// SHA-256 of the salt and the text.
    pub commitment: [u8; 32],
}
