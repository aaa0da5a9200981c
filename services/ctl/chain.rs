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
    let csv = figures::csv(&rows(&json));
    let json = serde_json::to_value(&json).map_err(std::io::Error::from)?;
    Ok(Report { json, grids, csv })
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

/// `MAKERSPACE->INCUBATOR` as 众创空间→孵化器.
fn chinese(transition: &str) -> String {
    let word = |key: &str| Kind::from_key(key).map_or_else(|| key.to_owned(), |kind| kind.chinese().to_owned());
    transition.split("->").map(word).collect::<Vec<_>>().join("→")
}

fn totals(json: &ChainJson) -> Vec<Vec<String>> {
    let moves = json.transitions.iter().map(|(key, n)| row(chinese(key), format!("transitions.{key}"), n));
    let ends =
        [row("落户园区", "settled_in_park", json.settled_in_park), row("投产", "in_production", json.in_production)];
    moves.chain(ends).collect()
}

/// Every figure, for CSV.
fn rows(json: &ChainJson) -> Vec<Vec<String>> {
    let mut rows = totals(json);
    for (id, c) in &json.incubators {
        rows.push(row("在孵", format!("incubators.{id}.open"), c.open));
        rows.push(row("累计入孵", format!("incubators.{id}.admitted_ever"), c.admitted_ever));
        rows.push(row("累计毕业", format!("incubators.{id}.graduated_ever"), c.graduated_ever));
    }
    rows
}

fn summary(json: &ChainJson, lang: Lang) -> Grid {
    let position = json.position.unwrap_or_default();
    let title = lang.pick(
        format!("孵化链条 · 截至 {} · 日志位置 {position}", json.as_of),
        format!("The chain · as of {} · at position {position}", json.as_of),
    );
    figures::grid(title, totals(json), lang)
}

fn carriers(json: &ChainJson, lang: Lang) -> Grid {
    let head =
        lang.pick(["载体", "在孵", "累计入孵", "累计毕业"], ["incubator", "open", "admitted_ever", "graduated_ever"]);
    let row = |(id, c): (&String, &CountsJson)| {
        vec![id.clone(), c.open.to_string(), c.admitted_ever.to_string(), c.graduated_ever.to_string()]
    };
    Grid {
        title: lang.pick("各载体", "Carriers").to_owned(),
        head: head.map(str::to_owned).to_vec(),
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
        assert_eq!(rows(&json)[0], ["众创空间→孵化器", "transitions.MAKERSPACE->INCUBATOR", "12"]);
        let shown = serde_json::to_value(&json).unwrap();
        let golden: serde_json::Value = serde_json::from_str(include_str!("../../tests/golden/expected.json")).unwrap();
        let expected = golden["chain"][0].as_object().unwrap();
        assert!(expected.keys().all(|key| shown.get(key).is_some()));
        assert_eq!(shown["transitions"]["MAKERSPACE->INCUBATOR"], expected["transitions"]["MAKERSPACE->INCUBATOR"]);
        assert_eq!(shown["incubators"]["WJ01"], expected["incubators"]["WJ01"]);
    }
}
