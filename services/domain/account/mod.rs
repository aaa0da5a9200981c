//! Accounts that awards are paid to: recorded by one person, confirmed by another, the number sealed.
//!
//! Chosen where rules §6 is silent: a payee has one account at a time, the last that was confirmed; one that is recorded
//! takes its place only when it is. What is shown of a number is its last digits. An account that an order came back from
//! (退票) is paid to no more, whatever claim it is for; the same number, bank and name are recorded again only with a document
//! that bears out that it takes money, and whoever checks it is told.

pub mod steps;

use super::reason::{Fault, Reason};
use super::sealed::Sealed;
use super::values::{OrderNo, Uscc};
use std::collections::BTreeMap;
use std::fmt;

/// Digits of an account's number that are shown.
pub const TAIL_DIGITS: usize = 4;

/// Code of the event in which a number is sealed.
pub const RECORDED: u16 = 140;
/// Name of the sealed field.
pub const NUMBER: &str = "number";

/// A bank's number (联行号): 12 digits, the last of which is the check digit of ISO 7064 MOD 11,10.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BankNo([u8; 12]);

impl BankNo {
    /// Reads twelve digits whose check digit holds.
    pub fn parse(text: &str) -> Result<Self, Reason> {
        let bytes: [u8; 12] = text.as_bytes().try_into().map_err(|_| Reason::MalformedBankNumber)?;
        if !bytes.iter().all(u8::is_ascii_digit) {
            return Err(Reason::MalformedBankNumber);
        }
        let digit = |byte: &u8| u32::from(byte - b'0');
        let carried = bytes[..11].iter().fold(10, |product, byte| {
            let sum = (product + digit(byte)) % 10;
            (if sum == 0 { 10 } else { sum }) * 2 % 11
        });
        if (carried + digit(&bytes[11])) % 10 == 1 { Ok(Self(bytes)) } else { Err(Reason::MalformedBankNumber) }
    }

    /// The number as text.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default() // ASCII by construction.
    }
}

impl fmt::Display for BankNo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for BankNo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Checks an account's number before it is sealed: 8 to 32 digits.
pub fn checked_number(field: &str, text: &str) -> Result<(), Fault> {
    if (8..=32).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Ok(());
    }
    // The number itself is told nobody, its sender's log included.
    Err(Fault::new(Reason::MalformedName, field, format!("{field} is not a number of 8 to 32 digits")))
}

/// The last digits of a number: all that is shown of it.
pub fn tail(number: &str) -> String {
    number.chars().skip(number.chars().count().saturating_sub(TAIL_DIGITS)).collect()
}

/// An account as it was recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountRecorded {
    /// Whose it is.
    pub holder: Uscc,
    /// Principal who made it.
    pub by: String,
    /// The holder's name.
    pub holder_name: String,
    /// The number, sealed.
    pub number: Sealed,
    /// Its last digits.
    pub tail: String,
    /// The bank's name.
    pub bank_name: String,
    /// The bank's number.
    pub bank_no: BankNo,
}

/// What happens to an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AccountEvent {
    /// It was recorded.
    Recorded(Box<AccountRecorded>),
    /// Another person confirmed it.
    Confirmed {
        /// Whose it is.
        holder: Uscc,
        /// Principal who checked.
        by: String,
        /// Where it is recorded.
        recorded: u64,
    },
    /// Another person turned it down.
    Refused {
        /// Whose it is.
        holder: Uscc,
        /// Principal who checked.
        by: String,
        /// Where it is recorded.
        recorded: u64,
        /// Why.
        reason: String,
    },
}

impl AccountEvent {
    /// Code in the journal.
    pub fn code(&self) -> u8 {
        match self {
            Self::Recorded(_) => 140,
            Self::Confirmed { .. } => 141,
            Self::Refused { .. } => 142,
        }
    }

    /// Whose account it is.
    pub fn holder(&self) -> &Uscc {
        match self {
            Self::Recorded(recorded) => &recorded.holder,
            Self::Confirmed { holder, .. } | Self::Refused { holder, .. } => holder,
        }
    }
}

/// An account, and where it is recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    /// As it was recorded.
    pub recorded: AccountRecorded,
    /// Where.
    pub position: u64,
    /// Principal who confirmed it; empty: nobody has.
    pub checker: String,
}

/// An order that came back from an account (退票).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CameBack {
    /// The order.
    pub order: OrderNo,
    /// Where that is recorded.
    pub position: u64,
}

/// What is known of a payee's account.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Account {
    /// The one that is paid to.
    pub confirmed: Option<Known>,
    /// The one that waits for a second person.
    pub waiting: Option<Known>,
    /// Accounts that an order came back from, by where they are recorded; of each the first.
    pub returned: BTreeMap<u64, CameBack>,
    /// Where its last fact is recorded.
    pub position: u64,
}

impl AccountRecorded {
    /// Whether money for the one arrives where money for the other does: the same number, bank and name.
    pub fn is_same(&self, other: &Self) -> bool {
        let of = |one: &Self| (one.number.key, one.number.commitment, one.bank_no);
        of(self) == of(other) && self.holder_name == other.holder_name
    }
}

impl Account {
    /// Takes in a fact.
    pub fn evolve(&mut self, event: &AccountEvent, position: u64) {
        self.position = position;
        match event {
            AccountEvent::Recorded(recorded) => {
                let recorded = AccountRecorded::clone(recorded);
                self.waiting = Some(Known { recorded, position, checker: String::new() });
            }
            AccountEvent::Confirmed { by, .. } => {
                let confirmed = self.waiting.take().map(|known| Known { checker: by.clone(), ..known });
                self.confirmed = confirmed.or(self.confirmed.take());
            }
            AccountEvent::Refused { .. } => self.waiting = None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_banks_number_has_a_check_digit() {
        // The head offices of banks, as the payment system lists them, and the one that the plan's sources name.
        for good in ["102100099996", "105100000017", "104100000004", "103100000026", "308584000013", "104731003017"] {
            assert_eq!(BankNo::parse(good).unwrap().as_str(), good);
        }
        for bad in ["", "10210009999", "1021000999960", "102100099995", "104731003071", "10473100301a"] {
            assert_eq!(BankNo::parse(bad), Err(Reason::MalformedBankNumber), "{bad}");
        }
    }

    #[test]
    fn a_number_is_digits_and_only_its_end_is_shown() {
        assert!(checked_number("number", "2005020109200012345").is_ok());
        let fault = checked_number("number", "20050201O9200012345").unwrap_err();
        assert!(!fault.message.contains("2005"), "{}", fault.message);
        assert_eq!(tail("2005020109200012345"), "2345");
    }
}
