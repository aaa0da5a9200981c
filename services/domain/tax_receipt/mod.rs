//! Tax receipts: what reached the treasury. There are by far more of them than of all other facts, so they are kept packed,
//! not as entries of a line, and turned into facts where one is asked for.

use super::event::{Document, Event, TaxReceipt};
use super::line::{AsOf, Entry};
use super::values::{Day, Uscc, VoucherNo};
use super::words::{Tax, TaxNature};
use imbl::{HashMap, OrdMap, Vector};
use std::sync::Arc;

/// A receipt as kept: its own facts, its position and whether it was taken back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// Its position in the log.
    pub position: u64,
    /// How far before it its command starts.
    offset: u32,
    /// Day it reached the treasury.
    pub day: Day,
    /// Start of the command that took it back; 0: none did.
    voided: u64,
    /// Fen; negative for refunds.
    pub amount: i64,
    /// First and last day of the period that it is for.
    pub period: (Option<Day>, Option<Day>),
    /// The tax.
    pub tax: Tax,
    /// What it is.
    pub nature: TaxNature,
    /// Voucher number.
    pub voucher: VoucherNo,
}

impl Receipt {
    /// Position of the first event of its command.
    pub fn start(&self) -> u64 {
        self.position - u64::from(self.offset)
    }

    /// Start of the command that took it back.
    pub fn voided(&self) -> Option<u64> {
        (self.voided > 0).then_some(self.voided)
    }

    /// Whether it passes the filter of two times.
    pub fn is_seen(&self, as_of: AsOf) -> bool {
        self.start() <= as_of.known && self.voided().is_none_or(|start| start > as_of.known) && self.day <= as_of.day
    }

    /// What was recorded.
    pub fn receipt(&self, taxpayer: Uscc) -> TaxReceipt {
        let Self { tax, period, amount, nature, .. } = *self;
        TaxReceipt { taxpayer, tax, period, amount, nature, voucher: self.voucher.clone() }
    }
}

/// All receipts of a district.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Receipts {
    by_taxpayer: OrdMap<Uscc, Vector<Receipt>>,
    /// Of each voucher and tax, the last position that recorded it, taken back or not.
    by_voucher: HashMap<(VoucherNo, Tax), u64>,
    /// Where a tax of a voucher was recorded again: the position that recorded it before.
    before: OrdMap<u64, u64>,
    /// The few that bear documents.
    documents: OrdMap<u64, Arc<[Document]>>,
}

impl Receipts {
    /// Takes a receipt in; positions only grow.
    pub(super) fn push(&mut self, entry: Entry) {
        let Entry { position, start, voided, day, event, documents } = entry;
        let Event::TaxReceiptRecorded(receipt) = event else { return };
        let TaxReceipt { taxpayer, tax, period, amount, nature, voucher } = receipt;
        if !documents.is_empty() {
            self.documents.insert(position, documents.into());
        }
        if let Some(before) = self.by_voucher.insert((voucher.clone(), tax), position) {
            self.before.insert(position, before);
        }
        let offset = u32::try_from(position - start).unwrap_or(u32::MAX); // A command has at most 65 535 events.
        let voided = voided.unwrap_or(0);
        let kept = Receipt { position, offset, day, voided, amount, period, tax, nature, voucher };
        self.by_taxpayer.entry(taxpayer).or_default().push_back(kept);
    }

    pub(super) fn void(&mut self, taxpayer: &Uscc, position: u64, start: u64) {
        let Some(receipts) = self.by_taxpayer.get_mut(taxpayer) else { return };
        if let Ok(index) = receipts.binary_search_by_key(&position, |receipt| receipt.position)
            && let Some(receipt) = receipts.get_mut(index)
        {
            receipt.voided = start;
        }
    }

    /// The receipts of a taxpayer in the order of recording, those taken back included.
    pub fn of<'a>(&'a self, taxpayer: &Uscc) -> impl Iterator<Item = &'a Receipt> + use<'a> {
        self.by_taxpayer.get(taxpayer).into_iter().flatten()
    }

    /// Everyone who has receipts, in the order of their codes.
    pub fn taxpayers(&self) -> impl Iterator<Item = Uscc> + '_ {
        self.by_taxpayer.keys().copied()
    }

    /// The positions that recorded a tax of a voucher, the last first, taken back or not.
    pub fn positions_of(&self, voucher: &VoucherNo, tax: Tax) -> impl Iterator<Item = u64> + '_ {
        let last = self.by_voucher.get(&(voucher.clone(), tax)).copied();
        std::iter::successors(last, |position| self.before.get(position).copied())
    }

    /// The receipt at a position of a taxpayer.
    pub fn at(&self, taxpayer: &Uscc, position: u64) -> Option<&Receipt> {
        let receipts = self.by_taxpayer.get(taxpayer)?;
        let index = receipts.binary_search_by_key(&position, |receipt| receipt.position).ok()?;
        receipts.get(index)
    }

    /// The receipt at a position of a taxpayer, as a fact.
    pub(super) fn entry(&self, taxpayer: &Uscc, position: u64) -> Option<Entry> {
        let kept = self.at(taxpayer, position)?;
        let documents = self.documents.get(&position).map(|documents| documents.to_vec()).unwrap_or_default();
        let (start, voided, day) = (kept.start(), kept.voided(), kept.day);
        let event = Event::TaxReceiptRecorded(kept.receipt(*taxpayer));
        Some(Entry { position, start, voided, day, event, documents })
    }
}
