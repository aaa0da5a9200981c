//! Entitlements as of a day: what one is, and the evaluation of one beneficiary or of all.

use super::exact::Exact;
use super::parameters::{Dated, Policy, Series, Version};
use super::say;
use super::touched::{Subject, neighbours};
use super::trace::{Figure, NoTrace, Node, Source, Step, Told, Trace, TreeTrace, Unit};
use super::words::{Ground, PayerRule, Scheme, Status};
use crate::domain::event::Operator;
use crate::domain::incubator::{IncubatorView, Term};
use crate::domain::{
    AsOf, Day, IncubatorId, InstrumentId, IntermediaryId, LoanId, ParkId, PlatformId, Registry, TransferId, Uscc, park,
};
use std::collections::BTreeSet;
use std::fmt;

/// Who is entitled.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Beneficiary {
    /// A carrier: its operator is paid.
    Incubator(IncubatorId),
    /// A firm.
    Firm(Uscc),
    /// An intermediary of technology transfers.
    Intermediary(IntermediaryId),
    /// A platform: its operator is paid.
    Platform(PlatformId),
    /// An instrument in the shared catalogue: its owner is paid.
    Instrument(InstrumentId),
}

impl fmt::Display for Beneficiary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Incubator(id) => id.fmt(f),
            Self::Firm(code) => code.fmt(f),
            Self::Intermediary(id) => id.fmt(f),
            Self::Platform(id) => id.fmt(f),
            Self::Instrument(id) => id.fmt(f),
        }
    }
}

/// For what an entitlement is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Period {
    /// S1, P2, P3, P4: a calendar year.
    Year(i16),
    /// S2: a relief year, `[from, to)`.
    Relief {
        /// Which, from 1.
        number: u32,
        /// Its first day.
        from: Day,
        /// The first day after it.
        to: Day,
    },
    /// S2: there is no window.
    NoWindow,
    /// S3: once for this firm.
    Firm(Uscc),
    /// S4: this loan.
    Loan(LoanId),
    /// P1: this technology transfer.
    Transfer(TransferId),
    /// P4: the purchase, once.
    Purchase,
}

impl fmt::Display for Period {
    /// As the JSON output writes it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Year(year) => year.fmt(f),
            Self::Relief { number, from, to } => write!(f, "year {number}: {from}..{to}"),
            Self::NoWindow => Ok(()),
            Self::Firm(code) => code.fmt(f),
            Self::Loan(id) => id.fmt(f),
            Self::Transfer(id) => id.fmt(f),
            Self::Purchase => f.write_str("purchase"),
        }
    }
}

/// Which treasury pays.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payer {
    /// 9-digit code.
    pub code: String,
    /// Its name.
    pub name: String,
    /// The fact that says so, by its day and position; none: the policy does.
    pub fact: Option<(Day, u64)>,
}

/// One line: what someone is entitled to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entitlement {
    /// The scheme.
    pub scheme: Scheme,
    /// Who is entitled.
    pub beneficiary: Beneficiary,
    /// Whom the money goes to: the firm, or the carrier's operator (S1: on 31 December, before that on the day asked for;
    /// S3: on the day the relief starts), the institution that is an intermediary, or the platform's
    /// operator, or the instrument's owner; none: no operator is known, or an
    /// individual is paid.
    pub payee: Option<Uscc>,
    /// For what.
    pub period: Period,
    /// Fen; past an i64 it stops at its end.
    pub amount_fen: i64,
    /// How far it has come.
    pub status: Status,
    /// Who pays; none where no version applies or nobody is known.
    pub payer: Option<Payer>,
    /// First day of the version; none where none applies.
    pub version: Option<Day>,
    /// Why it is 0, or can't be claimed.
    pub reason: Option<Ground>,
    /// Computed, but nothing new of it can be claimed on the day asked for: the version names no fair-competition review.
    pub suspended: bool,
}

impl Entitlement {
    /// Whether there is something of it to be claimed: an amount that somebody is known to pay, not suspended, and due. A
    /// technology transfer shows its whole amount while its waiting time runs, and nothing of it is due before that is over;
    /// what other schemes have accrued is there.
    pub fn is_claimable(&self) -> bool {
        let waits = self.scheme == Scheme::TechnologyTransfer && self.status == Status::Accruing;
        self.amount_fen > 0 && !self.suspended && self.payer.is_some() && !waits
    }

    /// Who gets the money, as stacking counts beneficiaries: the firm that owns the instrument, runs the platform or is the
    /// intermediary. A carrier stands for itself, since what it is awarded is earmarked for it whoever runs it; so does an
    /// individual, which has no code.
    pub fn party(&self) -> Beneficiary {
        match (&self.beneficiary, self.payee) {
            (Beneficiary::Incubator(_), _) | (_, None) => self.beneficiary.clone(),
            (_, Some(code)) => Beneficiary::Firm(code),
        }
    }
}

/// An entitlement with its explanation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explained {
    /// The entitlement.
    pub entitlement: Entitlement,
    /// Why it is what it is. The root's value is the amount.
    pub tree: Node,
}

/// A line as the schemes make it, with the nodes of its explanation where they are built.
pub struct Line<T: Trace> {
    /// The entitlement.
    pub entitlement: Entitlement,
    /// The root of the tree.
    pub why: T::Why,
}

/// What the first claims of a firm's relief (S2, S3) pinned.
#[derive(Clone, Copy, Debug)]
pub struct Pinned<'a> {
    /// The firm.
    pub firm: Uscc,
    /// Since when its relief years run; none: as the facts say.
    pub start: Option<Day>,
    /// How its award is split: in the proportions of these fen, by carrier; empty: as the facts say.
    pub shares: &'a [(IncubatorId, i64)],
}

/// Everything an answer depends on. Cheap to make: nothing is computed before it is asked for.
#[derive(Clone, Copy)]
pub struct Evaluation<'a> {
    pub(super) registry: &'a Registry,
    pub(super) policy: &'a Policy,
    pub(super) as_of: AsOf,
    pub(super) told: Option<Told<'a>>,
    /// What claims have pinned of a firm's relief.
    pub(super) pinned: Option<Pinned<'a>>,
}

impl<'a> Evaluation<'a> {
    /// As of the end of a day, as known at a position.
    pub fn new(registry: &'a Registry, policy: &'a Policy, as_of: AsOf) -> Self {
        Self { registry, policy, as_of, told: None, pinned: None }
    }

    /// With explanations of which only a part is told; none: all of them.
    #[must_use]
    pub fn telling(self, told: Option<Told<'a>>) -> Self {
        Self { told, ..self }
    }

    /// With what claims have pinned of a firm's relief (S2, S3), whatever later facts say; none: as the facts say.
    #[must_use]
    pub fn pinned(self, pinned: Option<Pinned<'a>>) -> Self {
        Self { pinned, ..self }
    }

    /// The policy.
    pub fn policy(&self) -> &'a Policy {
        self.policy
    }

    /// Everything, in the order of rules §5: S1 by carrier and year, S2 with its S3 by firm, S4 by drawdown and contract;
    /// then P1 by intermediary, completion and contract, P2 and P3 by platform and year,
    /// P4 by instrument, its price before its years.
    pub fn all(&self) -> Vec<Entitlement> {
        self.lines::<NoTrace>().into_iter().map(|line| line.entitlement).collect()
    }

    /// Everything with its explanation: several times the work of `all`.
    pub fn all_explained(&self) -> Vec<Explained> {
        self.lines::<TreeTrace>().into_iter().filter_map(explained).collect()
    }

    /// What one subject is entitled to, in the same order.
    pub fn of(&self, subject: &Subject) -> Vec<Entitlement> {
        self.lines_of::<NoTrace>(subject).into_iter().map(|line| line.entitlement).collect()
    }

    /// What one subject is entitled to, with the explanations.
    pub fn explained(&self, subject: &Subject) -> Vec<Explained> {
        self.lines_of::<TreeTrace>(subject).into_iter().filter_map(explained).collect()
    }

    fn lines_of<T: Trace>(&self, subject: &Subject) -> Vec<Line<T>> {
        match subject {
            Subject::Carrier(id) => self.s1_of_carrier(id),
            Subject::Relocation(code) => self.s2_of(code),
            Subject::Loans(code) => self.s4_of(code),
            Subject::Transfers(id) => self.p1_of(id),
            Subject::OpenPlatform(id) => self.p2_of(id),
            Subject::PlatformConstruction(id) => self.p3_of(id),
            Subject::Instrument(id) => self.p4_of(id),
        }
    }

    fn lines<T: Trace>(&self) -> Vec<Line<T>> {
        let mut lines = Vec::new();
        for (id, _) in self.registry.incubators(self.as_of) {
            lines.extend(self.s1_of_carrier::<T>(id));
        }
        for firm in self.registry.firms(self.as_of) {
            lines.extend(self.relocation(&firm));
        }
        let borrowers: BTreeSet<Uscc> = self.registry.loans(self.as_of).map(|(_, loan)| loan.drawn.firm).collect();
        let mut loans: Vec<(Day, Line<T>)> = borrowers.iter().flat_map(|firm| self.loans_of(firm)).collect();
        loans.sort_by(|(a, x), (b, y)| a.cmp(b).then_with(|| x.entitlement.period.cmp(&y.entitlement.period)));
        lines.extend(loans.into_iter().map(|(_, line)| line));
        lines.extend(neighbours(self.registry, self.as_of).iter().flat_map(|subject| self.lines_of(subject)));
        lines
    }

    /// COMPLETE from the window's last day on.
    pub(super) fn status(&self, last_day: Day) -> Status {
        if self.as_of.day >= last_day { Status::Complete } else { Status::Accruing }
    }

    /// The first day from which a taxpayer's or borrower's receipts and interest don't count: its own deregistration.
    pub(super) fn deregistered(&self, code: &Uscc) -> Option<(Day, u64)> {
        self.registry.firm(code, self.as_of)?.deregistered
    }

    /// Who pays on a day. A dated fact on a park's treasury wins over the policy's list.
    pub(super) fn payer(&self, rule: PayerRule, park: Option<&ParkId>, day: Day) -> Option<Payer> {
        let listed = match rule {
            PayerRule::District => self.policy.district_treasury(),
            PayerRule::ParkTreasury => {
                let park = park?;
                if let Some(payer) = self.recorded_treasury(park, day) {
                    return Some(payer);
                }
                self.policy.park_treasury(park)
            }
        };
        listed.map(|treasury| Payer { code: treasury.code.clone(), name: treasury.name.clone(), fact: None })
    }

    fn recorded_treasury(&self, park: &ParkId, day: Day) -> Option<Payer> {
        let terms =
            park::treasuries(self.registry.park_line(park)?, AsOf { day: day.min(self.as_of.day), ..self.as_of });
        let term = terms.last()?;
        Some(Payer { code: term.code.to_owned(), name: term.name.to_owned(), fact: Some((term.day, term.position)) })
    }
}

/// Who ran a carrier on a day.
pub(super) fn operator_on<'a>(carrier: &IncubatorView<'a>, day: Day) -> Option<Term<&'a Operator>> {
    carrier.operators.iter().rev().find(|term| term.day <= day).copied()
}

fn explained(line: Line<TreeTrace>) -> Option<Explained> {
    let tree = line.why.into_iter().next()?;
    Some(Explained { entitlement: line.entitlement, tree })
}

/// What a line is about, before its amount is known.
pub(super) struct Draft<T: Trace> {
    pub scheme: Scheme,
    pub beneficiary: Beneficiary,
    pub payee: Option<Uscc>,
    pub period: Period,
    pub status: Status,
    pub payer: Option<Payer>,
    pub version: Option<Day>,
    pub suspended: bool,
    /// On what it rests beside its figures.
    pub grounds: T::Why,
}

impl<T: Trace> Draft<T> {
    /// A line that no version applies to.
    pub fn bare(scheme: Scheme, beneficiary: Beneficiary, period: Period, status: Status) -> Self {
        let payee = match beneficiary {
            Beneficiary::Firm(code) => Some(code),
            Beneficiary::Incubator(_)
            | Beneficiary::Intermediary(_)
            | Beneficiary::Platform(_)
            | Beneficiary::Instrument(_) => None,
        };
        let (payer, version, suspended, grounds) = (None, None, false, T::Why::default());
        Self { scheme, beneficiary, payee, period, status, payer, version, suspended, grounds }
    }

    /// Under a version.
    pub fn under<V>(
        &mut self,
        series: &Series<Version<V>>,
        version: &Dated<Version<V>>,
        day: Day,
        payer: Option<Payer>,
    ) {
        self.version = Some(version.from);
        self.suspended = version.is_suspended_on(day);
        let suspended = self.suspended;
        T::note(&mut self.grounds, || {
            Node::ground(say::clause(series, version), say::clause_sentence(series, version))
        });
        if suspended {
            T::note(&mut self.grounds, || {
                Node::ground(
                    say::parameter(version, "fair_competition_review"),
                    "未经公平竞争审查，暂停受理新的申报".into(),
                )
            });
        }
        T::note(&mut self.grounds, || payer_ground(version, payer.as_ref()));
        self.payer = payer;
    }

    /// Notes a fact that decided something.
    pub fn fact(&mut self, position: u64, day: Day, sentence: impl FnOnce() -> String) {
        T::note(&mut self.grounds, || {
            let sentence = format!("{}（记录第{position}号）", sentence());
            Node::ground(Source::Fact { position, day }, sentence)
        });
    }

    /// With nothing for a reason.
    pub fn nothing(self, reason: Ground) -> Line<T> {
        self.finish(None, Some(reason))
    }

    /// With its amount. Where nobody is known to pay a version's award, that is the reason.
    pub fn amount(self, amount: Figure<T>) -> Line<T> {
        let reason = (self.version.is_some() && self.payer.is_none()).then_some(Ground::PayerUnknown);
        self.finish(Some(amount), reason)
    }

    /// With its amount and a reason.
    pub fn finish(mut self, amount: Option<Figure<T>>, reason: Option<Ground>) -> Line<T> {
        let value = amount.as_ref().map_or(Exact::ZERO, |amount| amount.value);
        if let Some(amount) = amount {
            T::put(&mut self.grounds, amount.why);
        }
        let entitlement = Entitlement {
            scheme: self.scheme,
            beneficiary: self.beneficiary,
            payee: self.payee,
            period: self.period,
            amount_fen: value.fen(),
            status: self.status,
            payer: self.payer,
            version: self.version,
            reason,
            suspended: self.suspended,
        };
        let root = || Node {
            step: Step::Outcome,
            value: Some(value),
            unit: Unit::Fen,
            source: Source::Derived,
            sentence: outcome(&entitlement, value),
            children: Vec::new(),
        };
        let why = T::close(self.grounds, root);
        Line { entitlement, why }
    }
}

fn payer_ground<V>(version: &Dated<Version<V>>, payer: Option<&Payer>) -> Node {
    let rule = version.value.payer.chinese();
    let source = match payer.and_then(|payer| payer.fact) {
        Some((day, position)) => Source::Fact { position, day },
        None => say::parameter(version, "payer"),
    };
    let sentence = match payer {
        Some(payer) => format!("由{rule}支付：{}（{}）", payer.name, payer.code),
        None => format!("应由{rule}支付，但其财政未确定，暂不可申报"),
    };
    Node::ground(source, sentence)
}

fn outcome(entitlement: &Entitlement, value: Exact) -> String {
    let Entitlement { scheme, beneficiary, period, status, reason, .. } = entitlement;
    let reason = reason.map_or(String::new(), |reason| format!("，{}", reason.chinese()));
    let period = match period {
        Period::Year(year) => format!("{year}年度"),
        Period::Relief { number, from, to } => format!("第{number}年（{}至{}前）", say::day(*from), say::day(*to)),
        Period::NoWindow => String::new(),
        Period::Firm(code) => format!("（企业{code}）"),
        Period::Loan(id) => format!("（合同{id}）"),
        Period::Transfer(id) => format!("（技术合同{id}）"),
        Period::Purchase => "购置".to_owned(),
    };
    let (scheme, status, amount) = (scheme.chinese(), status.chinese(), say::yuan(value));
    format!("{scheme} {beneficiary} {period}：{amount}（{status}{reason}）")
}
