//! Budgets: what a treasury has for a scheme in a fiscal year, and what of it is taken.
//!
//! Chosen where rules §6 is silent: a budget is appropriated under a document and adjusted by further ones, up or down, never
//! below what is committed; how it is handed out is said by the first and holds. An approval commits, an order and a payment
//! are tracked against the same budget. The year's end frees it of orders that are not paid, those that came back among them;
//! what was approved and never ordered stays with the year of its approval until its first order, which is of its own year:
//! it is no order, and of a year that is over nobody else can take it.

pub mod steps;

use super::claim::state::Taking;
use super::reason::Reason;
use super::values::{Day, SchemeKey, TreasuryCode};
use super::words::Handing;
use std::fmt;

/// Claims that one round takes at most: their approvals are one act, and so one commit.
pub const ROUND_CLAIMS_MAX: usize = 5_000;

/// Which budget.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BudgetId {
    /// The treasury.
    pub payer: TreasuryCode,
    /// The scheme.
    pub scheme: SchemeKey,
    /// The fiscal year, a calendar year.
    pub year: i16,
}

impl BudgetId {
    /// Reads `{payer}-{scheme}-{year}`.
    pub fn parse(text: &str) -> Result<Self, Reason> {
        let parts = || {
            let (payer, rest) = text.split_once('-')?;
            let (scheme, year) = rest.rsplit_once('-')?;
            let year = Some(year).filter(|year| year.len() == 4 && year.bytes().all(|b| b.is_ascii_digit()))?;
            let year = year.parse().ok().filter(|year| *year >= 1900)?;
            Some(Self { payer: TreasuryCode::parse(payer).ok()?, scheme: SchemeKey::parse(scheme).ok()?, year })
        };
        parts().ok_or(Reason::MalformedName)
    }
}

impl fmt::Display for BudgetId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}-{}", self.payer, self.scheme, self.year)
    }
}

/// What happens to a budget.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BudgetEvent {
    /// So much more, or less, is there.
    Appropriated(Box<Appropriated>),
    /// A round begins: claims that are published by its last day share what is left.
    RoundOpened {
        /// The budget.
        budget: BudgetId,
        /// Principal.
        by: String,
        /// Its number, from 1.
        round: u32,
        /// Its last day.
        closes: Day,
    },
    /// A round was approved, in one act with the approvals that follow it.
    RoundApproved {
        /// The budget.
        budget: BudgetId,
        /// Principal.
        by: String,
        /// Its number.
        round: u32,
        /// What there was to share, fen.
        available: i64,
        /// What was claimed of it, fen.
        claimed: i64,
        /// Claims approved.
        claims: u32,
    },
}

/// An appropriation, or an adjustment of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Appropriated {
    /// The budget.
    pub budget: BudgetId,
    /// Principal.
    pub by: String,
    /// Fen; negative: so much less.
    pub amount: i64,
    /// How it is handed out.
    pub handing: Handing,
    /// Document number (文号).
    pub document_no: String,
    /// Programme (项目).
    pub programme: String,
    /// 功能分类科目.
    pub function_code: String,
}

impl BudgetEvent {
    /// Code in the journal.
    pub fn code(&self) -> u8 {
        match self {
            Self::Appropriated(_) => 130,
            Self::RoundOpened { .. } => 131,
            Self::RoundApproved { .. } => 132,
        }
    }

    /// The budget.
    pub fn budget(&self) -> &BudgetId {
        match self {
            Self::Appropriated(appropriated) => &appropriated.budget,
            Self::RoundOpened { budget, .. } | Self::RoundApproved { budget, .. } => budget,
        }
    }
}

/// A round of a budget.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Round {
    /// Its number, from 1.
    pub number: u32,
    /// Its last day.
    pub closes: Day,
    /// It was approved.
    pub approved: bool,
}

/// A budget as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Budget {
    /// Fen appropriated.
    pub appropriated: i64,
    /// How it is handed out.
    pub handing: Handing,
    /// Programme, as last said.
    pub programme: String,
    /// 功能分类科目, as last said.
    pub function_code: String,
    /// What claims take of it.
    pub taking: Taking,
    /// Its last round.
    pub round: Option<Round>,
    /// Where its last fact is recorded.
    pub position: u64,
}

impl Budget {
    /// Takes in a fact.
    pub fn evolve(budget: &mut Option<Self>, event: &BudgetEvent, position: u64) {
        if let (None, BudgetEvent::Appropriated(appropriated)) = (&budget, event) {
            *budget = Some(Self::new(appropriated));
        }
        let Some(known) = budget else { return };
        known.position = position;
        match event {
            BudgetEvent::Appropriated(appropriated) => {
                known.appropriated = known.appropriated.saturating_add(appropriated.amount);
                known.programme.clone_from(&appropriated.programme);
                known.function_code.clone_from(&appropriated.function_code);
            }
            BudgetEvent::RoundOpened { round, closes, .. } => {
                known.round = Some(Round { number: *round, closes: *closes, approved: false });
            }
            BudgetEvent::RoundApproved { .. } => {
                if let Some(round) = &mut known.round {
                    round.approved = true;
                }
            }
        }
    }

    fn new(appropriated: &Appropriated) -> Self {
        Self {
            appropriated: 0,
            handing: appropriated.handing,
            programme: String::new(),
            function_code: String::new(),
            taking: Taking::default(),
            round: None,
            position: 0,
        }
    }

    /// What nobody has taken, fen.
    pub fn left(&self) -> i64 {
        self.appropriated.saturating_sub(self.taking.committed)
    }

    /// Moves what is taken of it by what one claim took before and takes now.
    pub fn retake(&mut self, before: Taking, after: Taking) {
        let moved = |of: i64, before: i64, after: i64| of.saturating_sub(before).saturating_add(after);
        self.taking = Taking {
            committed: moved(self.taking.committed, before.committed, after.committed),
            ordered: moved(self.taking.ordered, before.ordered, after.ordered),
            paid: moved(self.taking.paid, before.paid, after.paid),
        };
    }
}
