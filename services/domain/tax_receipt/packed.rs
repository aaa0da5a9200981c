//! How receipts lie in memory: 48 bytes each and 4 for where a position finds them, in the order of recording, each with the
//! place of the one before it of the same payer; and 8 bytes for what finds them by their voucher.

use super::{Receipt, Voucher};
use crate::domain::event::TaxReceipt;
use crate::domain::values::{Day, VoucherNo};
use crate::domain::words::{Tax, TaxNature};
use imbl::Vector;
use std::hash::{DefaultHasher, Hash, Hasher};

/// No receipt: the first of a payer has none before it.
pub(super) const NONE: u32 = u32::MAX;

/// Bits of a place that say how far before the receipt its command starts: a command has at most 65 535 events.
const OFFSET_BITS: u32 = 16;

/// A day that is not said.
const NO_DAY: i32 = i32::MIN;

/// Marks a voucher number that is no run of at most 18 digits: what follows is its index among the texts.
const IS_TEXT: u64 = 1 << 63;

/// A receipt as it lies in memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Packed {
    /// Position, and behind it in the low bits the distance to the start of its command.
    place: u64,
    amount: i64,
    voucher: u64,
    period: [i32; 2],
    day: Day,
    /// Index of the receipt before it of the same payer.
    pub previous: u32,
    /// Number of the payer.
    pub payer: u32,
    tax: Tax,
    nature: TaxNature,
    /// Taken back; by which command is kept apart, since few are.
    pub is_voided: bool,
}

impl Packed {
    pub fn new((position, start): (u64, u64), day: Day, receipt: &TaxReceipt, payer: u32, voucher: u64) -> Self {
        let offset = (position - start).min((1 << OFFSET_BITS) - 1);
        let (from, to) = receipt.period;
        Self {
            place: position << OFFSET_BITS | offset,
            amount: receipt.amount,
            voucher,
            period: [from, to].map(|day| day.map_or(NO_DAY, Day::days)),
            day,
            previous: NONE,
            payer,
            tax: receipt.tax,
            nature: receipt.nature,
            is_voided: false,
        }
    }

    pub fn position(&self) -> u64 {
        self.place >> OFFSET_BITS
    }

    pub fn is_of(&self, voucher: u64, tax: Tax) -> bool {
        self.voucher == voucher && self.tax == tax
    }

    /// As it is read, with the command that took it back.
    pub fn receipt<'a>(&self, texts: &'a Vector<VoucherNo>, voided: Option<u64>) -> Receipt<'a> {
        let position = self.position();
        let [from, to] = self.period.map(Day::from_days);
        Receipt {
            position,
            start: position - (self.place & ((1 << OFFSET_BITS) - 1)),
            voided,
            day: self.day,
            amount: self.amount,
            period: (from, to),
            tax: self.tax,
            nature: self.nature,
            voucher: read(self.voucher, texts),
        }
    }
}

/// A run of at most 18 digits as a number; a 1 before it keeps its leading zeros.
pub(super) fn digits(voucher: &str) -> Option<u64> {
    let all = voucher.len() <= 18 && voucher.bytes().all(|b| b.is_ascii_digit());
    all.then(|| voucher.bytes().fold(1, |number, b| number * 10 + u64::from(b - b'0')))
}

/// The number of a text.
pub(super) fn text(index: usize) -> u64 {
    IS_TEXT | index as u64
}

fn read(voucher: u64, texts: &Vector<VoucherNo>) -> Voucher<'_> {
    let text = (voucher & IS_TEXT != 0).then(|| usize::try_from(voucher & !IS_TEXT).ok().and_then(|at| texts.get(at)));
    text.flatten().map_or(Voucher::Digits(voucher), Voucher::Text)
}

/// What a voucher and tax are found by: half of their hash above the index of the receipt. Two vouchers may share it, so what
/// is found is compared.
pub(super) fn found_by(voucher: &str, tax: Tax, index: u32) -> u64 {
    let mut hasher = DefaultHasher::new();
    (voucher, tax).hash(&mut hasher);
    hasher.finish() << 32 | u64::from(index)
}
