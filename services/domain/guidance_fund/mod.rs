//! Angel guidance funds (天使投资引导基金): the facts, what is known of one on a day, and the rules that its line must keep.
//!
//! Chosen where rules §5 is silent: a contribution is capital paid in (实缴), by the government or by others, and the same again
//! only when all its values are, as an investment is; nothing is contributed to or invested by a fund before it is
//! established; a firm that is deregistered is invested in no more. An investment dated before the firm's registration is
//! accepted, as every fact before a registration is (see `firm::rules`): it counts as invested, and never as in an early
//! stage, which only a registration begins. Capital that is drawn back is no fact here: the contribution that turns out
//! smaller is replaced.

use super::check::Violation;
use super::event::{Entity, Event};
use super::firm;
use super::incubator::Term;
use super::line::{AsOf, Line};
use super::reason::Reason;
use super::registry::Registry;
use super::values::{GuidanceFundId, Uscc};
use super::words::CapitalSource;

/// What can happen to a guidance fund.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GuidanceFundEvent {
    /// Established on this day.
    Established(GuidanceFundEstablished),
    /// Capital paid in on this day.
    Contributed(GuidanceFundContributed),
    /// Invested in a firm on this day.
    Invested(GuidanceFundInvested),
}

/// A fund as it is established.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GuidanceFundEstablished {
    /// Its id.
    pub fund: GuidanceFundId,
    /// Its name.
    pub name: String,
    /// Its size as stated (基金规模), fen.
    pub size: i64,
}

/// Capital paid in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GuidanceFundContributed {
    /// The fund.
    pub fund: GuidanceFundId,
    /// Fen.
    pub amount: i64,
    /// Whose.
    pub source: CapitalSource,
}

/// An investment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GuidanceFundInvested {
    /// The fund.
    pub fund: GuidanceFundId,
    /// The firm.
    pub firm: Uscc,
    /// Fen.
    pub amount: i64,
}

impl GuidanceFundEvent {
    /// The fund.
    pub fn fund(&self) -> &GuidanceFundId {
        match self {
            Self::Established(established) => &established.fund,
            Self::Contributed(contributed) => &contributed.fund,
            Self::Invested(invested) => &invested.fund,
        }
    }

    /// The entity on whose line the fact stands.
    pub fn owner(&self) -> Entity {
        Entity::GuidanceFund(self.fund().clone())
    }

    /// The firm that is invested in.
    pub fn other(&self) -> Option<Entity> {
        match self {
            Self::Invested(invested) => Some(Entity::Firm(invested.firm)),
            Self::Established(_) | Self::Contributed(_) => None,
        }
    }

    /// Its type code in the journal, which also tells its key from others.
    pub fn code(&self) -> u8 {
        match self {
            Self::Established(_) => 90,
            Self::Contributed(_) => 91,
            Self::Invested(_) => 92,
        }
    }
}

/// What a fund was established as, as known, whatever the day asked for.
pub fn established(line: &Line, as_of: AsOf) -> Option<Term<&GuidanceFundEstablished>> {
    line.seen(as_of.any_day()).find_map(|entry| match &entry.event {
        Event::GuidanceFund(GuidanceFundEvent::Established(value)) => {
            Some(Term { day: entry.day, value, position: entry.position })
        }
        _ => None,
    })
}

/// A guidance fund as its facts tell it.
#[derive(Clone, Debug)]
pub struct GuidanceFundView<'a> {
    /// What was established, whatever the day asked for.
    pub established: Term<&'a GuidanceFundEstablished>,
    /// Capital paid in, by day.
    pub contributions: Vec<Term<&'a GuidanceFundContributed>>,
    /// Investments by day.
    pub investments: Vec<Term<&'a GuidanceFundInvested>>,
}

impl<'a> GuidanceFundView<'a> {
    /// What the line tells, filtered; none where it was never established, as known.
    pub fn of(line: &'a Line, as_of: AsOf) -> Option<Self> {
        let established = established(line, as_of)?;
        let mut view = Self { established, contributions: Vec::new(), investments: Vec::new() };
        for entry in line.seen(as_of) {
            let (day, position) = (entry.day, entry.position);
            match &entry.event {
                Event::GuidanceFund(GuidanceFundEvent::Contributed(value)) => {
                    view.contributions.push(Term { day, value, position });
                }
                Event::GuidanceFund(GuidanceFundEvent::Invested(value)) => {
                    view.investments.push(Term { day, value, position });
                }
                _ => {}
            }
        }
        view.contributions.sort_by_key(|term| (term.day, term.position));
        view.investments.sort_by_key(|term| (term.day, term.position));
        Some(view)
    }
}

/// Every rule that a fund's line breaks behind a position (0: all of it): it was established before anything else, and whom
/// it invests in is there and was not struck off. Facts of one fund don't bind each other beyond that.
pub fn violations(registry: &Registry, id: &GuidanceFundId, after: u64) -> Vec<Violation> {
    let Some(line) = registry.innovation().guidance_fund_line(id) else { return Vec::new() };
    let Some(begun) = established(line, AsOf::NOW) else {
        let message = format!("guidance fund {id} is not established");
        let orphan = |position| Violation::new(Reason::UnknownGuidanceFund, position, None, message.clone());
        return line.live().map(|entry| orphan(entry.position)).collect();
    };
    let first = line.entries().partition_point(|entry| entry.position <= after);
    let judged = line.entries()[first..].iter().filter(|entry| entry.is_live() && entry.position != begun.position);
    let mut found = Vec::new();
    for entry in judged {
        let (day, at) = (entry.day, entry.position);
        if day < begun.day {
            let message = format!("guidance fund {id} is established on {}; the fact is of {day}", begun.day);
            // Of the two, the one recorded later breaks the rule.
            let (first, second) = (begun.position.min(at), begun.position.max(at));
            found.push(Violation::new(Reason::DatesOutOfOrder, second, Some(first), message));
        }
        if let Event::GuidanceFund(GuidanceFundEvent::Invested(made)) = &entry.event {
            found.extend(firm::rules::as_party(registry, made.firm, (day, at)));
        }
    }
    found
}
