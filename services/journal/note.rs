//! Checkpoints as signed notes (C2SP: `tlog-checkpoint` over `signed-note`), signed by Ed25519.
//!
//! ```text
//! districts/440203/logs/6f1c…34                           the origin: which log
//! 189                                                     size: positions 1 to 189 are covered
//! wmpXwqQo1pFDDJCXJhPzkyJ9hOfwHwzCqDKRX1JDR6A=            root of RFC 6962 over their records, base64
//!
//! — districts/440203/logs/6f1c…34 uZq2kP2R…               name of the key, then base64 of 4 bytes that tell it and 64 of signature
//! ```
//!
//! The name of a key is the origin of the log that it signs for, so a signature for one log is none for another. A public key
//! is written as other programs of the field do, `name+hex+base64`, or as PEM, which has no name and may be any log's. What
//! else is signed (issued figures) begins in a way that no origin does.

use super::envelope::Hash;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{PrivatePkcs8KeyDer, SubjectPublicKeyInfoDer};
use sha2::{Digest, Sha256};
use std::fmt;

/// Bytes that a note may have; an issued figure is one.
pub const NOTE_BYTES_MAX: usize = 64 * 1024 * 1024;
/// Signatures that are looked at.
const SIGNATURES_MAX: usize = 100;
/// What a signature line begins with.
const MARK: &str = "— ";
/// The algorithm's number in names of keys.
const ALGORITHM: u8 = 1;
/// An Ed25519 key in the form of X.509, before its 32 bytes.
const SPKI: [u8; 12] = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];

/// What is wrong with a note or a key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoteFault {
    /// It is no signed note.
    #[error("this is no signed note: {0}")]
    Malformed(&'static str),
    /// Its text is no checkpoint.
    #[error("the note is no checkpoint: {0}")]
    NoCheckpoint(&'static str),
    /// No line is signed by any of the keys.
    #[error("no signature of the note is by a key that is trusted here")]
    Unsigned,
    /// A key that is trusted is named, and the signature is not its.
    #[error("the signature by {name} does not hold")]
    Forged {
        /// Name of the key.
        name: String,
    },
    /// It is a checkpoint of another log.
    #[error("it is of {found}, not of {wanted}")]
    OtherLog {
        /// The note's origin.
        found: String,
        /// The origin that was expected.
        wanted: String,
    },
    /// It is no key.
    #[error("this is no Ed25519 key: {0}")]
    Key(&'static str),
}

/// The origin of a log: what its checkpoints begin with, and the name of its keys.
pub fn origin(district: &str, log_id: &[u8; 16]) -> String {
    format!("districts/{district}/logs/{}", hex::encode(log_id))
}

/// A key that signs.
pub struct SigningKey {
    pair: Ed25519KeyPair,
}

impl fmt::Debug for SigningKey {
    /// The public half only.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({})", hex::encode(self.public()))
    }
}

impl SigningKey {
    /// Reads a key file: PEM of PKCS #8, as `openssl genpkey -algorithm ed25519` writes it too.
    pub fn from_pem(pem: &[u8]) -> Result<Self, NoteFault> {
        let der = PrivatePkcs8KeyDer::from_pem_slice(pem).map_err(|_| NoteFault::Key("not PEM of a PRIVATE KEY"))?;
        let pair = Ed25519KeyPair::from_pkcs8_maybe_unchecked(der.secret_pkcs8_der());
        Ok(Self { pair: pair.map_err(|_| NoteFault::Key("the PRIVATE KEY is not Ed25519 in PKCS #8"))? })
    }

    /// Makes a key, and the PEM of its file.
    pub fn generate() -> Result<(Self, String), NoteFault> {
        let failed = |_| NoteFault::Key("the system gives no randomness");
        let der = Ed25519KeyPair::generate_pkcs8v1(&SystemRandom::new()).map_err(failed)?;
        let pem = pem("PRIVATE KEY", der.as_ref());
        Ok((Self::from_pem(pem.as_bytes())?, pem))
    }

    /// Its public half.
    pub fn public(&self) -> [u8; 32] {
        let mut public = [0; 32];
        public.copy_from_slice(self.pair.public_key().as_ref());
        public
    }

    /// Its public half under the name of a log.
    pub fn named(&self, name: &str) -> PublicKey {
        PublicKey { name: Some(name.to_owned()), key: self.public() }
    }

    /// The note of a text, which ends with a line's end and has no empty last line, signed in the name of a log.
    pub fn sign(&self, name: &str, text: &str) -> String {
        let mut bytes = key_hash(name, &self.public()).to_vec();
        bytes.extend_from_slice(self.pair.sign(text.as_bytes()).as_ref());
        format!("{text}\n{MARK}{name} {}\n", BASE64.encode(bytes))
    }
}

/// A key that checks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicKey {
    /// The log that it signs for; none: it is trusted for any.
    pub name: Option<String>,
    /// The key.
    pub key: [u8; 32],
}

impl fmt::Display for PublicKey {
    /// As `name+hex+base64`; without a name, in hex alone.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(name) = &self.name else { return f.write_str(&hex::encode(self.key)) };
        let key = [&[ALGORITHM][..], &self.key].concat();
        write!(f, "{name}+{}+{}", hex::encode(key_hash(name, &self.key)), BASE64.encode(key))
    }
}

impl PublicKey {
    /// Reads a line as `Display` writes it with a name.
    pub fn parse(line: &str) -> Result<Self, NoteFault> {
        let mut parts = line.splitn(3, '+');
        let (Some(name), Some(hash), Some(key)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(NoteFault::Key("a line is neither name+hash+key nor PEM"));
        };
        let bytes = BASE64.decode(key).map_err(|_| NoteFault::Key("its last part is not base64"))?;
        let key = match bytes.split_first() {
            Some((&ALGORITHM, key)) => <[u8; 32]>::try_from(key).map_err(|_| NoteFault::Key("it is not 32 bytes"))?,
            _ => return Err(NoteFault::Key("its algorithm is not 1, Ed25519")),
        };
        if !is_name(name) || hash != hex::encode(key_hash(name, &key)) {
            return Err(NoteFault::Key("its hash is not that of its name and key"));
        }
        Ok(Self { name: Some(name.to_owned()), key })
    }

    /// Reads a file of public keys: lines of `name+hex+base64`, or PEM. Several keys may stand in it, so that what an older
    /// key signed is still checked.
    pub fn parse_all(text: &str) -> Result<Vec<Self>, NoteFault> {
        let mut keys = Vec::new();
        if text.contains("-----BEGIN") {
            for der in SubjectPublicKeyInfoDer::pem_slice_iter(text.as_bytes()) {
                let der = der.map_err(|_| NoteFault::Key("the PEM can't be read"))?;
                let key = der.as_ref().strip_prefix(&SPKI[..]).and_then(|key| <[u8; 32]>::try_from(key).ok());
                keys.push(Self { name: None, key: key.ok_or(NoteFault::Key("the PUBLIC KEY is not Ed25519"))? });
            }
        } else {
            let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
            keys = lines.map(Self::parse).collect::<Result<_, _>>()?;
        }
        match keys.is_empty() {
            true => Err(NoteFault::Key("there is none in it")),
            false => Ok(keys),
        }
    }

    /// As PEM.
    pub fn pem(&self) -> String {
        pem("PUBLIC KEY", &[&SPKI[..], &self.key].concat())
    }
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && !name.contains('+') && !name.contains(char::is_whitespace)
}

fn key_hash(name: &str, key: &[u8; 32]) -> [u8; 4] {
    let mut hasher = Sha256::new();
    hasher.update(name.as_bytes());
    hasher.update([b'\n', ALGORITHM]);
    hasher.update(key);
    let digest = hasher.finalize();
    [digest[0], digest[1], digest[2], digest[3]]
}

fn pem(label: &str, der: &[u8]) -> String {
    let body = BASE64.encode(der);
    let lines: Vec<&str> = (0..body.len()).step_by(64).map(|at| &body[at..body.len().min(at + 64)]).collect();
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"))
}

/// A note taken apart; nothing of it is trusted before `verify`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note<'a> {
    /// What is signed, its last line's end included.
    pub text: &'a str,
    /// Name, what tells the key, signature.
    signatures: Vec<(&'a str, Vec<u8>)>,
}

impl<'a> Note<'a> {
    /// Takes a note apart.
    pub fn parse(note: &'a str) -> Result<Self, NoteFault> {
        if note.len() > NOTE_BYTES_MAX {
            return Err(NoteFault::Malformed("it is too long"));
        }
        if note.contains(|c: char| c.is_ascii_control() && c != '\n') {
            return Err(NoteFault::Malformed("there are control characters in it"));
        }
        let at = note.rfind("\n\n").ok_or(NoteFault::Malformed("no empty line before the signatures"))?;
        let (text, rest) = (&note[..=at], &note[at + 2..]);
        if text.trim_end_matches('\n').is_empty() || !rest.ends_with('\n') {
            return Err(NoteFault::Malformed("it is cut"));
        }
        let lines: Vec<&str> = rest.lines().collect();
        if lines.len() > SIGNATURES_MAX {
            return Err(NoteFault::Malformed("too many signatures"));
        }
        let signature = |line: &&'a str| {
            let (name, base64) = line.strip_prefix(MARK)?.split_once(' ')?;
            let bytes = BASE64.decode(base64).ok().filter(|bytes| bytes.len() > 4)?;
            is_name(name).then_some((name, bytes))
        };
        let signatures: Option<Vec<_>> = lines.iter().map(signature).collect();
        let signatures = signatures.ok_or(NoteFault::Malformed("a signature line can't be read"))?;
        Ok(Self { text, signatures })
    }

    /// The key of those trusted that signed it in the name of a log. A signature that names a trusted key and is not its
    /// makes the note a forgery; those of unknown keys say nothing.
    pub fn verify<'k>(&self, name: &str, keys: &'k [PublicKey]) -> Result<&'k PublicKey, NoteFault> {
        let mut signed = None;
        for (signer, bytes) in self.signatures.iter().filter(|(signer, _)| *signer == name) {
            let trusted = keys.iter().filter(|key| key.name.as_deref().is_none_or(|named| named == name));
            for key in trusted.filter(|key| key_hash(name, &key.key)[..] == bytes[..4]) {
                let checker = UnparsedPublicKey::new(&ED25519, key.key);
                if checker.verify(self.text.as_bytes(), &bytes[4..]).is_err() {
                    return Err(NoteFault::Forged { name: (*signer).to_owned() });
                }
                signed = Some(key);
            }
        }
        signed.ok_or(NoteFault::Unsigned)
    }
}

/// What a log says of itself up to a position.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// Which log.
    pub origin: String,
    /// Records that it covers: positions 1 to this.
    pub size: u64,
    /// Root of the tree over them.
    pub root: Hash,
}

impl Checkpoint {
    /// The text that is signed.
    pub fn text(&self) -> String {
        format!("{}\n{}\n{}\n", self.origin, self.size, BASE64.encode(self.root))
    }

    /// Reads the text of a note. Further lines, which others may add, are passed over.
    pub fn parse(text: &str) -> Result<Self, NoteFault> {
        let mut lines = text.lines();
        let origin = lines.next().filter(|line| is_name(line)).ok_or(NoteFault::NoCheckpoint("no origin"))?;
        let size = lines.next().unwrap_or_default();
        let number = size.parse::<u64>().ok().filter(|number| number.to_string() == size);
        let number = number.ok_or(NoteFault::NoCheckpoint("its second line is no size"))?;
        let root = BASE64.decode(lines.next().unwrap_or_default()).ok().and_then(|root| root.try_into().ok());
        let root = root.ok_or(NoteFault::NoCheckpoint("its third line is no hash"))?;
        Ok(Self { origin: origin.to_owned(), size: number, root })
    }

    /// Reads a note whole and checks it: of this log, signed by one of these keys.
    pub fn open(note: &str, origin: &str, keys: &[PublicKey]) -> Result<Self, NoteFault> {
        let note = Note::parse(note)?;
        let checkpoint = Self::parse(note.text)?;
        if checkpoint.origin != origin {
            return Err(NoteFault::OtherLog { found: checkpoint.origin, wanted: origin.to_owned() });
        }
        note.verify(origin, keys)?;
        Ok(checkpoint)
    }

    /// The note.
    pub fn sign(&self, key: &SigningKey) -> String {
        key.sign(&self.origin, &self.text())
    }
}
