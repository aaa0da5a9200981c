//! What makes a fact the same as a recorded one (rules.md §2), in a table; and which stay a leaving ends.

use crate::calendar::year;
use crate::model::{Fact, live};
use crate::stays::stays;
use incubator_registry::domain::{Day, Document, Event, Stated};

/// How a stated fact relates to what is recorded.
pub enum Seen {
    Never,
    Same(u64),
    TakenBack(u64),
    Otherwise(u64),
}

/// Whether two events with their days are about the same fact, their values apart.
#[rustfmt::skip] // A table.
fn same_fact((a_day, a): (Day, &Event), (b_day, b): (Day, &Event)) -> bool {
    use Event::*;
    let on_the_day = a_day == b_day;
    match (a, b) {
        (LimitsSet(_), LimitsSet(_)) => on_the_day,
        (IncubatorRegistered(a), IncubatorRegistered(b)) => a.incubator == b.incubator,
        (IncubatorRecognised { incubator: a, level: l, .. }, IncubatorRecognised { incubator: b, level: m, .. }) =>
            a == b && l == m && on_the_day,
        (RecognitionEnded { incubator: a, level: l, recognition: r }, RecognitionEnded { incubator: b, level: m, recognition: s }) =>
            a == b && l == m && r == s,
        (OperatorChanged { incubator: a, .. }, OperatorChanged { incubator: b, .. })
        | (AreaChanged { incubator: a, .. }, AreaChanged { incubator: b, .. })
        | (UpstreamChanged { incubator: a, .. }, UpstreamChanged { incubator: b, .. })
        | (SeedFundEstablished { incubator: a, .. }, SeedFundEstablished { incubator: b, .. }) => a == b && on_the_day,
        (FirmRenamed { firm: a, .. }, FirmRenamed { firm: b, .. })
        | (FirmDeregistered { firm: a }, FirmDeregistered { firm: b })
        | (HighTechCertified { firm: a, .. }, HighTechCertified { firm: b, .. }) => a == b && on_the_day,
        (FirmRegistered { firm: a, .. }, FirmRegistered { firm: b, .. })
        | (RelocationSigned { firm: a, .. }, RelocationSigned { firm: b, .. })
        | (FirmSettled { firm: a, .. }, FirmSettled { firm: b, .. })
        | (ProductionStarted { firm: a, .. }, ProductionStarted { firm: b, .. }) => a == b,
        (FirmAdmitted { firm: a, incubator: i, .. }, FirmAdmitted { firm: b, incubator: j, .. }) => a == b && i == j && on_the_day,
        (FirmGraduated { firm: a, incubator: i, admitted: x, .. } | FirmLeft { firm: a, incubator: i, admitted: x, .. },
         FirmGraduated { firm: b, incubator: j, admitted: y, .. } | FirmLeft { firm: b, incubator: j, admitted: y, .. }) =>
            a == b && i == j && x == y,
        (ParkTreasurySet { park: a, .. }, ParkTreasurySet { park: b, .. }) => a == b && on_the_day,
        (AnnualReportFiled(a), AnnualReportFiled(b)) => a.firm == b.firm && year(a_day) == year(b_day),
        (IncubatorReportFiled(a), IncubatorReportFiled(b)) => a.incubator == b.incubator && year(a_day) == year(b_day),
        (TaxReceiptRecorded(a), TaxReceiptRecorded(b)) => a.voucher == b.voucher && a.tax == b.tax,
        (LoanDrawn(a), LoanDrawn(b)) => a.loan == b.loan,
        (InterestPaid { .. }, InterestPaid { .. }) | (InvestmentMade { .. }, InvestmentMade { .. }) => on_the_day && a == b,
        _ => false,
    }
}

/// Whether the stated fact says nothing that the recorded one does not: an empty value says nothing.
fn says_no_more(stated: &Event, recorded: &Event) -> bool {
    use Event::*;
    let text = |a: &String, b: &String| a.is_empty() || a == b;
    fn value<T: PartialEq>(a: Option<T>, b: Option<T>) -> bool {
        a.is_none() || a == b
    }
    match (stated, recorded) {
        (FirmAdmitted { waiver: a, .. }, FirmAdmitted { waiver: b, .. }) => text(a, b),
        (FirmGraduated { criterion: c, document_no: a, .. }, FirmGraduated { criterion: d, document_no: b, .. }) => {
            c == d && text(a, b)
        }
        (IncubatorRecognised { document_no: a, .. }, IncubatorRecognised { document_no: b, .. }) => text(a, b),
        (FirmRegistered { name: n, field: a, .. }, FirmRegistered { name: m, field: b, .. }) => n == m && text(a, b),
        (IncubatorRegistered(a), IncubatorRegistered(b)) => {
            let area = |a: i64, b: i64| a == 0 || a == b;
            (&a.name, a.kind, &a.operator, a.build_mode) == (&b.name, b.kind, &b.operator, b.build_mode)
                && value(a.upstream.as_ref(), b.upstream.as_ref())
                && area(a.area.incubation, b.area.incubation)
                && area(a.area.public, b.area.public)
        }
        (
            HighTechCertified { certificate_no: n, expiry: a, .. },
            HighTechCertified { certificate_no: m, expiry: b, .. },
        ) => n == m && value(*a, *b),
        (TaxReceiptRecorded(a), TaxReceiptRecorded(b)) => {
            (a.taxpayer, a.amount, a.nature) == (b.taxpayer, b.amount, b.nature)
                && value(a.period.0, b.period.0)
                && value(a.period.1, b.period.1)
        }
        (IncubatorReportFiled(a), IncubatorReportFiled(b)) => {
            a.figures.iter().all(|(figure, value)| b.figures.get(figure) == Some(value))
        }
        _ => stated == recorded,
    }
}

/// Looks for a fact among all that were recorded.
pub fn look(facts: &[Fact], day: Day, event: &Event, documents: &[Document], import: bool) -> Seen {
    let papers = |fact: &&Fact| documents.is_empty() || documents == fact.documents;
    let same: Vec<&Fact> = facts.iter().filter(|fact| same_fact((fact.day, &fact.event), (day, event))).collect();
    let stands = same.iter().filter(|fact| fact.voided.is_none());
    let no_more = |fact: &&&Fact| fact.day == day && says_no_more(event, &fact.event) && papers(fact);
    if let Some(fact) = stands.clone().find(no_more) {
        return Seen::Same(fact.position);
    }
    let identical = |fact: &&&Fact| fact.voided.is_some() && fact.day == day && fact.event == *event && papers(fact);
    if let Some(fact) = same.iter().rev().find(identical).filter(|_| import) {
        return Seen::TakenBack(fact.position);
    }
    // All values make an interest payment or an investment the same, and documents alone no contradiction.
    if matches!(event, Event::InterestPaid { .. } | Event::InvestmentMade { .. }) {
        return Seen::Never;
    }
    let end = matches!(event, Event::RecognitionEnded { .. });
    match stands.clone().find(|fact| !end || fact.day <= day) {
        Some(fact) => Seen::Otherwise(fact.position),
        None => Seen::Never,
    }
}

/// A leaving with the stay that it ends; for want of one, the position of the last leaving there (0: none).
pub fn closes(facts: &[Fact], fact: &Stated) -> Result<Event, u64> {
    let mut event = fact.event.clone();
    let (Event::FirmGraduated { firm, incubator, admitted, .. } | Event::FirmLeft { firm, incubator, admitted, .. }) =
        &mut event
    else {
        return Ok(event);
    };
    let there: Vec<_> =
        stays(&live(facts), *firm).into_iter().filter(|stay| stay.carrier == incubator.as_str()).collect();
    let meant = if fact.open_stay {
        let ended = there.iter().find(|stay| stay.left.is_some_and(|left| left.day == fact.day));
        let by_then = there.iter().filter(|stay| stay.admitted <= fact.day).max_by_key(|stay| stay.admitted);
        let later = there.iter().find(|stay| stay.left.is_none());
        match (ended, by_then) {
            (Some(stay), _) => Some(stay),
            (None, Some(stay)) => Some(stay).filter(|stay| stay.left.is_none_or(|left| left.day >= fact.day)),
            (None, None) => later,
        }
    } else {
        there.iter().find(|stay| stay.admitted == *admitted)
    };
    match meant {
        Some(stay) => *admitted = stay.admitted,
        None => return Err(there.iter().rev().find_map(|stay| stay.left).map_or(0, |left| left.position)),
    }
    Ok(event)
}
