//! What `metrics` and `chain` share: the cut, and the definitions that come with every answer.

use super::args::FiguresArgs;
use super::lang::Lang;
use super::output::Grid;
use super::parse::Wire as _;
use crate::projections::{CHAIN, METRICS};
use crate::wire::v1;
use std::collections::BTreeMap;

/// The cut that the arguments ask for; none if they ask for none.
pub fn filter(args: &FiguresArgs) -> Option<v1::MetricsFilter> {
    let filter = v1::MetricsFilter {
        incubator_ids: args.incubator.clone(),
        kinds: args.kind.iter().map(|word| word.wire()).collect(),
        levels: args.level.iter().map(|level| level.0.map_or(0, |word| word.wire())).collect(),
        fields: args.field.clone(),
        criteria: args.criterion.iter().map(|word| word.wire()).collect(),
    };
    (filter != v1::MetricsFilter::default()).then_some(filter)
}

/// A count as JSON has it: never negative.
pub fn count(value: i64) -> u64 {
    u64::try_from(value).unwrap_or_default()
}

/// Definitions by key.
pub fn definitions(list: Vec<v1::Definition>) -> BTreeMap<String, String> {
    list.into_iter().map(|definition| (definition.metric, definition.text)).collect()
}

/// Definitions as a table, in the order of the server, whose texts are English: the Chinese ones are known here by their
/// figure; one that a newer server has stays as it says.
pub fn definitions_grid(list: &[v1::Definition], lang: Lang) -> Grid {
    let known = |metric: &str| METRICS.iter().chain(CHAIN).find(|known| known.metric == metric);
    let text = |definition: &v1::Definition| match (lang, known(&definition.metric)) {
        (Lang::Zh, Some(known)) => known.chinese.to_owned(),
        _ => definition.text.clone(),
    };
    Grid {
        title: lang.pick("定义", "Definitions").to_owned(),
        head: lang.pick(["指标", "定义"], ["figure", "definition"]).map(str::to_owned).to_vec(),
        rows: list.iter().map(|definition| vec![definition.metric.clone(), text(definition)]).collect(),
    }
}

/// A row of figures: name, key, value.
pub fn row(name: impl Into<String>, key: impl Into<String>, value: impl ToString) -> Vec<String> {
    vec![name.into(), key.into(), value.to_string()]
}

/// Figures as a table.
pub fn grid(title: String, rows: Vec<Vec<String>>, lang: Lang) -> Grid {
    let head = lang.pick(["指标", "键", "值"], ["figure", "key", "value"]).map(str::to_owned).to_vec();
    Grid { title, head, rows }
}

/// The same figures as `metric,value` rows.
pub fn csv(rows: &[Vec<String>]) -> Grid {
    let head = vec!["metric".to_owned(), "value".to_owned()];
    Grid { title: String::new(), head, rows: rows.iter().map(|row| row[1..].to_vec()).collect() }
}
