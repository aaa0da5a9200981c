//! What the figures need of every firm, small and side by side: its stays, first graduation, steps and end, of all days, as
//! known at one position. Kept from fact to fact: a new one has only its own firm read again.
//!
//! Nothing here depends on what carriers and limits are, so no fact about those touches more than itself: carriers and fields
//! are numbers here, and every question looks the carriers of its moment up in a table of its own. Any day is read from the
//! same briefs, since a day only leaves out what lies after it. Clones share their pages.

mod pages;

use crate::domain::firm::{FirmView, Left};
use crate::domain::{AsOf, Criterion, Day, Entity, LeaveKind, Line, Registry, Uscc};
use imbl::HashMap;
use pages::{Builder, Pages};
use std::collections::BTreeSet;
use std::sync::Arc;

/// What the figures need of a firm beside its stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Brief {
    /// Its code.
    pub code: Uscc,
    /// Number of its technical field.
    pub field: u32,
    /// Which of its stays ended with its first graduation.
    pub graduated: Option<u32>,
    /// When it was deregistered.
    pub deregistered: Option<Day>,
    /// When it settled in a park.
    pub settled: Option<Day>,
    /// When it began to produce there.
    pub production: Option<Day>,
    /// Count of its stays.
    pub stays: u32,
}

/// A stay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct BriefStay {
    /// Number of the carrier.
    pub carrier: u32,
    /// Day of admission.
    pub admitted: Day,
    /// How it ended.
    pub left: Option<BriefLeft>,
}

/// The end of a stay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct BriefLeft {
    /// First day on which the firm is no longer there.
    pub day: Day,
    /// Whether it graduated: on what ground.
    pub graduated: Option<Criterion>,
}

// A district of a hundred thousand firms is read whole for every question: a byte more is felt.
const _: () = assert!(size_of::<Brief>() <= 64 && size_of::<BriefStay>() <= 16);

impl BriefStay {
    /// How it had ended by the end of a day.
    pub fn left_by(&self, day: Day) -> Option<BriefLeft> {
        self.left.filter(|left| left.day <= day)
    }
}

/// A firm with its stays by the day of admission.
#[derive(Clone, Copy, Debug)]
pub(super) struct FirmBrief<'a> {
    /// The firm.
    pub firm: &'a Brief,
    /// All its stays.
    pub stays: &'a [BriefStay],
}

impl<'a> FirmBrief<'a> {
    /// Its stays admitted by the end of a day.
    pub fn stays_by(&self, day: Day) -> &'a [BriefStay] {
        let later = self.stays.iter().rev().take_while(|stay| stay.admitted > day).count();
        &self.stays[..self.stays.len() - later]
    }

    /// Its first graduation, if that was by the end of a day.
    pub fn graduation_by(&self, day: Day) -> Option<(&'a BriefStay, BriefLeft)> {
        let stay = &self.stays[self.firm.graduated? as usize];
        Some((stay, stay.left_by(day)?))
    }
}

/// Texts by number.
type Numbers = HashMap<Arc<str>, u32>;

/// The briefs of a district.
#[derive(Clone, Debug, Default)]
pub struct Briefs {
    position: u64,
    carriers: Numbers,
    fields: Numbers,
    pages: Pages,
}

impl Briefs {
    /// Everything, as known at a position, read anew.
    pub fn full(registry: &Registry, known: u64) -> Self {
        let position = super::position(registry, AsOf { day: Day::MAX, known });
        let mut pen = Pen::new(position, Numbers::new(), Numbers::new());
        let mut built = Builder::default();
        for (code, line) in registry.firm_lines() {
            pen.write(code, line, &mut built);
        }
        Self { position, carriers: pen.carriers, fields: pen.fields, pages: built.finish() }
    }

    /// Takes in what the registry has beyond the position: the same figures as `full` at its end.
    pub fn advance(&mut self, registry: &Registry) {
        let (from, to) = (self.position, registry.position());
        if to - from > self.pages.firms_count() as u64 {
            // More facts than firms: to look each of them up takes longer.
            *self = Self::full(registry, to);
            return;
        }
        let mut pen = Pen::new(to, self.carriers.clone(), self.fields.clone());
        self.pages = self.pages.renewed(&touched(registry, from), |code, built| {
            if let Some(line) = registry.firm_line(&code) {
                pen.write(code, line, built);
            }
        });
        (self.position, self.carriers, self.fields) = (to, pen.carriers, pen.fields);
    }

    /// The position they are true for.
    pub fn position(&self) -> u64 {
        self.position
    }

    /// Every firm that is registered, by its code.
    pub(super) fn firms(&self) -> impl Iterator<Item = FirmBrief<'_>> {
        self.pages.firms()
    }

    /// Count of the numbers of carriers: all are under it.
    pub(super) fn carriers(&self) -> usize {
        self.carriers.len()
    }

    /// The number of a carrier; none where no firm was in it.
    pub(super) fn carrier(&self, id: &str) -> Option<u32> {
        self.carriers.get(id).copied()
    }

    /// Technical fields of firms by their numbers, in no order.
    pub(super) fn fields(&self) -> impl Iterator<Item = (&str, u32)> {
        self.fields.iter().map(|(field, number)| (field.as_ref(), *number))
    }
}

/// Firms that facts behind a position, or voids among them, are about.
fn touched(registry: &Registry, position: u64) -> BTreeSet<Uscc> {
    let mut found = BTreeSet::new();
    for new in position + 1..=registry.position() {
        for at in registry.voided_by(new).chain([new]) {
            if let Some(Entity::Firm(code)) = registry.owner_at(at) {
                found.insert(*code);
            }
        }
    }
    found
}

/// Writes briefs from lines, and numbers what they name.
struct Pen<'a> {
    as_of: AsOf,
    carriers: Numbers,
    fields: Numbers,
    view: Option<FirmView<'a>>,
    stays: Vec<BriefStay>,
}

impl<'a> Pen<'a> {
    fn new(known: u64, carriers: Numbers, fields: Numbers) -> Self {
        Self { as_of: AsOf { day: Day::MAX, known }, carriers, fields, view: None, stays: Vec::new() }
    }

    /// The brief of a firm; none where it is not registered.
    fn write(&mut self, code: Uscc, line: &'a Line, built: &mut Builder) {
        let view = self.view.get_or_insert_with(|| FirmView::blank(code));
        view.read(code, line, self.as_of);
        let Some(registered) = view.registered else { return };
        self.stays.clear();
        for stay in &view.stays {
            let carrier = number(&mut self.carriers, stay.incubator.as_str());
            self.stays.push(BriefStay { carrier, admitted: stay.admitted, left: stay.left.map(brief_left) });
        }
        let index = |position| view.stays.iter().position(|stay| stay.position == position);
        let graduated = view.first_graduation().and_then(|(stay, _)| index(stay.position));
        let brief = Brief {
            code,
            field: number(&mut self.fields, registered.field),
            graduated: graduated.and_then(|index| u32::try_from(index).ok()),
            deregistered: view.deregistered.map(|(day, _)| day),
            settled: view.relocation.settled.map(|step| step.day),
            production: view.relocation.production.map(|step| step.day),
            stays: 0,
        };
        built.push(brief, &self.stays);
    }
}

fn brief_left(left: Left<'_>) -> BriefLeft {
    BriefLeft { day: left.day, graduated: left.criterion.filter(|_| left.kind == LeaveKind::Graduated) }
}

/// The number of a text, a new one for a new text.
fn number(numbers: &mut Numbers, text: &str) -> u32 {
    if let Some(number) = numbers.get(text) {
        return *number;
    }
    let number = u32::try_from(numbers.len()).unwrap_or(u32::MAX);
    numbers.insert(Arc::from(text), number);
    number
}
