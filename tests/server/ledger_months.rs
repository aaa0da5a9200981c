//! Operators send the same ledgers every month, a little longer and filled in. June's and then July's must end as July's
//! alone, with the same rows refused; files may be given in any order; and what was imported once adds nothing again.

use crate::common::world::{World, day};
use crate::common_server::ledgers::{FILES, Line, files, import_whole, lines, nothing_new, wire};
use crate::common_server::state::State;
use crate::common_server::{DISTRICT, Incubatord, Rng};
use incubator_registry::domain::event::AnnualReport;
use incubator_registry::domain::incubator::report::IncubatorReport;
use incubator_registry::domain::rows::{
    InterestRow, InvestmentRow, Leaving, LoanRow, RecognitionRow, RelocationRow, Row, SeedFundRow, StayRow,
    TaxReceiptRow, report_day,
};
use incubator_registry::domain::{AsOf, Day, Decision, Event, Reason};
use incubator_registry::formats::ledger::{LedgerFile, in_import_order};
use incubator_registry::projections::{Filter, chain, metrics};
use incubator_registry::wire::v1;
use std::collections::{BTreeMap, BTreeSet};
use tempfile::TempDir;

/// The last day that June's ledgers know of.
const CUT: &str = "2024-06-30";

/// What became of a row.
type Outcome = Result<Option<Reason>, Reason>;
/// By file and line: none is accepted, a word in Ok is skipped.
type Report = BTreeMap<(String, u64), Outcome>;

/// The row as it stood when no later day was known; none: it was not there yet.
fn as_of(row: &Row, cut: Day) -> Option<Row> {
    let known = |day: Option<Day>| day.filter(|day| *day <= cut);
    Some(match row.clone() {
        Row::Incubator(row) if row.established > cut => return None,
        Row::Firm(row) if row.registered > cut => return None,
        Row::FirmChange(row) if row.effective > cut => return None,
        Row::Recognition(row) if row.effective > cut => return None,
        Row::Stay(row) if row.admitted > cut => return None,
        Row::AnnualReport(AnnualReport { year, .. }) | Row::IncubatorReport(IncubatorReport { year, .. })
            if report_day(year).unwrap() > cut =>
        {
            return None;
        }
        Row::Loan(LoanRow { day, .. })
        | Row::Interest(InterestRow { day, .. })
        | Row::SeedFund(SeedFundRow { day, .. })
        | Row::Investment(InvestmentRow { day, .. })
        | Row::TaxReceipt(TaxReceiptRow { day, .. })
            if day > cut =>
        {
            return None;
        }
        Row::Recognition(row) => Row::Recognition(RecognitionRow { end: known(row.end), ..row }),
        Row::Stay(row) if row.leaving.left.is_some_and(|left| left > cut) => {
            Row::Stay(StayRow { leaving: Leaving::default(), ..row })
        }
        Row::Relocation(row) => {
            let (signed, settled) = (known(row.signed), known(row.settled));
            signed.or(settled).or(known(row.production))?;
            Row::Relocation(RelocationRow { signed, settled, production: known(row.production), ..row })
        }
        row => row,
    })
}

/// June's rows, in their order.
fn june() -> Vec<Line> {
    let cut = day(CUT);
    lines().into_iter().filter_map(|(file, line, row)| Some((file, line, as_of(&row, cut)?))).collect()
}

fn take(world: &mut World, lines: &[Line]) -> Report {
    let outcome = |world: &mut World, row: &Row| match row.command().and_then(|command| world.run(&command)) {
        Ok(Decision::Record { .. }) => Ok(None),
        Ok(Decision::Same { reason, .. }) => Ok(Some(reason)),
        Err(refusal) => Err(refusal.reason),
    };
    lines.iter().map(|(file, line, row)| ((file.clone(), *line), outcome(world, row))).collect()
}

/// The facts, without where they stand.
fn facts(world: &World) -> BTreeSet<(Day, String)> {
    let facts: BTreeSet<_> = world.history.iter().map(|r| (r.day, format!("{:?}", r.event))).collect();
    assert_eq!(facts.len(), world.history.len(), "a fact is there twice");
    facts
}

#[track_caller]
fn same(one: &World, two: &World) {
    assert_eq!(facts(one), facts(two));
    for date in ["2022-12-31", "2023-12-31", CUT, "2024-12-31", "2025-10-31"] {
        let at = AsOf::day(day(date));
        let figures = |world: &World| {
            let mut metrics = metrics(&world.registry, at, &Filter::default());
            let mut chain = chain(&world.registry, at, &Filter::default());
            (metrics.position, chain.position) = (0, 0);
            format!("{metrics:?} {chain:?}")
        };
        assert_eq!(figures(one), figures(two), "{date}");
    }
}

fn whole() -> (World, Report) {
    let mut world = World::new();
    let report = take(&mut world, &lines());
    (world, report)
}

fn refused(report: &Report) -> Vec<(String, u64, &'static str)> {
    report.iter().filter_map(|((file, line), o)| Some((file.clone(), *line, o.err()?.word()))).collect()
}

/// Refused rows that expected.json lists and that are read at all: the others are refused before they travel.
fn expected_refused(report: &Report) -> Vec<(String, u64, &'static str)> {
    let expected: serde_json::Value = serde_json::from_str(include_str!("../golden/expected.json")).unwrap();
    let mut all = Vec::new();
    for file in FILES.map(|name| format!("{name}.csv")) {
        for pair in expected["import_report"][&file]["rejected"].as_array().unwrap() {
            let (line, word) = (pair[0].as_u64().unwrap(), pair[1].as_str().unwrap());
            if report.contains_key(&(file.clone(), line)) {
                all.push((file.clone(), line, Reason::from_word(word).unwrap().word()));
            }
        }
    }
    all.sort();
    all
}

#[test]
fn julys_ledgers_go_over_junes() {
    let (alone, in_one) = whole();
    assert_eq!(refused(&in_one), expected_refused(&in_one));
    let mut world = World::new();
    let june = june();
    let first = take(&mut world, &june);
    assert!(june.len() > 200 && june.len() < lines().len(), "{} rows", june.len());
    // Nothing that lies behind the cut was known in June.
    let known = world.history.iter().filter(|r| !matches!(r.event, Event::LogCreated { .. }));
    assert!(known.clone().all(|recorded| recorded.day <= day(CUT)));
    let second = take(&mut world, &lines());
    same(&world, &alone);
    assert_eq!(refused(&second), refused(&in_one));
    // Rows that changed or are new are accepted, the same ones skipped.
    let before: BTreeMap<_, _> = june.iter().map(|(file, line, row)| ((file.clone(), *line), row)).collect();
    let (mut filled, mut added, mut skipped, mut early) = (0, 0, 0, 0);
    for (file, line, row) in lines() {
        let key = (file, line);
        match (before.get(&key), in_one[&key]) {
            (_, Err(_)) => continue,
            (_, Ok(Some(reason))) => assert_eq!(second[&key], Ok(Some(reason)), "{key:?}"),
            (None, Ok(None)) => {
                assert_eq!(second[&key], Ok(None), "{key:?}");
                added += 1;
            }
            // Money of a firm that the register lists with a later day: June's import didn't know it yet.
            (Some(_), Ok(None)) if matches!(first[&key], Err(Reason::UnknownFirm | Reason::UnknownTaxpayer)) => {
                assert_eq!(second[&key], Ok(None), "{key:?}");
                early += 1;
            }
            (Some(then), Ok(None)) if **then == row => {
                assert_eq!((first[&key], second[&key]), (Ok(None), Ok(Some(Reason::Duplicate))), "{key:?}");
                skipped += 1;
            }
            (Some(_), Ok(None)) => {
                assert_eq!((first[&key], second[&key]), (Ok(None), Ok(None)), "{key:?}");
                filled += 1;
            }
        }
    }
    let told = format!("{filled} filled in, {added} added, {skipped} skipped, {early} too early");
    assert!(filled > 20 && added > 20 && skipped > 100 && early < 10, "{told}");
}

#[test]
fn every_month_on_the_way_ends_in_the_same() {
    let (alone, in_one) = whole();
    let mut world = World::new();
    for year in 2021..=2025 {
        for month in [3, 6, 9, 12] {
            let cut = day(&format!("{year}-{month:02}-28"));
            let known: Vec<Line> =
                lines().into_iter().filter_map(|(file, line, row)| Some((file, line, as_of(&row, cut)?))).collect();
            take(&mut world, &known);
        }
    }
    let last = take(&mut world, &lines());
    // A graduation that no rule allows leaves the admission that an earlier month stated; all else is as in one import.
    let refused_late: BTreeSet<String> =
        facts(&world).difference(&facts(&alone)).map(|(_, fact)| fact.clone()).collect();
    assert!(facts(&alone).is_subset(&facts(&world)));
    assert_eq!(refused_late.len(), 1, "{refused_late:?}");
    assert!(refused_late.iter().all(|fact| fact.starts_with("FirmAdmitted")), "{refused_late:?}");
    assert_eq!(refused(&last).len(), refused(&in_one).len());
    let again = world.history.len();
    take(&mut world, &lines());
    assert_eq!(world.history.len(), again);
}

#[test]
fn files_may_be_given_in_any_order() {
    let (alone, _) = whole();
    let mut rng = Rng(5);
    for _ in 0..20 {
        let mut files: Vec<LedgerFile> = files();
        for at in (1..files.len()).rev() {
            files.swap(at, rng.below(at as u64 + 1) as usize);
        }
        in_import_order(&mut files);
        let rows = files.iter().flat_map(|file| {
            let name = file.name().to_owned();
            file.sorted_rows().unwrap().filter_map(move |row| {
                let row = row.unwrap();
                Some((name.clone(), row.line, row.row.ok()?))
            })
        });
        let mut world = World::new();
        take(&mut world, &rows.collect::<Vec<Line>>());
        same(&world, &alone);
    }
}

#[test]
fn the_same_again_adds_nothing() {
    let (mut world, first) = whole();
    let events = world.history.len();
    let second = take(&mut world, &lines());
    assert_eq!(world.history.len(), events);
    for (key, outcome) in first {
        match outcome {
            Ok(_) => assert_eq!(second[&key], Ok(Some(Reason::Duplicate)), "{key:?}"),
            Err(reason) => assert_eq!(second[&key], Err(reason), "{key:?}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_server_ends_in_the_same_state() {
    let data = TempDir::new().unwrap();
    let server = Incubatord::with(data.path(), &["--district", "440203", "--district", "440204"]);
    let client = server.client().await;
    let (rows, other) = (wire(&lines()), "districts/440204");
    import_whole(&client, DISTRICT, &rows).await;
    let alone = State::of(&client, DISTRICT).await;
    import_whole(&client, other, &wire(&june())).await;
    let second = import_whole(&client, other, &rows).await;
    alone.same(&State::of(&client, other).await, "June's, then July's");
    let refused = second.iter().filter(|result| result.outcome() == v1::RowOutcome::Rejected).count();
    assert_eq!(refused, whole().1.values().filter(|outcome| outcome.is_err()).count());
    nothing_new(&client, other, &rows).await;
    server.stop_cleanly();
}
