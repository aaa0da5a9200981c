//! P1 `technology_transfer` (技术转移补助): per completed transfer, to the intermediary that brought it about.
//!
//! Chosen where rules §5 is silent: the version in force on the day of completion decides (none: no line), so does the
//! treasury of that day; an institution that was struck off by then gets nothing (DEREGISTERED); an individual has no code
//! to be paid under, so its line has no payee. While the waiting time runs, the line shows the whole amount as ACCRUING: it
//! does not grow, but nothing is due before the time has passed.

use super::evaluation::{Beneficiary, Draft, Evaluation, Line, Period};
use super::exact::Exact;
use super::parameters::{Dated, Version};
use super::say;
use super::trace::{Figure, Source, Trace, Unit};
use super::words::{Ground, Scheme, Status};
use crate::domain::incubator::Term;
use crate::domain::transfer::{IntermediaryRegistered, TechnologyTransferred};
use crate::domain::{IntermediaryId, Party, Uscc};

/// Parameters of P1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TechnologyTransfer {
    /// Of what was paid, for an institution, ppm.
    pub institution_rate_ppm: i64,
    /// The same for an individual.
    pub individual_rate_ppm: i64,
    /// Months from the completion until it is due.
    pub waiting_months: u32,
    /// Fen; none: no cap.
    pub cap_per_transfer_fen: Option<i64>,
}

impl TechnologyTransfer {
    /// The rate of a party with its key in the file.
    fn rate(&self, party: Party) -> (&'static str, i64) {
        match party {
            Party::Institution => ("institution_rate_ppm", self.institution_rate_ppm),
            Party::Individual => ("individual_rate_ppm", self.individual_rate_ppm),
        }
    }
}

type Terms = Dated<Version<TechnologyTransfer>>;

impl<'a> Evaluation<'a> {
    /// P1 of an intermediary, by completion and contract. Depends on its registration, on the transfers that name it, and on
    /// its deregistration where it is a registered firm.
    pub fn p1_of<T: Trace>(&self, id: &IntermediaryId) -> Vec<Line<T>> {
        let innovation = self.registry.innovation();
        let Some(registered) = innovation.intermediary(id, self.as_of) else { return Vec::new() };
        let mut transfers: Vec<Term<&'a TechnologyTransferred>> =
            innovation.transfers_ever_of(id).filter_map(|contract| innovation.transfer(contract, self.as_of)).collect();
        transfers.retain(|transfer| transfer.value.intermediary == *id);
        transfers.sort_by_key(|transfer| (transfer.day, &transfer.value.transfer));
        let lines = transfers.into_iter().filter_map(|transfer| {
            let version = self.policy.technology_transfer.on(transfer.day)?;
            Some(self.transfer_line(registered, transfer, version))
        });
        lines.collect()
    }

    fn transfer_line<T: Trace>(
        &self,
        registered: Term<&IntermediaryRegistered>,
        transfer: Term<&TechnologyTransferred>,
        version: &Terms,
    ) -> Line<T> {
        let (Term { day: completed, value, position }, party) = (transfer, registered.value.party);
        let due = completed.add_months(version.value.terms.waiting_months);
        let beneficiary = Beneficiary::Intermediary(value.intermediary.clone());
        let period = Period::Transfer(value.transfer.clone());
        let mut draft = Draft::bare(Scheme::TechnologyTransfer, beneficiary, period, self.status(due));
        let institution = Uscc::parse(value.intermediary.as_str()).ok().filter(|_| party == Party::Institution);
        draft.payee = institution;
        let payer = self.payer(version.value.payer, None, completed);
        draft.under(&self.policy.technology_transfer, version, self.as_of.day, payer);
        draft.fact(registered.position, registered.day, || {
            format!("{}（{}）于{}首次备案", registered.value.name, party.chinese(), say::day(registered.day))
        });
        draft.fact(position, completed, || {
            let (began, completed, due) = (say::day(value.began), say::day(completed), say::day(due));
            format!("合同{}的技术转移活动始于{began}，{completed}完成，{due}起可兑现", value.transfer)
        });
        let no = |mut draft: Draft<T>, ground| {
            draft.status = Status::Ineligible;
            draft.nothing(ground)
        };
        if registered.day >= value.began {
            return no(draft, Ground::NotRegisteredBefore);
        }
        let gone = institution.and_then(|code| self.deregistered(&code)).filter(|(gone, _)| *gone <= completed);
        if let Some((gone, at)) = gone {
            draft.fact(at, gone, || format!("{}于{}注销", registered.value.name, say::day(gone)));
            return no(draft, Ground::Deregistered);
        }
        draft.amount(award(transfer, party, version))
    }
}

/// min(half_up(actual payment × rate by party), cap).
fn award<T: Trace>(transfer: Term<&TechnologyTransferred>, party: Party, version: &Terms) -> Figure<T> {
    let Term { day, value, position } = transfer;
    let amount = Exact::whole(value.paid);
    let paid = Figure::given(amount, Unit::Fen, || {
        (Source::Fact { position, day }, format!("实际支付{}（记录第{position}号）", say::yuan(amount)))
    });
    let terms = &version.value.terms;
    let (key, ppm) = terms.rate(party);
    let rate = say::rate(version, key, ppm, &format!("{}补助比例", party.chinese()));
    Figure::product([paid, rate], |value| format!("实际支付×补助比例={}", say::yuan(value)))
        .half_up(|value| format!("四舍五入到分：{}", say::yuan(value)))
        .at_most(say::cap(version, "cap_per_transfer_fen", terms.cap_per_transfer_fen, "每项上限"), |value| {
            format!("不超过每项上限：{}", say::yuan(value))
        })
}
