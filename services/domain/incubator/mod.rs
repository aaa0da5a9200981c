//! Carriers: what is known of one on a day, and the rules that its line must keep.

pub mod report;
pub mod rules;

use super::event::{Event, IncubatorRegistered, Operator};
use super::line::{AsOf, Line};
use super::values::{Area, Day, IncubatorId};
use super::words::{Kind, Level};
use report::Filed;

/// A value that holds from a day on.
#[derive(Clone, Copy, Debug)]
pub struct Term<T> {
    /// First day.
    pub day: Day,
    /// The value.
    pub value: T,
    /// Where it is recorded.
    pub position: u64,
}

/// A recognition, `[day, end)`.
#[derive(Clone, Copy, Debug)]
pub struct Recognition<'a> {
    /// Its level.
    pub level: Level,
    /// Document number.
    pub document_no: &'a str,
    /// First day.
    pub day: Day,
    /// First day on which it no longer holds, of several the earliest; with the position. None: none is stated.
    pub end: Option<(Day, u64)>,
    /// Where it is recorded.
    pub position: u64,
}

impl Recognition<'_> {
    /// Whether it holds on a day.
    pub fn holds_on(&self, day: Day) -> bool {
        self.day <= day && self.end.is_none_or(|(end, _)| day < end)
    }
}

/// A carrier as its facts tell it.
#[derive(Clone, Debug)]
pub struct IncubatorView<'a> {
    /// What it entered the registry as, whatever the day asked for.
    pub registered: Option<Term<&'a IncubatorRegistered>>,
    /// Who ran it, by the first day.
    pub operators: Vec<Term<&'a Operator>>,
    /// Its areas, by the first day.
    pub areas: Vec<Term<Area>>,
    /// The carriers before it, by the first day.
    pub upstreams: Vec<Term<Option<&'a IncubatorId>>>,
    /// Its recognitions, by the first day.
    pub recognitions: Vec<Recognition<'a>>,
    /// What it filed about itself, by year.
    pub reports: Vec<Filed<'a>>,
}

impl<'a> IncubatorView<'a> {
    /// What the line tells, filtered. The terms that its registration states begin with the day it was founded. The stated
    /// end of a recognition is known with the recognition, even when it lies after the day asked for.
    pub fn of(line: &'a Line, as_of: AsOf) -> Self {
        let mut view = Self {
            registered: None,
            operators: Vec::new(),
            areas: Vec::new(),
            upstreams: Vec::new(),
            recognitions: Vec::new(),
            reports: Vec::new(),
        };
        for entry in line.seen(as_of.any_day()) {
            if let Event::IncubatorRegistered(value) = &entry.event {
                view.registered = Some(Term { day: entry.day, value, position: entry.position });
            }
        }
        if let Some(Term { day, value, position }) = view.registered.filter(|term| term.day <= as_of.day) {
            view.operators.push(Term { day, value: &value.operator, position });
            view.areas.push(Term { day, value: value.area, position });
            view.upstreams.push(Term { day, value: value.upstream.as_ref(), position });
        }
        view.take_changes(line, as_of);
        view.take_ends(line, as_of);
        view
    }

    fn take_changes(&mut self, line: &'a Line, as_of: AsOf) {
        for entry in line.seen(as_of) {
            let (day, position) = (entry.day, entry.position);
            match &entry.event {
                Event::OperatorChanged { operator, .. } => self.operators.push(Term { day, value: operator, position }),
                Event::AreaChanged { area, .. } => self.areas.push(Term { day, value: *area, position }),
                Event::UpstreamChanged { upstream, .. } => {
                    self.upstreams.push(Term { day, value: upstream.as_ref(), position });
                }
                Event::IncubatorRecognised { level, document_no, .. } => {
                    self.recognitions.push(Recognition { level: *level, document_no, day, end: None, position });
                }
                Event::IncubatorReportFiled(report) => self.reports.push(Filed { report, day, position }),
                _ => {}
            }
        }
        self.operators.sort_by_key(|term| (term.day, term.position));
        self.areas.sort_by_key(|term| (term.day, term.position));
        self.upstreams.sort_by_key(|term| (term.day, term.position));
        self.recognitions.sort_by_key(|recognition| (recognition.day, recognition.position));
        self.reports.sort_by_key(|filed| filed.day);
    }

    fn take_ends(&mut self, line: &'a Line, as_of: AsOf) {
        for entry in line.seen(as_of.any_day()) {
            let Event::RecognitionEnded { level, recognition, .. } = &entry.event else { continue };
            let of = self.recognitions.iter_mut().find(|r| r.level == *level && r.day == *recognition);
            if let Some(ended) = of.filter(|r| r.end.is_none_or(|(day, _)| entry.day < day)) {
                ended.end = Some((entry.day, entry.position));
            }
        }
    }

    /// What it is.
    pub fn kind(&self) -> Option<Kind> {
        self.registered.map(|term| term.value.kind)
    }

    /// The highest level in force on a day.
    pub fn level_on(&self, day: Day) -> Option<Level> {
        self.recognitions.iter().filter(|r| r.holds_on(day)).map(|r| r.level).max()
    }

    /// The carrier before it on a day.
    pub fn upstream_on(&self, day: Day) -> Option<&'a IncubatorId> {
        self.upstreams.iter().rev().find(|term| term.day <= day)?.value
    }
}
