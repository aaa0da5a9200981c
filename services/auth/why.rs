//! Why a credential does not hold, in one word.

use crate::domain::{Reason, Refusal};

macro_rules! whys {
    ($($(#[$doc:meta])* $variant:ident = $word:literal;)+) => {
        /// Why a credential does not hold.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Why {
            $($(#[$doc])* $variant,)+
        }

        impl Why {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$variant,)+];

            /// The word, as `why` of BAD_CREDENTIAL bears it.
            pub fn word(self) -> &'static str {
                match self { $(Self::$variant => $word,)+ }
            }
        }
    };
}

whys! {
    /// Its time is over.
    Expired = "expired";
    /// Its time has not come.
    NotYetValid = "not_yet_valid";
    /// It would hold for longer than a token may.
    TooLongLived = "too_long_lived";
    /// Signed by a key that is not in the key set.
    UnknownKey = "unknown_key";
    /// Neither a token of the file of tokens nor one that is signed.
    UnknownToken = "unknown_token";
    /// The signature is not the key's, or by another algorithm than the key's.
    BadSignature = "bad_signature";
    /// Meant for somebody else.
    WrongAudience = "wrong_audience";
    /// Issued by somebody else.
    WrongIssuer = "wrong_issuer";
    /// Taken back: in the denylist, or of an authority that is no longer trusted.
    Denied = "denied";
    /// Not of a form that is read.
    Malformed = "malformed";
    /// Larger than a token may be.
    TooLarge = "too_large";
    /// It holds, and whom it names is not in the file of principals.
    UnknownPrincipal = "unknown_principal";
}

impl From<Why> for Refusal {
    fn from(why: Why) -> Self {
        let word = why.word();
        Self::new(Reason::BadCredential, format!("the credential does not hold: {word}")).with("why", word)
    }
}
