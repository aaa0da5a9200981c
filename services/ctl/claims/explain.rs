//! `claims explain`: the explanation that a claim keeps, as it was frozen: an indented text, the very bytes that its SHA-256 is
//! of, CSV, or a page to print.

use crate::ctl::connect::Session;
use crate::ctl::finance::{page, rows, yuan};
use crate::ctl::lang::{Lang, Say};
use crate::ctl::output::{Format, Io, print_csv};
use crate::ctl::trouble::Trouble;
use crate::policy::Scheme;
use crate::wire::v1;
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use std::path::Path;

/// Runs it.
pub async fn run(
    session: &Session,
    name: &str,
    to_page: Option<&Path>,
    format: Format,
    lang: Lang,
    io: &mut Io<'_>,
) -> Result<(), Trouble> {
    let text = read(session, name).await?;
    let whole: Value = serde_json::from_slice(&text).map_err(|fault| unreadable(&fault))?;
    let (heading, basis) = (heading(&whole, lang), basis(&whole, lang));
    let trees: Vec<_> =
        ["tree", "stacking"].iter().filter(|key| !whole[**key].is_null()).map(|key| node(&whole[*key])).collect();
    let trees: Vec<&v1::ExplanationNode> = trees.iter().collect();
    match (to_page, format) {
        (Some(file), _) if file == Path::new("-") => {
            io.out.write_all(page::html(&heading, &basis, &trees, lang).as_bytes())?;
        }
        (Some(file), _) => std::fs::write(file, page::html(&heading, &basis, &trees, lang))?,
        (None, Format::Table) => {
            writeln!(io.out, "{heading}\n{basis}\n")?;
            trees.iter().try_for_each(|tree| write(tree, 0, io.out))?;
        }
        (None, Format::Json) => io.out.write_all(&text)?,
        (None, Format::Csv) => print_csv(&rows(&trees), io.out)?,
    }
    io.out.flush()?;
    Ok(())
}

/// The bytes, whole: what does not meet the digest that came with it is not shown.
async fn read(session: &Session, name: &str) -> Result<Vec<u8>, Trouble> {
    let ask = v1::ReadClaimExplanationRequest { name: name.to_owned() };
    let mut pieces = session.claims().read_claim_explanation(ask).await?.into_inner();
    let (mut text, mut sha256) = (Vec::new(), String::new());
    while let Some(piece) = pieces.message().await? {
        text.extend(piece.chunk);
        sha256 = piece.sha256;
    }
    if hex::encode(Sha256::digest(&text)) != sha256 {
        return Err(unreadable(&"SHA-256"));
    }
    Ok(text)
}

fn unreadable(fault: &dyn std::fmt::Display) -> Trouble {
    Trouble::Said(Say::new(
        format!("收到的说明不完整：{fault}"),
        format!("the explanation that came is not whole: {fault}"),
    ))
}

fn heading(whole: &Value, lang: Lang) -> String {
    let of = &whole["entitlement"];
    let said = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let scheme = said(&of["scheme"]);
    let scheme =
        Scheme::from_key(&scheme).map_or(scheme.clone(), |known| lang.pick(known.chinese(), known.key()).to_owned());
    let (to, period, claimed) = (said(&of["beneficiary"]), said(&of["period"]), whole["claimed_fen"].as_i64());
    let claimed = yuan(claimed.unwrap_or_default());
    lang.pick(
        format!("{scheme} · {to} · {period}：申报{claimed}元"),
        format!("{scheme} · {to} · {period}: {claimed} yuan claimed"),
    )
}

fn basis(whole: &Value, lang: Lang) -> String {
    let said = |key: &str| whole[key].as_str().map_or_else(|| whole[key].to_string(), str::to_owned);
    let (as_of, known, policy, rules) = (said("as_of"), said("known_at"), said("policy"), said("rules_version"));
    lang.pick(
        format!("截至 {as_of} · 日志位置 {known} · 政策 {policy} · 规则版本 {rules}"),
        format!("as of {as_of} · at position {known} · policy {policy} · rules version {rules}"),
    )
}

/// A node of the kept tree in the shape of the API's.
fn node(json: &Value) -> v1::ExplanationNode {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let number = |prefix: &str, value: &Value| format!("{prefix}_{}", value.as_str().unwrap_or_default());
    let value = json["value"].as_object().map(|_| {
        let value = &json["value"];
        v1::ExactValue {
            numerator: text(&value["numerator"]),
            denominator: text(&value["denominator"]),
            decimal: text(&value["decimal"]),
            unit: v1::ValueUnit::from_str_name(&number("VALUE_UNIT", &value["unit"])).map_or(0, i32::from),
        }
    });
    let position = json["source"]["fact"]["position"].as_i64();
    let fact = |position| v1::explanation_node::Source::Fact(v1::FactSource { position, ..Default::default() });
    v1::ExplanationNode {
        step: v1::ExplanationStep::from_str_name(&number("EXPLANATION_STEP", &json["step"])).map_or(0, i32::from),
        value,
        source: position.map(fact),
        sentence: text(&json["sentence"]),
        children: json["children"].as_array().into_iter().flatten().map(node).collect(),
        ..Default::default()
    }
}

fn write(node: &v1::ExplanationNode, depth: usize, out: &mut dyn std::io::Write) -> Result<(), Trouble> {
    writeln!(out, "{}{}", "  ".repeat(depth), node.sentence)?;
    node.children.iter().try_for_each(|child| write(child, depth + 1, out))
}
