//! Tax receipts: what reached the treasury. There are by far more of them than of all other facts, so they are kept packed,
//! not as entries of a line, and turned into facts where one is asked for.

mod keys;
mod packed;

use super::event::{Document, Event, TaxReceipt};
use super::line::{AsOf, Entry};
use super::values::{Day, Uscc, VoucherNo};
use super::words::{Tax, TaxNature};
use imbl::{OrdMap, Vector};
use keys::Keys;
use packed::{NONE, Packed};
use std::fmt;
use std::sync::Arc;

/// A receipt as it is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Receipt<'a> {
    /// Its position in the log.
    pub position: u64,
    /// Position of the first event of its command.
    pub start: u64,
    /// Start of the command that took it back.
    pub voided: Option<u64>,
    /// Day it reached the treasury.
    pub day: Day,
    /// Fen; negative for refunds.
    pub amount: i64,
    /// First and last day of the period that it is for.
    pub period: (Option<Day>, Option<Day>),
    /// The tax.
    pub tax: Tax,
    /// What it is.
    pub nature: TaxNature,
    /// Voucher number.
    pub voucher: Voucher<'a>,
}

/// A voucher number as it is kept; `Display` writes it as registered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Voucher<'a> {
    /// A run of at most 18 digits, behind a 1.
    Digits(u64),
    /// Any other.
    Text(&'a VoucherNo),
}

impl fmt::Display for Voucher<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Digits(number) => f.write_str(&number.to_string()[1..]),
            Self::Text(text) => text.fmt(f),
        }
    }
}

impl Receipt<'_> {
    /// Whether it passes the filter of two times.
    pub fn is_seen(&self, as_of: AsOf) -> bool {
        self.start <= as_of.known && self.voided.is_none_or(|start| start > as_of.known) && self.day <= as_of.day
    }

    /// What was recorded.
    pub fn receipt(&self, taxpayer: Uscc) -> TaxReceipt {
        let Self { tax, period, amount, nature, voucher, .. } = *self;
        let voucher = match voucher {
            Voucher::Text(text) => text.clone(),
            Voucher::Digits(_) => VoucherNo::of_digits(&voucher.to_string()),
        };
        TaxReceipt { taxpayer, tax, period, amount, nature, voucher }
    }
}

/// All receipts of a district.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Receipts {
    /// In the order of recording.
    all: Vector<Packed>,
    /// Who pays, by number.
    payers: Vector<Uscc>,
    /// Of each payer its number and the index of its last receipt.
    by_taxpayer: OrdMap<Uscc, (u32, u32)>,
    /// Voucher numbers that don't pack.
    texts: Vector<VoucherNo>,
    numbers: OrdMap<VoucherNo, u64>,
    /// See `packed::found_by`.
    by_voucher: Keys,
    /// By position, the command that took it back.
    voids: OrdMap<u64, u64>,
    /// The few that bear documents.
    documents: OrdMap<u64, Arc<[Document]>>,
}

impl Receipts {
    /// Takes a receipt in; positions only grow. Gives its index, and what it is to be found by once `index` has it.
    pub(super) fn push(&mut self, entry: Entry) -> (usize, Option<u64>) {
        let at = self.all.len();
        let Entry { position, start, voided, day, event, documents } = entry;
        let Event::TaxReceiptRecorded(receipt) = event else { return (at, None) };
        let index = u32::try_from(at).unwrap_or(NONE);
        if !documents.is_empty() {
            self.documents.insert(position, documents.into());
        }
        let voucher = self.number(&receipt.voucher);
        let payers = &mut self.payers;
        let (payer, last) = self.by_taxpayer.entry(receipt.taxpayer).or_insert_with(|| {
            payers.push_back(receipt.taxpayer);
            (u32::try_from(payers.len() - 1).unwrap_or(NONE), NONE)
        });
        let mut packed = Packed::new((position, start), day, &receipt, *payer, voucher);
        packed.previous = std::mem::replace(last, index);
        packed.is_voided = voided.is_some();
        self.voids.extend(voided.map(|start| (position, start)));
        self.all.push_back(packed);
        (at, Some(packed::found_by(receipt.voucher.as_str(), receipt.tax, index)))
    }

    /// Lets a receipt be found by its voucher.
    pub(super) fn index(&mut self, found_by: u64) {
        self.by_voucher.insert(found_by);
    }

    /// Lets many be found, in ascending order of what they are found by.
    pub(super) fn index_sorted(&mut self, found_by: Vec<u64>) {
        self.by_voucher.insert_sorted(found_by);
    }

    /// The number that a voucher is kept by.
    fn number(&mut self, voucher: &VoucherNo) -> u64 {
        packed::digits(voucher.as_str()).unwrap_or_else(|| {
            let next = packed::text(self.texts.len());
            let number = *self.numbers.entry(voucher.clone()).or_insert(next);
            if number == next {
                self.texts.push_back(voucher.clone());
            }
            number
        })
    }

    pub(super) fn void(&mut self, index: usize, start: u64) {
        if let Some(packed) = self.all.get_mut(index) {
            packed.is_voided = true;
            self.voids.insert(packed.position(), start);
        }
    }

    /// The receipts of a taxpayer in the order of recording, those taken back included.
    pub fn of(&self, taxpayer: &Uscc) -> impl Iterator<Item = Receipt<'_>> + use<'_> {
        let at = |index: &u32| self.all.get(usize::try_from(*index).ok()?);
        let last = self.by_taxpayer.get(taxpayer).map(|(_, last)| *last);
        let mut indices: Vec<u32> =
            std::iter::successors(last, |index| Some(at(index)?.previous)).take_while(|index| *index != NONE).collect();
        indices.reverse();
        indices.into_iter().filter_map(move |index| Some(self.read(at(&index)?)))
    }

    fn read(&self, packed: &Packed) -> Receipt<'_> {
        let voided = packed.is_voided.then(|| self.voids.get(&packed.position()).copied()).flatten();
        packed.receipt(&self.texts, voided)
    }

    /// Everyone who has receipts, in the order of their codes.
    pub fn taxpayers(&self) -> impl Iterator<Item = Uscc> + '_ {
        self.by_taxpayer.keys().copied()
    }

    /// The receipts that record a tax of a voucher, the last first, taken back or not.
    pub fn of_voucher(&self, voucher: &VoucherNo, tax: Tax) -> impl Iterator<Item = (Uscc, Receipt<'_>)> {
        let number = packed::digits(voucher.as_str()).or_else(|| self.numbers.get(voucher).copied());
        let range = |number| (number, packed::found_by(voucher.as_str(), tax, 0));
        let found = number.map(range).into_iter().flat_map(move |(number, first)| {
            let found = self.by_voucher.range(first, first | u64::from(u32::MAX));
            found.map(move |key| (key & u64::from(u32::MAX), number))
        });
        found.filter_map(move |(index, number)| {
            let packed = self.all.get(usize::try_from(index).ok()?)?;
            packed.is_of(number, tax).then(|| self.with_payer(packed))?
        })
    }

    fn with_payer(&self, packed: &Packed) -> Option<(Uscc, Receipt<'_>)> {
        let payer = self.payers.get(usize::try_from(packed.payer).ok()?)?;
        Some((*payer, self.read(packed)))
    }

    /// Who paid, and the receipt, by the index that `push` gave.
    pub(super) fn at(&self, index: usize) -> Option<(Uscc, Receipt<'_>)> {
        self.with_payer(self.all.get(index)?)
    }

    /// The receipt as a fact, by the index that `push` gave.
    pub(super) fn entry(&self, index: usize) -> Option<Entry> {
        let (taxpayer, receipt) = self.at(index)?;
        let Receipt { position, start, voided, day, .. } = receipt;
        let documents = self.documents.get(&position).map(|documents| documents.to_vec()).unwrap_or_default();
        let event = Event::TaxReceiptRecorded(receipt.receipt(taxpayer));
        Some(Entry { position, start, voided, day, event, documents })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_receipt_takes_48_bytes() {
        assert_eq!(size_of::<Packed>(), 48);
    }

    #[test]
    fn vouchers_are_read_as_they_were_registered() {
        let firm = Uscc::parse("91350100M000100Y43").unwrap();
        let day = Day::from_ymd(2024, 2, 15).unwrap();
        let mut receipts = Receipts::default();
        let vouchers =
            ["0", "00", "000000000000000001", "999999999999999999", "1234567890123456789", "(2024)粤001", "0"];
        for (at, voucher) in (5..).zip(vouchers) {
            let voucher = VoucherNo::parse(voucher).unwrap();
            let receipt = TaxReceipt {
                taxpayer: firm,
                tax: Tax::Vat,
                period: (None, Some(day)),
                amount: -7,
                nature: TaxNature::Refund,
                voucher,
            };
            let event = Event::TaxReceiptRecorded(receipt);
            let (_, found_by) =
                receipts.push(Entry { position: at, start: at - 1, voided: None, day, event, documents: Vec::new() });
            receipts.index(found_by.unwrap());
        }
        let read: Vec<String> = receipts.of(&firm).map(|receipt| receipt.voucher.to_string()).collect();
        assert_eq!(read, vouchers);
        for (index, voucher) in vouchers.iter().enumerate() {
            let entry = receipts.entry(index).unwrap();
            assert_eq!((entry.position, entry.start, entry.day), (index as u64 + 5, index as u64 + 4, day));
            let Event::TaxReceiptRecorded(receipt) = entry.event else { unreachable!() };
            assert_eq!((receipt.voucher.as_str(), receipt.period, receipt.amount), (*voucher, (None, Some(day)), -7));
        }
        let zero = VoucherNo::parse("0").unwrap();
        let found: Vec<u64> = receipts.of_voucher(&zero, Tax::Vat).map(|(_, receipt)| receipt.position).collect();
        assert_eq!(found, [11, 5]);
        assert_eq!(receipts.of_voucher(&zero, Tax::Cit).count(), 0);
    }
}
