//! `metrics`: the figures of the science bureau in the shape of rules §4, with the firms whose term is over, read at the
//! very position of the figures.

use super::args::FiguresArgs;
use super::connect::Session;
use super::figures::{self, count, row};
use super::lang::{Lang, label};
use super::output::{Grid, Report, last_segment};
use super::show::{self, known_at};
use super::trouble::Trouble;
use crate::domain::Criterion;
use crate::projections::json::{CohortJson, IncubationDaysJson, MedianJson, MetricsJson, SurvivalJson, YearJson};
use crate::wire::v1;

/// Asks for the figures.
pub async fn run(session: &Session, args: FiguresArgs, lang: Lang) -> Result<Report, Trouble> {
    let request = v1::GetMetricsRequest {
        parent: session.parent(),
        as_of_date: args.as_of.to_string(),
        min_position: args.known.min_position,
        filter: figures::filter(&args),
        known_at: known_at!(get_metrics_request, args.known),
    };
    let metrics = session.bureau().get_metrics(request).await?.into_inner();
    let overdue = overdue(session, &args, metrics.position).await?;
    report(metrics, &overdue, lang)
}

/// Every page of the firms whose term is over, at one position.
async fn overdue(session: &Session, args: &FiguresArgs, position: i64) -> Result<Vec<v1::OverdueFirm>, Trouble> {
    let known = show::pinned(position);
    let mut request = v1::ListOverdueFirmsRequest {
        parent: session.parent(),
        as_of_date: args.as_of.to_string(),
        page_size: show::PAGE_SIZE,
        cut: figures::filter(args),
        known_at: known_at!(list_overdue_firms_request, known),
        ..Default::default()
    };
    let mut firms = Vec::new();
    loop {
        let page = session.bureau().list_overdue_firms(request.clone()).await?.into_inner();
        firms.extend(page.firms);
        if page.next_page_token.is_empty() {
            return Ok(firms);
        }
        request.page_token = page.next_page_token;
    }
}

fn report(metrics: v1::GetMetricsResponse, overdue: &[v1::OverdueFirm], lang: Lang) -> Result<Report, Trouble> {
    let definitions = figures::definitions_grid(&metrics.definitions, lang);
    let json = json(metrics, overdue);
    let rows = rows(&json, lang);
    let title = lang.pick("毕业指标", "Graduation metrics");
    let position = json.position.unwrap_or_default();
    let title = lang.pick(
        format!("{title} · 截至 {} · 日志位置 {position}", json.as_of),
        format!("{title} · as of {} · at position {position}", json.as_of),
    );
    let mut grids = vec![figures::grid(title, rows.clone(), lang)];
    grids.extend((!overdue.is_empty()).then(|| overdue_grid(overdue, lang)));
    grids.push(definitions);
    let csv = figures::csv(&rows);
    let json = serde_json::to_value(&json).map_err(std::io::Error::from)?;
    Ok(Report { json, grids, csv, ..Report::default() })
}

/// The answer in the contract's shape.
pub fn json(metrics: v1::GetMetricsResponse, overdue: &[v1::OverdueFirm]) -> MetricsJson {
    let criterion = |number: i32| u32::try_from(number).ok().and_then(Criterion::from_code);
    let word = |number| criterion(number).map_or_else(|| format!("#{number}"), |word| word.chinese().to_owned());
    let cohort = |cohort: &v1::Cohort| CohortJson {
        entrants: count(cohort.entrants),
        graduates_within_48_months: count(cohort.graduates_within_48_months),
        still_incubating_within_horizon: count(cohort.still_incubating_within_horizon),
    };
    let survival = |s: &v1::Survival| SurvivalJson { graduates: count(s.graduates), alive: count(s.alive) };
    MetricsJson {
        as_of: metrics.as_of_date,
        position: Some(count(metrics.position)),
        in_makerspace: count(metrics.in_makerspace),
        in_incubator: count(metrics.in_incubator),
        in_accelerator: count(metrics.in_accelerator),
        year: year(metrics.year.unwrap_or_default()),
        cumulative_graduates: count(metrics.cumulative_graduates),
        graduates_settled_in_park: count(metrics.graduates_settled_in_park),
        criterion: metrics.criteria.iter().map(|c| (word(c.criterion), count(c.count))).collect(),
        incubation_days: days(metrics.incubation_days.unwrap_or_default()),
        overdue: overdue.iter().map(|firm| last_segment(&firm.firm).to_owned()).collect(),
        cohorts: metrics.cohorts.iter().map(|c| (c.year.to_string(), cohort(c))).collect(),
        survival_years: metrics.survival.iter().map(|s| (s.years.to_string(), survival(s))).collect(),
        definitions: figures::definitions(metrics.definitions),
    }
}

fn year(year: v1::YearFlow) -> YearJson {
    let ratio = |ratio: Option<v1::Ratio>| ratio.map_or([0, 0], |r| [count(r.numerator), count(r.denominator)]);
    YearJson {
        opening: count(year.opening),
        admitted: count(year.admitted),
        graduated: count(year.graduated),
        left_otherwise: count(year.left_otherwise),
        closing: count(year.closing),
        rate_a: ratio(year.rate_a),
        rate_b: ratio(year.rate_b),
    }
}

fn days(days: v1::IncubationDays) -> IncubationDaysJson {
    IncubationDaysJson { count: count(days.count), sum: days.sum, median: MedianJson::of_days(days.median) }
}

/// Every figure as name, key and value. A rate is two rows: what it is made of stays exact.
fn rows(json: &MetricsJson, lang: Lang) -> Vec<Vec<String>> {
    let median = match json.incubation_days.median {
        MedianJson::Whole(days) => days.to_string(),
        MedianJson::Half(days) => days.to_string(),
    };
    let mut rows = vec![
        row(lang.pick("众创空间在孵企业", "firms in makerspaces"), "in_makerspace", json.in_makerspace),
        row(lang.pick("孵化器在孵企业", "firms in incubators"), "in_incubator", json.in_incubator),
        row(lang.pick("加速器在孵企业", "firms in accelerators"), "in_accelerator", json.in_accelerator),
        row(lang.pick("年初在孵", "year: opening"), "year.opening", json.year.opening),
        row(lang.pick("本年入孵", "year: admitted"), "year.admitted", json.year.admitted),
        row(lang.pick("本年毕业", "year: graduated"), "year.graduated", json.year.graduated),
        row(lang.pick("本年其他离孵", "year: left otherwise"), "year.left_otherwise", json.year.left_otherwise),
        row(lang.pick("期末在孵", "year: closing"), "year.closing", json.year.closing),
        row(
            lang.pick("毕业率甲 分子（毕业）", "rate a: numerator (graduated)"),
            "year.rate_a.numerator",
            json.year.rate_a[0],
        ),
        row(
            lang.pick("毕业率甲 分母（年初在孵）", "rate a: denominator (opening)"),
            "year.rate_a.denominator",
            json.year.rate_a[1],
        ),
        row(
            lang.pick("毕业率乙 分子（毕业）", "rate b: numerator (graduated)"),
            "year.rate_b.numerator",
            json.year.rate_b[0],
        ),
        row(
            lang.pick("毕业率乙 分母（期末在孵＋毕业）", "rate b: denominator (closing + graduated)"),
            "year.rate_b.denominator",
            json.year.rate_b[1],
        ),
        row(lang.pick("累计毕业企业", "graduates so far"), "cumulative_graduates", json.cumulative_graduates),
        row(
            lang.pick("毕业企业落户园区", "of them settled in a park"),
            "graduates_settled_in_park",
            json.graduates_settled_in_park,
        ),
        row(
            lang.pick("孵化天数 企业数", "days of incubation: firms"),
            "incubation_days.count",
            json.incubation_days.count,
        ),
        row(lang.pick("孵化天数 合计", "days of incubation: sum"), "incubation_days.sum", json.incubation_days.sum),
        row(lang.pick("孵化天数 中位数", "days of incubation: median"), "incubation_days.median", median),
        row(lang.pick("超期在孵企业", "firms over their term"), "overdue", json.overdue.len()),
    ];
    for (word, count) in &json.criterion {
        let english = Criterion::from_chinese(word).map_or_else(|| word.clone(), |known| known.key().to_owned());
        let name = lang.pick(format!("毕业依据 {word}"), format!("graduated on the ground {english}"));
        rows.push(row(name, format!("criterion.{word}"), count));
    }
    for (year, c) in &json.cohorts {
        let figures = [
            ("", "", "entrants", c.entrants),
            (
                " 48个月内毕业",
                ": graduated within 48 months",
                "graduates_within_48_months",
                c.graduates_within_48_months,
            ),
            (
                " 仍在48个月内在孵",
                ": still incubating within them",
                "still_incubating_within_horizon",
                c.still_incubating_within_horizon,
            ),
        ];
        for (zh, en, key, value) in figures {
            let name = lang.pick(format!("{year}年首次入孵{zh}"), format!("first admitted in {year}{en}"));
            rows.push(row(name, format!("cohorts.{year}.{key}"), value));
        }
    }
    for (years, s) in &json.survival_years {
        let names = lang.pick(
            [format!("毕业满{years}年企业"), format!("毕业满{years}年仍存续")],
            [format!("graduated {years} years ago or more"), format!("of them still there after {years} years")],
        );
        let [graduates, alive] = names;
        rows.push(row(graduates, format!("survival_years.{years}.graduates"), s.graduates));
        rows.push(row(alive, format!("survival_years.{years}.alive"), s.alive));
    }
    rows
}

fn overdue_grid(firms: &[v1::OverdueFirm], lang: Lang) -> Grid {
    let keys = ["code", "display_name", "field", "incubator", "first_admitted_date", "limit_date", "days_over"];
    let row = |firm: &v1::OverdueFirm| {
        vec![
            last_segment(&firm.firm).to_owned(),
            firm.display_name.clone(),
            firm.field.clone(),
            last_segment(&firm.incubator).to_owned(),
            firm.first_admitted_date.clone(),
            firm.limit_date.clone(),
            firm.days_over.to_string(),
        ]
    };
    Grid {
        title: lang.pick("超期在孵企业", "Overdue firms").to_owned(),
        head: keys.iter().map(|key| label(key, lang).to_owned()).collect(),
        rows: firms.iter().map(row).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer() -> v1::GetMetricsResponse {
        v1::GetMetricsResponse {
            as_of_date: "2022-12-31".into(),
            position: 7,
            in_incubator: 51,
            year: Some(v1::YearFlow {
                opening: 36,
                rate_a: Some(v1::Ratio { numerator: 3, denominator: 36 }),
                ..Default::default()
            }),
            criteria: vec![v1::CriterionCount { criterion: v1::GraduationCriterion::HighTech.into(), count: 4 }],
            incubation_days: Some(v1::IncubationDays { count: 6, sum: 4290, median: 699.5 }),
            cohorts: vec![v1::Cohort { year: 2019, entrants: 5, ..Default::default() }],
            survival: vec![v1::Survival { years: 1, graduates: 3, alive: 2 }],
            ..Default::default()
        }
    }

    #[test]
    fn the_shape_is_the_contract_s() {
        let golden: serde_json::Value = serde_json::from_str(include_str!("../../tests/golden/expected.json")).unwrap();
        let expected = golden["metrics"][0].as_object().unwrap();
        let firm = v1::OverdueFirm { firm: "districts/440203/firms/91".into(), ..Default::default() };
        let report = report(answer(), &[firm], Lang::Zh).unwrap();
        let shown = report.json.as_object().unwrap();
        for key in expected.keys() {
            assert!(shown.contains_key(key), "{key}");
        }
        let extra: Vec<_> = shown.keys().filter(|key| !expected.contains_key(*key)).collect();
        assert_eq!(extra, ["position"]);
        assert_eq!(shown["criterion"]["高新技术企业"], 4);
        assert_eq!(shown["incubation_days"]["median"], 699.5);
        assert_eq!(shown["overdue"][0], "91");
        assert_eq!(shown["year"]["rate_a"], serde_json::json!([3, 36]));
        let chinese = |text: &str| text.chars().any(|c| c >= '\u{2e80}');
        let english = rows(&json(answer(), &[]), Lang::En);
        assert!(english.iter().all(|row| !chinese(&row[0])), "{english:?}");
        let key = |name: &str| report.csv.rows.iter().any(|row| row[0] == name);
        assert!(key("year.rate_a.denominator") && key("cohorts.2019.entrants") && key("survival_years.1.alive"));
    }
}
