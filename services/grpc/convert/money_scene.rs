//! Draws loans, funds, investments and receipts.

use super::frame::etag_of;
use super::position;
use super::scene::{Scene, number};
use crate::domain::event::TaxReceipt;
use crate::domain::firm::Investment;
use crate::domain::line::Line;
use crate::domain::loan::LoanView;
use crate::domain::{Entity, Entry, Event, IncubatorId, LoanId, Uscc};
use crate::wire::v1;

impl Scene<'_> {
    /// A loan; none where it is not drawn, as seen.
    pub fn loan(&self, id: &LoanId) -> Option<v1::Loan> {
        let view = LoanView::of(self.registry.loan_line(id)?, self.as_of)?;
        Some(self.loan_of(id, &view))
    }

    /// A loan from its view.
    pub fn loan_of(&self, id: &LoanId, view: &LoanView<'_>) -> v1::Loan {
        let entity = Entity::Loan(id.clone());
        let (revision, etag) = self.stamp(&entity);
        let payments = view.interest.iter().map(|payment| v1::InterestPayment {
            effective_date: payment.day.to_string(),
            amount_fen: payment.amount,
            nature: number(payment.nature.code()),
            position: position(payment.position),
        });
        v1::Loan {
            name: self.name(&entity),
            firm: self.name(&Entity::Firm(view.drawn.firm)),
            lender: view.drawn.lender.clone(),
            principal_fen: view.drawn.principal,
            rate_ppm: view.drawn.rate_ppm,
            drawdown_date: view.day.to_string(),
            maturity_date: view.drawn.maturity.to_string(),
            interest_payments: payments.collect(),
            position: position(view.position),
            revision,
            etag,
        }
    }

    /// The funds on a carrier's line, by day.
    pub fn seed_funds(&self, id: &IncubatorId, line: &Line) -> Vec<v1::SeedFund> {
        let mut funds: Vec<&Entry> = line.seen(self.as_of).collect();
        funds.sort_by_key(|entry| (entry.day, entry.position));
        funds.into_iter().filter_map(|entry| self.seed_fund(id, entry)).collect()
    }

    fn seed_fund(&self, id: &IncubatorId, entry: &Entry) -> Option<v1::SeedFund> {
        let Event::SeedFundEstablished { size, .. } = entry.event else { return None };
        Some(v1::SeedFund {
            incubator: self.name(&Entity::Incubator(id.clone())),
            effective_date: entry.day.to_string(),
            size_fen: size,
            position: position(entry.position),
        })
    }

    /// An investment in a firm.
    pub fn investment(&self, firm: &Uscc, investment: &Investment<'_>) -> v1::Investment {
        v1::Investment {
            incubator: self.name(&Entity::Incubator(investment.incubator.clone())),
            firm: self.name(&Entity::Firm(*firm)),
            effective_date: investment.day.to_string(),
            amount_fen: investment.amount,
            form: number(investment.form.code()),
            position: position(investment.position),
        }
    }

    /// A receipt.
    pub fn tax_receipt(&self, receipt: &TaxReceipt, day: &str, at: u64) -> v1::TaxReceipt {
        let (start, end) = receipt.period;
        v1::TaxReceipt {
            name: format!("districts/{}/taxReceipts/{}:{}", self.district, receipt.voucher, receipt.tax.key()),
            taxpayer_code: receipt.taxpayer.to_string(),
            tax: number(receipt.tax.code()),
            period_start_date: start.map(|day| day.to_string()).unwrap_or_default(),
            period_end_date: end.map(|day| day.to_string()).unwrap_or_default(),
            treasury_date: day.to_owned(),
            amount_fen: receipt.amount,
            nature: number(receipt.nature.code()),
            voucher_no: receipt.voucher.to_string(),
            position: position(at),
        }
    }

    /// What stands at a position, drawn as a fund, an investment or a receipt.
    pub fn drawn_at(&self, at: u64) -> Drawn {
        let Some(entry) = self.registry.entry_at(at) else { return Drawn::default() };
        match &entry.event {
            Event::SeedFundEstablished { incubator, .. } => {
                Drawn { seed_fund: self.seed_fund(incubator, &entry), ..Drawn::default() }
            }
            Event::InvestmentMade { firm, incubator, amount, form } => {
                let (day, amount, form) = (entry.day, *amount, *form);
                let investment = Investment { incubator, day, amount, form, position: at };
                Drawn { investment: Some(self.investment(firm, &investment)), ..Drawn::default() }
            }
            Event::TaxReceiptRecorded(receipt) => {
                let drawn = self.tax_receipt(receipt, &entry.day.to_string(), at);
                Drawn { tax_receipt: Some(drawn), ..Drawn::default() }
            }
            _ => Drawn::default(),
        }
    }
}

/// A fact that is a resource of its own.
#[derive(Default)]
pub struct Drawn {
    /// A fund.
    pub seed_fund: Option<v1::SeedFund>,
    /// An investment or guarantee.
    pub investment: Option<v1::Investment>,
    /// A receipt.
    pub tax_receipt: Option<v1::TaxReceipt>,
}

/// The loan with what the answer of its own command knows of it.
pub fn stamped(loan: v1::Loan, revision: u64) -> v1::Loan {
    v1::Loan { revision: position(revision), etag: etag_of(revision), ..loan }
}
