//! `explain`: why an entitlement is what it is, as an indented text, as JSON, as CSV, or as a page to print. Long lists come
//! in parts and are put together here.

use super::args::{Asked, ExplainArgs};
use super::{
    basis, beneficiary as beneficiary_name, entitlements, page, policy_name, scheme_name, scheme_number, yuan,
};
use crate::ctl::connect::Session;
use crate::ctl::lang::Lang;
use crate::ctl::output::{Format, Grid, Io, last_segment, print_csv, print_json};
use crate::ctl::parse::opt_day;
use crate::ctl::show::known_at;
use crate::ctl::trouble::Trouble;
use crate::projections::entitlements::{NodeJson, SourceJson, ValueJson};
use crate::wire::v1;
use serde_json::json;
use std::path::Path;

/// Runs it.
pub async fn run(
    session: &Session,
    args: ExplainArgs,
    format: Format,
    lang: Lang,
    io: &mut Io<'_>,
) -> Result<(), Trouble> {
    let to_page = args.page.clone();
    let answer = ask(session, args).await?;
    let (Some(line), Some(tree)) = (&answer.entitlement, &answer.tree) else { return Ok(()) };
    let heading = heading(line, lang);
    let rests_on = basis(answer.basis.as_ref(), lang);
    let trees: Vec<&v1::ExplanationNode> = std::iter::once(tree).chain(&answer.stacking).collect();
    match (to_page, format) {
        (Some(file), _) if file == Path::new("-") => {
            io.out.write_all(page::html(&heading, &rests_on, &trees, lang).as_bytes())?;
        }
        (Some(file), _) => std::fs::write(&file, page::html(&heading, &rests_on, &trees, lang))?,
        (None, Format::Table) => {
            writeln!(io.out, "{heading}\n{rests_on}\n")?;
            trees.iter().try_for_each(|tree| write(tree, 0, io.out))?;
        }
        (None, Format::Json) => {
            let mut whole = serde_json::to_value(entitlements::json(line)).map_err(std::io::Error::from)?;
            whole["payee"] = line.payee.clone().into();
            whole["basis"] = crate::ctl::message::json("AnswerBasis", &answer.basis.clone().unwrap_or_default());
            whole["tree"] = json!(node(tree));
            if let Some(stacking) = &answer.stacking {
                whole["stacking"]["tree"] = json!(node(stacking));
            }
            print_json(&whole, io.out)?;
        }
        (None, Format::Csv) => {
            print_csv(&rows(&trees), io.out)?;
        }
    }
    io.out.flush()?;
    Ok(())
}

/// The explanation whole, at one position.
async fn ask(session: &Session, args: ExplainArgs) -> Result<v1::ExplainEntitlementResponse, Trouble> {
    let ExplainArgs { scheme, beneficiary, period, asked: Asked { as_of, known, policy }, .. } = args;
    let request = v1::ExplainEntitlementRequest {
        parent: session.parent(),
        as_of_date: opt_day(as_of),
        min_position: known.min_position,
        known_at: known_at!(explain_entitlement_request, known),
        policy: policy_name(session, &policy),
        scheme: scheme_number(scheme),
        beneficiary: beneficiary_name(session, scheme, &beneficiary),
        period,
        ..Default::default()
    };
    let mut answer = session.entitlements().explain_entitlement(request.clone()).await?.into_inner();
    while let Some(cut) = answer.tree.as_mut().and_then(first_cut) {
        let page_token = std::mem::take(&mut cut.next_children_token);
        let request = v1::ExplainEntitlementRequest { page_token, ..request.clone() };
        let more = session.entitlements().explain_entitlement(request).await?.into_inner().tree.unwrap_or_default();
        cut.children.extend(more.children);
        cut.next_children_token = more.next_children_token;
    }
    Ok(answer)
}

/// The first node of which children are missing.
pub(super) fn first_cut(node: &mut v1::ExplanationNode) -> Option<&mut v1::ExplanationNode> {
    if !node.next_children_token.is_empty() {
        return Some(node);
    }
    node.children.iter_mut().find_map(first_cut)
}

fn heading(line: &v1::Entitlement, lang: Lang) -> String {
    let beneficiary = line.beneficiary.rsplit('/').next().unwrap_or_default();
    let (scheme, amount) = (scheme_name(line.scheme, lang), yuan(line.amount_fen));
    let period = if line.period.is_empty() { String::new() } else { format!(" · {}", line.period) };
    lang.pick(
        format!("{scheme} · {beneficiary}{period}：{amount}元"),
        format!("{scheme} · {beneficiary}{period}: {amount} yuan"),
    )
}

fn write(node: &v1::ExplanationNode, depth: usize, out: &mut dyn std::io::Write) -> Result<(), Trouble> {
    writeln!(out, "{}{}", "  ".repeat(depth), node.sentence)?;
    node.children.iter().try_for_each(|child| write(child, depth + 1, out))
}

/// A node in the shape of the projection's JSON.
pub(super) fn node(wire: &v1::ExplanationNode) -> NodeJson {
    let value = wire.value.as_ref().map(|value| ValueJson {
        numerator: value.numerator.clone(),
        denominator: value.denominator.clone(),
        decimal: value.decimal.clone(),
        unit: value.unit().as_str_name().trim_start_matches("VALUE_UNIT_"),
    });
    NodeJson {
        step: wire.step().as_str_name().trim_start_matches("EXPLANATION_STEP_"),
        value,
        source: wire.source.as_ref().map(source),
        sentence: wire.sentence.clone(),
        children: wire.children.iter().map(node).collect(),
    }
}

fn source(wire: &v1::explanation_node::Source) -> SourceJson {
    use v1::explanation_node::Source as S;
    match wire {
        S::Fact(fact) => SourceJson::Fact {
            position: u64::try_from(fact.position).unwrap_or_default(),
            day: fact.effective_date.clone(),
        },
        S::Clause(clause) => SourceJson::Clause {
            document_no: clause.document_no.clone(),
            clause: clause.clause.clone(),
            from: clause.from_date.clone(),
            until: (!clause.until_date.is_empty()).then(|| clause.until_date.clone()),
        },
        S::Parameter(parameter) => {
            SourceJson::Parameter { key: parameter.key.clone(), from: parameter.from_date.clone() }
        }
        S::Grant(grant) => SourceJson::Grant { loan: grant.contract_no.clone() },
        S::Award(award) => {
            let (scheme, period) = (entitlements::scheme_key(award.scheme), award.period.clone());
            SourceJson::Award { scheme, beneficiary: last_segment(&award.beneficiary).to_owned(), period }
        }
    }
}

/// Trees as rows, each with its depth.
pub(in crate::ctl) fn rows(trees: &[&v1::ExplanationNode]) -> Grid {
    let head = ["depth", "step", "numerator", "denominator", "unit", "position", "sentence"];
    let mut grid = Grid { title: String::new(), head: head.map(str::to_owned).to_vec(), rows: Vec::new() };
    trees.iter().for_each(|tree| flatten(&node(tree), 0, &mut grid.rows));
    grid
}

fn flatten(node: &NodeJson, depth: usize, rows: &mut Vec<Vec<String>>) {
    let value = |pick: fn(&ValueJson) -> &str| node.value.as_ref().map(pick).unwrap_or_default().to_owned();
    let position = match &node.source {
        Some(SourceJson::Fact { position, .. }) => position.to_string(),
        _ => String::new(),
    };
    rows.push(vec![
        depth.to_string(),
        node.step.to_owned(),
        value(|value| &value.numerator),
        value(|value| &value.denominator),
        value(|value| value.unit),
        position,
        node.sentence.clone(),
    ]);
    node.children.iter().for_each(|child| flatten(child, depth + 1, rows));
}
