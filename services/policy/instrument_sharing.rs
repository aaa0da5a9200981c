//! P4 `instrument_sharing` (科学仪器开放共享补助): per instrument in the shared catalogue, its price once and its open running
//! cost a year, to the firm that owns it.
//!
//! Chosen where rules §5 is silent: the price counts when the instrument enters the catalogue, under the version of that day
//! (none: no line), and a later removal doesn't take it back; the running cost of a year counts under the version of 31
//! December where the instrument was in the catalogue on some day of the year; an owner struck off by that day gets nothing
//! for it. The price is compared with each version's minimum. Where a park's treasury pays, it is that of the park that the
//! owner had settled in by the day that decides.

use super::evaluation::{Beneficiary, Draft, Evaluation, Line, Period};
use super::exact::Exact;
use super::parameters::{Dated, Version};
use super::say;
use super::trace::{Figure, Node, Source, Trace, Unit};
use super::words::{Ground, Scheme, Status};
use crate::domain::incubator::Term;
use crate::domain::instrument::{InstrumentView, InstrumentYear};
use crate::domain::{Day, InstrumentId};

/// Parameters of P4.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InstrumentSharing {
    /// The price must be so much, at least; fen.
    pub minimum_price_fen: i64,
    /// Of the price, once, ppm.
    pub purchase_rate_ppm: i64,
    /// Of the open running cost, a year, ppm.
    pub running_rate_ppm: i64,
    /// Of the price's part; fen; none: no cap.
    pub cap_per_purchase_fen: Option<i64>,
    /// Of an instrument and year; fen; none: no cap.
    pub cap_per_year_fen: Option<i64>,
}

type Terms = Dated<Version<InstrumentSharing>>;

/// What a rate is of, and how it is called.
struct Share<'a> {
    fen: i64,
    source: (u64, Day),
    name: &'a str,
    rate: (&'a str, i64),
    cap: (&'a str, Option<i64>),
}

impl<'a> Evaluation<'a> {
    /// P4 of an instrument: its price, then its years. Depends on its facts, on its owner's deregistration and relocation.
    pub fn p4_of<T: Trace>(&self, id: &InstrumentId) -> Vec<Line<T>> {
        let instrument = self.registry.innovation().instrument(id, self.as_of);
        let Some(instrument) = instrument.filter(|view| view.catalogued.day <= self.as_of.day) else {
            return Vec::new();
        };
        let years = instrument.years.iter().filter_map(|report| self.running_line(&instrument, *report));
        self.purchase_line(&instrument).into_iter().chain(years).collect()
    }

    fn purchase_line<T: Trace>(&self, instrument: &InstrumentView<'_>) -> Option<Line<T>> {
        let Term { day, value, position } = instrument.catalogued;
        let version = self.policy.instrument_sharing.on(day)?;
        let mut draft = self.instrument_draft(instrument, Period::Purchase, day);
        self.under_sharing(&mut draft, instrument, version, day);
        if !note_price(&mut draft, instrument, version) {
            return Some(ineligible(draft, Ground::PriceBelowMinimum));
        }
        if !instrument.was_catalogued_within(day, day) {
            note_removal(&mut draft, instrument);
            return Some(ineligible(draft, Ground::NotInCatalogue));
        }
        let terms = &version.value.terms;
        let price = Share {
            fen: value.price,
            source: (position, day),
            name: "购置价格",
            rate: ("purchase_rate_ppm", terms.purchase_rate_ppm),
            cap: ("cap_per_purchase_fen", terms.cap_per_purchase_fen),
        };
        Some(draft.amount(share(&price, version)))
    }

    fn running_line<T: Trace>(
        &self,
        instrument: &InstrumentView<'_>,
        report: Term<&InstrumentYear>,
    ) -> Option<Line<T>> {
        let (series, last) = (&self.policy.instrument_sharing, report.day);
        series.all().first().filter(|version| version.from <= last)?;
        let mut draft = self.instrument_draft(instrument, Period::Year(report.value.year), last);
        let Some(version) = series.on(last) else { return Some(draft.nothing(Ground::NoPolicyInForce)) };
        self.under_sharing(&mut draft, instrument, version, last);
        if !note_price(&mut draft, instrument, version) {
            return Some(ineligible(draft, Ground::PriceBelowMinimum));
        }
        let first = Day::from_ymd(report.value.year, 1, 1).unwrap_or(last);
        note_removal(&mut draft, instrument);
        if !instrument.was_catalogued_within(first, last) {
            return Some(draft.nothing(Ground::NotInCatalogue));
        }
        let owner = instrument.catalogued.value.owner;
        if let Some((gone, at)) = self.deregistered(&owner).filter(|(gone, _)| *gone <= last) {
            draft.fact(at, gone, || format!("企业{owner}于{}注销", say::day(gone)));
            return Some(draft.nothing(Ground::Deregistered));
        }
        let terms = &version.value.terms;
        let cost = Share {
            fen: report.value.running_cost,
            source: (report.position, last),
            name: "年度开放运行成本",
            rate: ("running_rate_ppm", terms.running_rate_ppm),
            cap: ("cap_per_year_fen", terms.cap_per_year_fen),
        };
        Some(draft.amount(share(&cost, version)))
    }

    fn instrument_draft<T: Trace>(&self, instrument: &InstrumentView<'_>, period: Period, last: Day) -> Draft<T> {
        let value = instrument.catalogued.value;
        let beneficiary = Beneficiary::Instrument(value.instrument.clone());
        let mut draft = Draft::bare(Scheme::InstrumentSharing, beneficiary, period, self.status(last));
        draft.payee = Some(value.owner);
        draft
    }

    fn under_sharing<T: Trace>(
        &self,
        draft: &mut Draft<T>,
        instrument: &InstrumentView<'_>,
        version: &Terms,
        day: Day,
    ) {
        let firm = self.registry.firm(&instrument.catalogued.value.owner, self.as_of);
        let settled = firm.and_then(|firm| firm.relocation.settled).filter(|settled| settled.day <= day);
        let payer = self.payer(version.value.payer, settled.map(|settled| settled.park), day);
        draft.under(&self.policy.instrument_sharing, version, self.as_of.day, payer);
    }
}

fn ineligible<T: Trace>(mut draft: Draft<T>, ground: Ground) -> Line<T> {
    draft.status = Status::Ineligible;
    draft.nothing(ground)
}

/// Notes what entered the catalogue, and whether its price is enough.
fn note_price<T: Trace>(draft: &mut Draft<T>, instrument: &InstrumentView<'_>, version: &Terms) -> bool {
    let Term { day, value, position } = instrument.catalogued;
    let (price, minimum) = (value.price, version.value.terms.minimum_price_fen);
    draft.fact(position, day, || {
        let (day, price) = (say::day(day), say::yuan(Exact::whole(price)));
        format!("{}自{day}纳入开放共享目录，购置价格{price}", value.name)
    });
    T::note(&mut draft.grounds, || {
        let verdict = if price >= minimum { "不低于" } else { "低于" };
        let sentence = format!("购置价格{verdict}规定的{}", say::yuan(Exact::whole(minimum)));
        Node::ground(say::parameter(version, "minimum_price_fen"), sentence)
    });
    price >= minimum
}

fn note_removal<T: Trace>(draft: &mut Draft<T>, instrument: &InstrumentView<'_>) {
    if let Some((removed, position)) = instrument.removed {
        draft.fact(position, removed, || format!("自{}移出目录", say::day(removed)));
    }
}

/// min(half_up(amount × rate), cap).
fn share<T: Trace>(of: &Share<'_>, version: &Terms) -> Figure<T> {
    let (amount, name, (position, day)) = (Exact::whole(of.fen), of.name, of.source);
    let figure = Figure::given(amount, Unit::Fen, || {
        (Source::Fact { position, day }, format!("{name}{}（记录第{position}号）", say::yuan(amount)))
    });
    let rate = say::rate(version, of.rate.0, of.rate.1, "补助比例");
    Figure::product([figure, rate], |value| format!("{name}×补助比例={}", say::yuan(value)))
        .half_up(|value| format!("四舍五入到分：{}", say::yuan(value)))
        .at_most(say::cap(version, of.cap.0, of.cap.1, "上限"), |value| format!("不超过上限：{}", say::yuan(value)))
}
