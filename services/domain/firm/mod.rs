//! Firms: what is known of one on a day, and the rules that its line must keep.

pub mod rules;

use super::event::{AnnualReport, Event};
use super::line::{AsOf, Entry, Line};
use super::values::{AssessmentId, Day, IncubatorId, ParkId, Uscc};
use super::words::{Criterion, InvestmentForm, Kind, LeaveKind};

/// A firm as its facts tell it.
#[derive(Clone, Debug)]
pub struct FirmView<'a> {
    /// Its code.
    pub code: Uscc,
    /// Its registration, whatever the day asked for: what it is does not depend on it.
    pub registered: Option<Registration<'a>>,
    /// Names it took later, by their first day.
    pub renames: Vec<Renamed<'a>>,
    /// Its earliest deregistration: the day and where it is recorded.
    pub deregistered: Option<(Day, u64)>,
    /// Its stays by the day of admission.
    pub stays: Vec<Stay<'a>>,
    /// Leavings whose admission is not there.
    pub orphans: Vec<&'a Entry>,
    /// Its way into a park.
    pub relocation: Relocation<'a>,
    /// Its annual reports by year: each with its position.
    pub reports: Vec<(&'a AnnualReport, u64)>,
    /// Its certificates as high-tech enterprise, by the first day.
    pub certificates: Vec<Certificate<'a>>,
    /// Investments in it and guarantees for it, by day.
    pub investments: Vec<Investment<'a>>,
}

/// A certificate as high-tech enterprise, `[day, expiry)`.
#[derive(Clone, Copy, Debug)]
pub struct Certificate<'a> {
    /// First day.
    pub day: Day,
    /// Number of the certificate.
    pub number: &'a str,
    /// First day on which it no longer holds, if stated.
    pub expiry: Option<Day>,
    /// Where it is recorded.
    pub position: u64,
}

/// An investment in a firm, or a guarantee for it.
#[derive(Clone, Copy, Debug)]
pub struct Investment<'a> {
    /// The carrier whose fund it came from.
    pub incubator: &'a IncubatorId,
    /// The day.
    pub day: Day,
    /// Fen.
    pub amount: i64,
    /// In which form.
    pub form: InvestmentForm,
    /// Where it is recorded.
    pub position: u64,
}

/// A firm's entry into the registry.
#[derive(Clone, Copy, Debug)]
pub struct Registration<'a> {
    /// Day of its registration.
    pub day: Day,
    /// Its name at first.
    pub name: &'a str,
    /// Technical field.
    pub field: &'a str,
    /// Where it is recorded.
    pub position: u64,
}

/// A name that a firm took.
#[derive(Clone, Copy, Debug)]
pub struct Renamed<'a> {
    /// First day.
    pub day: Day,
    /// The name.
    pub name: &'a str,
    /// Where it is recorded.
    pub position: u64,
}

/// One firm in one carrier, `[admitted, left)`.
#[derive(Clone, Copy, Debug)]
pub struct Stay<'a> {
    /// The carrier.
    pub incubator: &'a IncubatorId,
    /// Day of admission.
    pub admitted: Day,
    /// Document that waived the age limit; empty: none.
    pub waiver: &'a str,
    /// Where the admission is recorded.
    pub position: u64,
    /// How it ended; none while it lasts.
    pub left: Option<Left<'a>>,
}

/// The end of a stay.
#[derive(Clone, Copy, Debug)]
pub struct Left<'a> {
    /// First day on which the firm is no longer there.
    pub day: Day,
    /// Why.
    pub kind: LeaveKind,
    /// On what ground it graduated.
    pub criterion: Option<Criterion>,
    /// Document of the graduation; empty: none.
    pub document_no: &'a str,
    /// Where it is recorded.
    pub position: u64,
}

/// The steps of a firm's way into a park, each with its park, day and position.
#[derive(Clone, Copy, Debug, Default)]
pub struct Relocation<'a> {
    /// 签约.
    pub signed: Option<Step<'a>>,
    /// 落户.
    pub settled: Option<Step<'a>>,
    /// 投产.
    pub production: Option<Step<'a>>,
    /// The assessment that the settling refers to.
    pub assessment: Option<&'a AssessmentId>,
}

/// One step of a relocation.
#[derive(Clone, Copy, Debug)]
pub struct Step<'a> {
    /// The park.
    pub park: &'a ParkId,
    /// The day.
    pub day: Day,
    /// Where it is recorded.
    pub position: u64,
}

impl Stay<'_> {
    /// Whether the firm is still there at the end of the last day seen.
    pub fn is_open(&self) -> bool {
        self.left.is_none()
    }

    /// Whether it ended as GRADUATED.
    pub fn graduated(&self) -> Option<Left<'_>> {
        self.left.filter(|left| left.kind == LeaveKind::Graduated)
    }

    /// Whether two stays of a firm meet (rules §2): their half-open spans share a day, or begin on the same one.
    pub fn meets(&self, other: &Stay<'_>) -> bool {
        let ends = |stay: &Stay<'_>| stay.left.map_or(Day::MAX.next(), |left| left.day);
        let open_or_after = |begin: Day, stay: &Stay<'_>| stay.left.is_none() || begin < ends(stay);
        self.admitted == other.admitted || (open_or_after(self.admitted, other) && open_or_after(other.admitted, self))
    }
}

impl<'a> FirmView<'a> {
    /// What the line tells, filtered.
    pub fn of(code: Uscc, line: &'a Line, as_of: AsOf) -> Self {
        let mut view = Self::blank(code);
        view.read(code, line, as_of);
        view
    }

    /// A firm of which nothing is seen.
    pub fn blank(code: Uscc) -> Self {
        Self {
            code,
            registered: None,
            renames: Vec::new(),
            deregistered: None,
            stays: Vec::new(),
            orphans: Vec::new(),
            relocation: Relocation::default(),
            reports: Vec::new(),
            certificates: Vec::new(),
            investments: Vec::new(),
        }
    }

    /// Turns into what another line tells: whoever looks at every firm makes one view, and takes no memory for each.
    pub fn read(&mut self, code: Uscc, line: &'a Line, as_of: AsOf) {
        self.clear(code);
        for entry in line.seen(as_of.any_day()) {
            self.take(entry, entry.day <= as_of.day);
        }
        self.stays.sort_by_key(|stay| (stay.admitted, stay.position));
        self.renames.sort_by_key(|renamed| (renamed.day, renamed.position));
        self.reports.sort_by_key(|(report, _)| report.year);
        self.certificates.sort_by_key(|certificate| (certificate.day, certificate.position));
        self.investments.sort_by_key(|investment| (investment.day, investment.position));
        for entry in line.seen(as_of) {
            self.end_stay(entry);
        }
    }

    fn clear(&mut self, code: Uscc) {
        self.code = code;
        self.registered = None;
        self.renames.clear();
        self.deregistered = None;
        self.stays.clear();
        self.orphans.clear();
        self.relocation = Relocation::default();
        self.reports.clear();
        self.certificates.clear();
        self.investments.clear();
    }

    fn take(&mut self, entry: &'a Entry, by_then: bool) {
        let Entry { day, position, .. } = *entry;
        match &entry.event {
            Event::FirmRegistered { name, field, .. } => {
                self.registered = Some(Registration { day, name, field, position });
            }
            _ if !by_then => {}
            Event::FirmRenamed { name, .. } => self.renames.push(Renamed { day, name, position }),
            Event::FirmDeregistered { .. } => {
                let earliest = self.deregistered.is_none_or(|(known, _)| day < known);
                if earliest {
                    self.deregistered = Some((day, position));
                }
            }
            Event::FirmAdmitted { incubator, waiver, .. } => {
                self.stays.push(Stay { incubator, admitted: day, waiver, position, left: None });
            }
            Event::RelocationSigned { park, .. } => self.relocation.signed = Some(Step { park, day, position }),
            Event::FirmSettled { park, assessment, .. } => {
                self.relocation.settled = Some(Step { park, day, position });
                self.relocation.assessment = assessment.as_ref();
            }
            Event::ProductionStarted { park, .. } => self.relocation.production = Some(Step { park, day, position }),
            Event::AnnualReportFiled(report) => self.reports.push((report, position)),
            Event::HighTechCertified { certificate_no, expiry, .. } => {
                self.certificates.push(Certificate { day, number: certificate_no, expiry: *expiry, position });
            }
            Event::InvestmentMade { incubator, amount, form, .. } => {
                let (amount, form) = (*amount, *form);
                self.investments.push(Investment { incubator, day, amount, form, position });
            }
            _ => {}
        }
    }

    fn end_stay(&mut self, entry: &'a Entry) {
        let (incubator, admitted, kind, criterion, document_no) = match &entry.event {
            Event::FirmGraduated { incubator, admitted, criterion, document_no, .. } => {
                (incubator, *admitted, LeaveKind::Graduated, Some(*criterion), document_no.as_str())
            }
            Event::FirmLeft { incubator, admitted, kind, .. } => (incubator, *admitted, *kind, None, ""),
            _ => return,
        };
        let left = Left { day: entry.day, kind, criterion, document_no, position: entry.position };
        match self.stays.iter_mut().find(|stay| stay.incubator == incubator && stay.admitted == admitted) {
            Some(stay) => stay.left = Some(left),
            None => self.orphans.push(entry),
        }
    }

    /// The name it bears by the last fact seen.
    pub fn name(&self) -> &'a str {
        self.renames.last().map(|renamed| renamed.name).or(self.registered.map(|r| r.name)).unwrap_or_default()
    }

    /// Technical field; empty where it is not registered.
    pub fn field(&self) -> &'a str {
        self.registered.map(|r| r.field).unwrap_or_default()
    }

    /// The graduation with the earliest business date; of two on one day, that of the stay admitted first, so that the order of
    /// recording says nothing.
    pub fn first_graduation(&self) -> Option<(&Stay<'a>, Left<'a>)> {
        let graduations = self.stays.iter().filter_map(|stay| {
            let left = stay.left.filter(|left| left.kind == LeaveKind::Graduated)?;
            Some((stay, left))
        });
        graduations.min_by_key(|(stay, left)| (left.day, stay.admitted, left.position))
    }

    /// The first admission, by business date, to a carrier of kind INCUBATOR.
    pub fn first_incubator_stay(&self, kind_of: impl Fn(&IncubatorId) -> Option<Kind>) -> Option<&Stay<'a>> {
        self.stays.iter().find(|stay| kind_of(stay.incubator) == Some(Kind::Incubator))
    }

    /// The stay in a carrier that a day of leaving falls to: one that is recorded to have ended on it, else the latest admitted
    /// by then, if it lasted until that day, else one that begins later and lasts (whose leaving would be too early).
    pub fn stay_to_end(&self, incubator: &IncubatorId, day: Day) -> Option<&Stay<'a>> {
        let there = || self.stays.iter().filter(|stay| stay.incubator == incubator);
        let ended_then = there().find(|stay| stay.left.is_some_and(|left| left.day == day));
        let latest = || there().rev().find(|stay| stay.admitted <= day);
        let lasting = |stay: &&Stay<'_>| stay.left.is_none_or(|left| left.day >= day);
        ended_then.or_else(|| match latest() {
            Some(stay) => Some(stay).filter(lasting),
            None => there().find(|stay| stay.is_open()),
        })
    }
}
