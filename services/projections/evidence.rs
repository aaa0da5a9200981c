//! Evidence for graduations (rules §2): whether the registry's own facts bear the ground on record out. A reading on a firm
//! as of any day, never a refusal. Met is strictly over the limit in force on the day of graduation; what the registry can't
//! see (outside investors, missing years, deals) is unknown, never not met.

use crate::domain::event::{AnnualReport, Limits};
use crate::domain::firm::FirmView;
use crate::domain::settings::limits_entry;
use crate::domain::{AsOf, Criterion, Day, Event, IncubatorId, InvestmentForm, Registry};

/// Name of the projection.
pub const NAME: &str = "evidence";
/// Grows when a reading changes its meaning.
pub const VERSION: u32 = 1;

/// Whether facts bear a ground out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reading {
    /// They do.
    Met,
    /// They show that it is not so.
    NotMet,
    /// They can't tell.
    Unknown,
}

/// A figure behind a reading.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Figure {
    /// What it is, e.g. `equity_fen`.
    pub name: String,
    /// Its value.
    pub value: String,
    /// Where its fact is recorded; none for sums.
    pub position: Option<u64>,
}

/// The evidence for one graduation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evidence {
    /// The carrier it graduated from.
    pub incubator: IncubatorId,
    /// Day of graduation.
    pub day: Day,
    /// The ground on record.
    pub criterion: Criterion,
    /// Whether facts bear it out.
    pub reading: Reading,
    /// The figures behind it.
    pub figures: Vec<Figure>,
    /// Where the graduation is recorded.
    pub position: u64,
}

/// The evidence for each graduation of a firm, by its day.
pub fn evidence(registry: &Registry, firm: &FirmView<'_>, as_of: AsOf) -> Vec<Evidence> {
    let mut found: Vec<Evidence> = firm
        .stays
        .iter()
        .filter_map(|stay| {
            let left = stay.left?;
            let criterion = left.criterion?;
            let limits = limits_entry(registry.settings(), left.day, as_of.any_day());
            let limits = limits.and_then(|entry| match &entry.event {
                Event::LimitsSet(limits) => Some((limits, entry.position)),
                _ => None,
            });
            let (reading, figures) = match criterion {
                Criterion::HighTech => high_tech(firm, left.day),
                Criterion::VentureFunding => funding(firm, left.day, limits),
                Criterion::Revenue => revenue(firm, left.day, limits),
                Criterion::AcquiredOrListed => (Reading::Unknown, Vec::new()),
            };
            let (incubator, day, position) = (stay.incubator.clone(), left.day, left.position);
            Some(Evidence { incubator, day, criterion, reading, figures, position })
        })
        .collect();
    found.sort_by_key(|evidence| (evidence.day, evidence.position));
    found
}

type Read = (Reading, Vec<Figure>);

fn figure(name: impl Into<String>, value: impl ToString, position: Option<u64>) -> Figure {
    Figure { name: name.into(), value: value.to_string(), position }
}

/// A certificate in force on the day; else what the firm reported of that year or, where that report is missing, of the one
/// before. A report that says no is no proof: the certificate may be outside the registry.
fn high_tech(firm: &FirmView<'_>, day: Day) -> Read {
    let holds = |c: &&crate::domain::firm::Certificate<'_>| c.day <= day && c.expiry.is_none_or(|expiry| day < expiry);
    if let Some(certificate) = firm.certificates.iter().find(holds) {
        return (Reading::Met, vec![figure("certificate_no", certificate.number, Some(certificate.position))]);
    }
    let years = [day.year(), day.year() - 1];
    let mut figures = Vec::new();
    for (report, position) in firm.reports.iter().filter(|(report, _)| years.contains(&report.year)) {
        figures.push(figure(format!("high_tech_{}", report.year), report.high_tech, Some(*position)));
    }
    let of =
        |year: i16| firm.reports.iter().find(|(report, _)| report.year == year).map(|(report, _)| report.high_tech);
    let reported = of(years[0]).or_else(|| of(years[1])).unwrap_or(false);
    (if reported { Reading::Met } else { Reading::Unknown }, figures)
}

/// Equity from carriers' funds up to the day. Outside investors are not seen, so too little is unknown.
fn funding(firm: &FirmView<'_>, day: Day, limits: Option<(&Limits, u64)>) -> Read {
    let equity = firm.investments.iter().filter(|made| made.form == InvestmentForm::Equity && made.day <= day);
    let mut sum = 0_i128;
    let mut figures = Vec::new();
    for made in equity {
        sum += i128::from(made.amount);
        figures.push(figure(format!("equity_{}_fen", made.day), made.amount, Some(made.position)));
    }
    figures.push(figure("equity_fen", sum, None));
    let Some((limits, position)) = limits else { return (Reading::Unknown, figures) };
    figures.push(figure("over_fen", limits.venture_funding_over_fen, Some(position)));
    let met = sum > i128::from(limits.venture_funding_over_fen);
    (if met { Reading::Met } else { Reading::Unknown }, figures)
}

/// The best two consecutive years that end at the latest in the year of graduation. Not met only where every year since the
/// firm's registration is reported.
fn revenue(firm: &FirmView<'_>, day: Day, limits: Option<(&Limits, u64)>) -> Read {
    let of = |year: i16| firm.reports.iter().find(|(report, _)| report.year == year).copied();
    let reports: Vec<(&AnnualReport, u64)> =
        firm.reports.iter().filter(|(report, _)| report.year <= day.year()).copied().collect();
    let mut figures: Vec<Figure> = reports
        .iter()
        .map(|(report, position)| figure(format!("revenue_{}_fen", report.year), report.revenue, Some(*position)))
        .collect();
    let pairs = reports.iter().filter_map(|(report, _)| {
        let (before, _) = of(report.year - 1)?;
        Some((report.year, i128::from(before.revenue) + i128::from(report.revenue)))
    });
    let best = pairs.max_by_key(|(year, sum)| (*sum, *year));
    let Some((limits, position)) = limits else { return (Reading::Unknown, figures) };
    figures.push(figure("over_fen", limits.revenue_over_fen, Some(position)));
    let met = best.is_some_and(|(_, sum)| sum > i128::from(limits.revenue_over_fen));
    if let Some((year, sum)) = best {
        figures.push(figure(format!("revenue_{}_{year}_fen", year - 1), sum, None));
    }
    let founded = firm.registered.map_or(i16::MIN, |registered| registered.day.year());
    let complete = (founded.max(1)..=day.year()).all(|year| of(year).is_some()) && founded > i16::MIN;
    let reading = match (met, complete) {
        (true, _) => Reading::Met,
        (false, true) => Reading::NotMet,
        (false, false) => Reading::Unknown,
    };
    (reading, figures)
}
