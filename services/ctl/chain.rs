//! `chain`: how firms move along makerspace → incubator → accelerator → park, in the shape of rules §4.

use super::args::FiguresArgs;
use super::connect::Session;
use super::figures::{self, count, row};
use super::lang::Lang;
use super::output::{Grid, Report, last_segment};
use super::show::known_at;
use super::trouble::Trouble;
use crate::domain::Kind;
use crate::projections::json::{ChainJson, CountsJson};
use crate::wire::v1;

/// Asks for the chain.
pub async fn run(session: &Session, args: FiguresArgs, lang: Lang) -> Result<Report, Trouble> {
    let request = v1::GetChainStatusRequest {
        parent: session.parent(),
        as_of_date: args.as_of.to_string(),
        min_position: args.known.min_position,
        filter: figures::filter(&args),
        known_at: known_at!(get_chain_status_request, args.known),
    };
    let reply = session.bureau().get_chain_status(request).await?.into_inner();
    let definitions = figures::definitions_grid(&reply.definitions, lang);
    let json = json(reply);
    let grids = vec![summary(&json, lang), carriers(&json, lang), definitions];
    let csv = figures::csv(&rows(&json, lang));
    let json = serde_json::to_value(&json).map_err(std::io::Error::from)?;
    Ok(Report { json, grids, csv, ..Report::default() })
}

/// The answer in the contract's shape.
pub fn json(reply: v1::GetChainStatusResponse) -> ChainJson {
    let kind = |number: i32| u32::try_from(number).ok().and_then(Kind::from_code).map_or("?", Kind::key);
    let counts = |c: &v1::IncubatorCounts| CountsJson {
        open: count(c.open),
        admitted_ever: count(c.admitted_ever),
        graduated_ever: count(c.graduated_ever),
    };
    let transition = |t: &v1::Transition| (format!("{}->{}", kind(t.from_kind), kind(t.to_kind)), count(t.count));
    ChainJson {
        as_of: reply.as_of_date,
        position: Some(count(reply.position)),
        transitions: reply.transitions.iter().map(transition).collect(),
        incubators: reply.incubators.iter().map(|c| (last_segment(&c.incubator).to_owned(), counts(c))).collect(),
        settled_in_park: count(reply.settled_in_park),
        in_production: count(reply.in_production),
        definitions: figures::definitions(reply.definitions),
    }
}

/// `MAKERSPACE->INCUBATOR` as 众创空间→孵化器, or makerspace → incubator.
fn transition_name(transition: &str, lang: Lang) -> String {
    let word = |key: &str| match (lang, Kind::from_key(key)) {
        (Lang::Zh, Some(kind)) => kind.chinese().to_owned(),
        _ => key.to_lowercase(),
    };
    transition.split("->").map(word).collect::<Vec<_>>().join(lang.pick("→", " → "))
}

fn totals(json: &ChainJson, lang: Lang) -> Vec<Vec<String>> {
    let moved = |(key, n): (&String, &u64)| row(transition_name(key, lang), format!("transitions.{key}"), n);
    let ends = [
        row(lang.pick("落户园区", "settled in a park"), "settled_in_park", json.settled_in_park),
        row(lang.pick("投产", "in production"), "in_production", json.in_production),
    ];
    json.transitions.iter().map(moved).chain(ends).collect()
}

/// Every figure, for CSV.
fn rows(json: &ChainJson, lang: Lang) -> Vec<Vec<String>> {
    let mut rows = totals(json, lang);
    let names = carrier_figures(lang);
    for (id, c) in &json.incubators {
        let figures = [("open", c.open), ("admitted_ever", c.admitted_ever), ("graduated_ever", c.graduated_ever)];
        for (name, (key, value)) in names.iter().zip(figures) {
            rows.push(row(*name, format!("incubators.{id}.{key}"), value));
        }
    }
    rows
}

/// What is told of each carrier.
fn carrier_figures(lang: Lang) -> [&'static str; 3] {
    lang.pick(["在孵", "累计入孵", "累计毕业"], ["open", "admitted ever", "graduated ever"])
}

fn summary(json: &ChainJson, lang: Lang) -> Grid {
    let position = json.position.unwrap_or_default();
    let title = lang.pick(
        format!("孵化链条 · 截至 {} · 日志位置 {position}", json.as_of),
        format!("The chain · as of {} · at position {position}", json.as_of),
    );
    figures::grid(title, totals(json, lang), lang)
}

fn carriers(json: &ChainJson, lang: Lang) -> Grid {
    let mut head = vec![lang.pick("载体", "incubator")];
    head.extend(carrier_figures(lang));
    let row = |(id, c): (&String, &CountsJson)| {
        vec![id.clone(), c.open.to_string(), c.admitted_ever.to_string(), c.graduated_ever.to_string()]
    };
    Grid {
        title: lang.pick("各载体", "Carriers").to_owned(),
        head: head.into_iter().map(str::to_owned).collect(),
        rows: json.incubators.iter().map(row).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shape_is_the_contract_s() {
        let reply = v1::GetChainStatusResponse {
            as_of_date: "2024-12-31".into(),
            position: 9,
            transitions: vec![v1::Transition {
                from_kind: v1::IncubatorKind::Makerspace.into(),
                to_kind: v1::IncubatorKind::Incubator.into(),
                count: 12,
            }],
            incubators: vec![v1::IncubatorCounts {
                incubator: "districts/440203/incubators/WJ01".into(),
                open: 16,
                admitted_ever: 31,
                graduated_ever: 0,
            }],
            settled_in_park: 15,
            in_production: 13,
            definitions: Vec::new(),
        };
        let json = json(reply);
        assert_eq!(rows(&json, Lang::Zh)[0], ["众创空间→孵化器", "transitions.MAKERSPACE->INCUBATOR", "12"]);
        assert_eq!(rows(&json, Lang::En)[0][0], "makerspace → incubator");
        let shown = serde_json::to_value(&json).unwrap();
        let golden: serde_json::Value = serde_json::from_str(include_str!("../../tests/golden/expected.json")).unwrap();
        let expected = golden["chain"][0].as_object().unwrap();
        assert!(expected.keys().all(|key| shown.get(key).is_some()));
        assert_eq!(shown["transitions"]["MAKERSPACE->INCUBATOR"], expected["transitions"]["MAKERSPACE->INCUBATOR"]);
        assert_eq!(shown["incubators"]["WJ01"], expected["incubators"]["WJ01"]);
    }
}
