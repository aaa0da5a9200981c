//! Platforms of public service (公共研发、检验检测、中试平台): the facts, what is known of one on a day, and the rules that its
//! line must keep.
//!
//! Chosen where rules §5 is silent: a year's report has the year's last day as its business date, as a firm's has, so a year
//! that is not over can't be reported; the report of the year in which the platform is completed states the input up to the
//! completion (its own words: 竣工当年只报至竣工日), for input is audited by year and not by day. The operator need not be a
//! registered firm; where it is one, its deregistration counts. A report of a year before the platform's registration is
//! accepted, as every fact before a registration is (see `firm::rules`), and no money follows from it (`policy`, P2 and P3).

use super::check::Violation;
use super::event::{Entity, Event};
use super::incubator::Term;
use super::line::{AsOf, Line};
use super::reason::{Fault, Reason};
use super::registry::Registry;
use super::values::{Day, PlatformId, Uscc};
use super::words::PlatformKind;

/// Hours a year past this are a slip: more than a hundred thousand machines run without a pause.
pub const HOURS_MAX: i64 = 1_000_000_000;

/// What can happen to a platform.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PlatformEvent {
    /// Entered the register on this day.
    Registered(PlatformRegistered),
    /// What it reported of the year that this day is the last of.
    YearReported(PlatformYear),
    /// Its construction was completed and it came into use on this day.
    Completed {
        /// The platform.
        platform: PlatformId,
    },
}

/// A platform as it enters the register.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlatformRegistered {
    /// Its id.
    pub platform: PlatformId,
    /// Its name.
    pub name: String,
    /// What it is for.
    pub kind: PlatformKind,
    /// Registered name of whoever built and runs it.
    pub operator_name: String,
    /// Its USCC.
    pub operator_code: Uscc,
}

/// A platform's report of a year.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlatformYear {
    /// The platform.
    pub platform: PlatformId,
    /// The year.
    pub year: i16,
    /// Its whole capacity of service (全部服务能力), hours; 0: it gave no service yet.
    pub capacity: i64,
    /// What of it was open to others (开放服务能力), hours.
    pub open_capacity: i64,
    /// Actual cost of service (实际服务成本), fen.
    pub service_cost: i64,
    /// Spent on building it (投入经费), in the year of completion up to that day; fen.
    pub input: i64,
}

impl PlatformEvent {
    /// The platform.
    pub fn platform(&self) -> &PlatformId {
        match self {
            Self::Registered(registered) => &registered.platform,
            Self::YearReported(report) => &report.platform,
            Self::Completed { platform } => platform,
        }
    }

    /// The entity on whose line the fact stands.
    pub fn owner(&self) -> Entity {
        Entity::Platform(self.platform().clone())
    }

    /// Its type code in the journal, which also tells its key from others.
    pub fn code(&self) -> u8 {
        match self {
            Self::Registered(_) => 82,
            Self::YearReported(_) => 83,
            Self::Completed { .. } => 84,
        }
    }
}

impl PlatformYear {
    /// Checks that no more was open than there is: OUT_OF_RANGE.
    pub fn checked(self) -> Result<Self, Fault> {
        if self.open_capacity > self.capacity {
            let message = format!("{} hours were open, of {} in all", self.open_capacity, self.capacity);
            return Err(Fault::new(Reason::OutOfRange, "open_capacity_hours", message));
        }
        Ok(self)
    }
}

/// A platform as its facts tell it.
#[derive(Clone, Debug)]
pub struct PlatformView<'a> {
    /// What it entered the register as, whatever the day asked for.
    pub registered: Term<&'a PlatformRegistered>,
    /// Its reports by year.
    pub years: Vec<Term<&'a PlatformYear>>,
    /// Day and position of its completion.
    pub completed: Option<(Day, u64)>,
}

impl<'a> PlatformView<'a> {
    /// What the line tells, filtered; none where it is not registered, as known.
    pub fn of(line: &'a Line, as_of: AsOf) -> Option<Self> {
        let registered = line.seen(as_of.any_day()).find_map(|entry| match &entry.event {
            Event::Platform(PlatformEvent::Registered(value)) => {
                Some(Term { day: entry.day, value, position: entry.position })
            }
            _ => None,
        })?;
        let mut view = Self { registered, years: Vec::new(), completed: None };
        for entry in line.seen(as_of) {
            match &entry.event {
                Event::Platform(PlatformEvent::YearReported(value)) => {
                    view.years.push(Term { day: entry.day, value, position: entry.position });
                }
                Event::Platform(PlatformEvent::Completed { .. }) => view.completed = Some((entry.day, entry.position)),
                _ => {}
            }
        }
        view.years.sort_by_key(|report| (report.day, report.position));
        Some(view)
    }
}

/// Every rule that a platform's line breaks: it is registered, and not completed before that.
pub fn violations(registry: &Registry, id: &PlatformId) -> Vec<Violation> {
    let Some(line) = registry.innovation().platform_line(id) else { return Vec::new() };
    let Some(view) = PlatformView::of(line, AsOf::NOW) else {
        let message = format!("platform {id} is not registered");
        let unknown = |position| Violation::new(Reason::UnknownPlatform, position, None, message.clone());
        return line.live().map(|entry| unknown(entry.position).with("platform", id)).collect();
    };
    let registered = view.registered;
    let too_early = view.completed.filter(|(day, _)| *day < registered.day);
    let violation = |(day, position): (Day, u64)| {
        let message = format!("platform {id} was completed on {day}, before it was registered on {}", registered.day);
        // Of the two, the one recorded later breaks the rule.
        let (first, second) = (registered.position.min(position), registered.position.max(position));
        let order = Violation::new(Reason::DatesOutOfOrder, second, Some(first), message);
        order.with("completed_date", day).with("registered_date", registered.day)
    };
    too_early.map(violation).into_iter().collect()
}
