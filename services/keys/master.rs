//! The master key: 32 bytes in a file of its own, away from the data, that its owner alone may read.

use super::{KeysError, fill, write};
use crate::journal::sealed::mac;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::fmt;
use std::path::Path;
use zeroize::Zeroizing;

/// Bytes that the file may have.
const FILE_BYTES_MAX: u64 = 1024;

/// The key that wraps all data keys of a server. It is wiped when it is dropped, and never shown.
#[derive(Clone)]
pub struct MasterKey {
    secret: Zeroizing<[u8; 32]>,
}

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MasterKey({})", self.id())
    }
}

impl MasterKey {
    /// The key of these bytes.
    pub fn new(secret: Zeroizing<[u8; 32]>) -> Self {
        Self { secret }
    }

    /// Reads a file of 32 bytes in hex or base64, which only its owner may read.
    pub fn from_file(path: &Path) -> Result<Self, KeysError> {
        let fault = |detail: &str| KeysError::Master { path: path.to_owned(), detail: detail.to_owned() };
        let bytes = match write::read_private(path, FILE_BYTES_MAX) {
            Ok(Some(bytes)) => Zeroizing::new(bytes),
            Ok(None) => return Err(fault("no such file")),
            Err(KeysError::Io { source, .. }) => return Err(fault(&source.to_string())),
            Err(KeysError::Exposed { mode, .. }) => {
                return Err(fault(&format!(
                    "others may read it (mode {mode:03o}); chmod 600 makes it its owner's alone"
                )));
            }
            Err(error) => return Err(fault(&error.to_string())),
        };
        let text = std::str::from_utf8(&bytes).map(str::trim).unwrap_or_default();
        let mut secret = Zeroizing::new([0; 32]);
        let is_hex = text.len() == 64 && hex::decode_to_slice(text, secret.as_mut()).is_ok();
        let is_base64 = !is_hex && STANDARD.decode_slice(text, secret.as_mut()).is_ok_and(|length| length == 32);
        if is_hex || is_base64 {
            return Ok(Self { secret });
        }
        Err(fault("it holds 32 bytes as 64 hex digits or 44 characters of base64, and nothing else"))
    }

    /// Makes a new key in a file that must not be there yet, readable by its owner alone.
    pub fn make(path: &Path) -> Result<Self, KeysError> {
        let mut secret = Zeroizing::new([0; 32]);
        fill(secret.as_mut())?;
        let text = Zeroizing::new(format!("{}\n", hex::encode(secret.as_ref())));
        write::create_private(path, text.as_bytes())?;
        Ok(Self { secret })
    }

    /// By what files name it: a digest, of which nothing follows about a key of 32 random bytes.
    pub fn id(&self) -> String {
        hex::encode(&mac(&self.secret, &[b"incubator-registry master key id"])[..8])
    }

    /// The key for one purpose.
    pub(super) fn derive(&self, purpose: &str, bound: &[u8]) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(mac(&self.secret, &[purpose.as_bytes(), &[0], bound]))
    }
}
