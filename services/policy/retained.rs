//! Retained tax (地方留成, rules §5): R(taxpayer, scheme, [lo, hi)).

use super::evaluation::Evaluation;
use super::exact::{Exact, PPM};
use super::parameters::RetainedTerms;
use super::say;
use super::trace::{Figure, Node, Source, Step, Trace, Unit, listed};
use crate::domain::tax_receipt::Receipt;
use crate::domain::{Day, TaxNature};

/// A sum of retained tax as it grows, receipt by receipt: fen × ppm, so that nothing is rounded.
pub(super) struct Retained<T: Trace> {
    fen_ppm: i128,
    count: usize,
    why: T::Why,
}

impl<T: Trace> Default for Retained<T> {
    fn default() -> Self {
        Self { fen_ppm: 0, count: 0, why: T::Why::default() }
    }
}

/// Whether the nature of an amount lets it count: late fees, penalties and audit supplements never do.
fn is_tax_proper(nature: TaxNature) -> bool {
    matches!(nature, TaxNature::Normal | TaxNature::Refund)
}

/// Whether a receipt counts for a scheme, whatever its day.
pub(super) fn counts(terms: &RetainedTerms, receipt: &Receipt<'_>) -> bool {
    is_tax_proper(receipt.nature) && terms.taxes.contains(&receipt.tax)
}

impl<T: Trace> Retained<T> {
    /// Adds a receipt that `counts`. A tax or day without a share counts 0.
    pub fn add(&mut self, of: &Evaluation<'_>, terms: &RetainedTerms, receipt: &Receipt<'_>) {
        let table = of.policy.shares.on(receipt.day);
        let ppm = table.and_then(|table| table.value.ppm(receipt.tax, terms.base)).unwrap_or(0);
        self.fen_ppm += i128::from(receipt.amount) * i128::from(ppm);
        let leaf = || {
            let key = |at: usize| format!("local_share[{at}].tax.{}", receipt.tax.key());
            let source = match table {
                Some(table) => Source::Parameter { key: key(table.index), from: table.from },
                None => Source::Parameter { key: "local_share".into(), from: Day::MIN },
            };
            leaf(receipt, ppm, source, terms)
        };
        T::note(&mut self.why, || listed(of.told, self.count, leaf));
        self.count += 1;
    }

    /// The sum, or 0 where it is negative.
    pub fn finish(self) -> Figure<T> {
        let value = Exact::new(self.fen_ppm, PPM);
        let sum = Figure::derived(Step::Sum, value, Unit::Fen, self.why, |value| {
            format!("各笔入库税款的留成部分合计{}", say::yuan(value))
        });
        sum.at_least_zero(|value| match value {
            Exact::ZERO => "留成合计不为正，按0计".to_owned(),
            value => format!("留成基数{}", say::yuan(value)),
        })
    }
}

fn leaf(receipt: &Receipt<'_>, ppm: i64, share: Source, terms: &RetainedTerms) -> Node {
    let (amount, rate) = (Exact::whole(receipt.amount), Exact::ppm(ppm));
    let value = amount.times(rate);
    let fact = Source::Fact { position: receipt.position, day: receipt.day };
    let paid = format!(
        "{}入库{}（{}）{}，凭证{}，记录第{}号",
        say::day(receipt.day),
        receipt.tax.chinese(),
        receipt.nature.chinese(),
        say::yuan(amount),
        receipt.voucher,
        receipt.position,
    );
    let part = format!("{}的{}比例{}", receipt.tax.chinese(), terms.base.chinese(), say::percent(ppm));
    Node {
        step: Step::Product,
        value: Some(value),
        unit: Unit::Fen,
        source: Source::Derived,
        sentence: format!("{}×{}={}", say::yuan(amount), say::percent(ppm), say::yuan(value)),
        children: vec![Node::given(amount, Unit::Fen, fact, paid), Node::given(rate, Unit::Ratio, share, part)],
    }
}
