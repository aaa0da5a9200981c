//! Policies and entitlements over the wire: published, linted, compared and simulated; listed, explained and watched; and
//! what was answered once stays answerable.

use crate::common;
use common::finance::district;
use common::server::{DISTRICT, Server, id, said};
use incubator_registry::wire::v1::{self, list_entitlements_request::KnownAt, watch_entitlements_response::Step};
use std::collections::BTreeMap;
use tokio_stream::StreamExt as _;
use tonic::Code;

const POLICY: &str = include_str!("../../deploy/demo/policy.toml");
const TODAY: &str = common::world::TODAY;
const AS_OF: &str = "2025-10-31";

fn publication(content: &str) -> v1::PublishPolicyRequest {
    v1::PublishPolicyRequest {
        parent: DISTRICT.into(),
        content: content.into(),
        effective_date: TODAY.into(),
        request_id: id(),
        ..Default::default()
    }
}

async fn publish(server: &Server, content: &str) -> v1::PublishPolicyResponse {
    server.policies().publish_policy(publication(content)).await.unwrap().into_inner()
}

fn list_of(as_of: &str) -> v1::ListEntitlementsRequest {
    v1::ListEntitlementsRequest { parent: DISTRICT.into(), as_of_date: as_of.into(), ..Default::default() }
}

/// All pages of a list, and what it rests on.
async fn all(server: &Server, mut ask: v1::ListEntitlementsRequest) -> (Vec<v1::Entitlement>, v1::AnswerBasis) {
    let mut lines = Vec::new();
    loop {
        let page = server.entitlements().list_entitlements(ask.clone()).await.unwrap().into_inner();
        lines.extend(page.entitlements);
        if page.next_page_token.is_empty() {
            return (lines, page.basis.unwrap());
        }
        ask.page_token = page.next_page_token;
    }
}

/// A line in the shape of the expected answers.
fn json(line: &v1::Entitlement) -> serde_json::Value {
    let text = |text: &str| if text.is_empty() { serde_json::Value::Null } else { text.into() };
    let reason = line.reason().as_str_name().trim_start_matches("ENTITLEMENT_REASON_");
    serde_json::json!({
        "scheme": line.scheme().as_str_name().trim_start_matches("SCHEME_").to_lowercase(),
        "beneficiary": line.beneficiary.rsplit('/').next(),
        "period": line.period,
        "amount_fen": line.amount_fen,
        "status": line.status().as_str_name().trim_start_matches("ENTITLEMENT_STATUS_"),
        "payer": text(&line.payer),
        "version": text(&line.version_date),
        "reason": if reason == "UNSPECIFIED" { "" } else { reason },
    })
}

#[tokio::test]
async fn the_expected_entitlements_come_through_the_wire() {
    let server = district().await;
    publish(&server, POLICY).await;
    let whole: serde_json::Value = serde_json::from_str(include_str!("../golden/expected.json")).unwrap();
    let (lines, basis) = all(&server, v1::ListEntitlementsRequest { page_size: 7, ..list_of(AS_OF) }).await;
    let shown: Vec<_> = lines.iter().map(json).collect();
    assert_eq!(serde_json::Value::from(shown), whole["entitlements"]);
    assert_eq!((basis.as_of_date.as_str(), basis.rules_version), (AS_OF, 1));
    assert_eq!(basis.policy_position, basis.position);
    let ask = v1::GetTotalsRequest { parent: DISTRICT.into(), as_of_date: AS_OF.into(), ..Default::default() };
    let totals = server.entitlements().get_totals(ask).await.unwrap().into_inner().totals;
    let mut by_scheme = BTreeMap::<String, i64>::new();
    for total in &totals {
        let scheme = total.scheme().as_str_name().trim_start_matches("SCHEME_").to_lowercase();
        *by_scheme.entry(scheme).or_default() += total.amount_fen;
    }
    assert_eq!(serde_json::to_value(by_scheme).unwrap(), whole["entitlement_totals_fen"]);
    let cut = |filter: &str| v1::ListEntitlementsRequest { filter: filter.into(), ..list_of(AS_OF) };
    for (filter, passes) in [
        (
            "scheme = relocation_rebate AND status = COMPLETE",
            (|line| line.scheme() == v1::Scheme::RelocationRebate && line.status() == v1::EntitlementStatus::Complete)
                as fn(&v1::Entitlement) -> bool,
        ),
        ("payer = 440203900", |line| line.payer == "440203900"),
        ("beneficiary = WJ03", |line| line.beneficiary.ends_with("/WJ03")),
        ("period = 2022", |line| line.period == "2022"),
        ("year = 2024", |line| line.year == 2024),
    ] {
        let wanted: Vec<_> = lines.iter().filter(|line| passes(line)).cloned().collect();
        assert!(!wanted.is_empty(), "{filter}");
        assert_eq!(all(&server, cut(filter)).await.0, wanted, "{filter}");
    }
    assert!(server.entitlements().list_entitlements(cut("scheme = none")).await.is_err());
    server.ended().await.unwrap();
}

#[tokio::test]
async fn what_was_answered_once_is_answered_again() {
    let server = district().await;
    let published = publish(&server, POLICY).await.position;
    let (then, basis) = all(&server, list_of("2024-12-31")).await;
    // A receipt is taken back, and another text is published.
    let ask = v1::ListTaxReceiptsRequest {
        parent: DISTRICT.into(),
        filter: "taxpayer = 91440203MA37GB743W".into(),
        ..Default::default()
    };
    let receipts = v1::tax_service_client::TaxServiceClient::new(server.channel.clone());
    let receipt = receipts.clone().list_tax_receipts(ask).await.unwrap().into_inner().tax_receipts.remove(0);
    let void = v1::VoidFactsRequest {
        parent: DISTRICT.into(),
        positions: vec![receipt.position],
        void_reason: "录错".into(),
        decided_by: "税务局".into(),
        request_id: id(),
        ..Default::default()
    };
    server.journal().void_facts(void).await.unwrap();
    let changed = POLICY.replacen("rate_ppm_by_year = [", "rate_ppm_by_year = [1, ", 1);
    assert_ne!(changed, POLICY);
    publish(&server, &changed).await;
    assert_ne!(all(&server, list_of("2024-12-31")).await.0, then);
    let known_at = Some(KnownAt::KnownAtPosition(basis.position));
    let again = all(&server, v1::ListEntitlementsRequest { known_at, ..list_of("2024-12-31") }).await;
    assert_eq!(again, (then, basis));
    let before = v1::ListEntitlementsRequest {
        known_at: Some(KnownAt::KnownAtPosition(published - 1)),
        ..list_of("2024-12-31")
    };
    let status = server.entitlements().list_entitlements(before).await.unwrap_err();
    assert_eq!((said(&status).code, said(&status).reason.as_str()), (Code::NotFound, "UNKNOWN_POLICY"));
    server.ended().await.unwrap();
}

#[tokio::test]
async fn a_policy_is_linted_before_it_is_published() {
    let server = Server::start().await;
    let bad = POLICY.replace("rate_ppm", "rat_ppm");
    let ask = |content: &str| v1::LintPolicyRequest { parent: DISTRICT.into(), content: content.into() };
    let linted = server.policies().lint_policy(ask(&bad)).await.unwrap().into_inner();
    assert!(!linted.publishable && linted.findings.len() > 3, "{linted:?}");
    for finding in &linted.findings {
        assert!(bad.lines().count() >= usize::try_from(finding.line).unwrap() && finding.line > 0, "{finding:?}");
        assert!(!finding.key.is_empty() && !finding.message.is_empty());
    }
    let status = server.policies().publish_policy(publication(&bad)).await.unwrap_err();
    let said_of = said(&status);
    assert_eq!(status.code(), Code::InvalidArgument);
    assert!(said_of.fields.iter().all(|(field, _)| field.starts_with("content:scheme[")), "{said_of:?}");
    // Can be read, and can't be meant.
    let odd = POLICY.replacen("rate_ppm = 500000", "rate_ppm = 1500000", 1);
    let linted = server.policies().lint_policy(ask(&odd)).await.unwrap().into_inner();
    assert!(!linted.publishable && linted.findings.iter().any(|f| f.code == "RATE_OUT_OF_RANGE"), "{linted:?}");
    let status = server.policies().publish_policy(publication(&odd)).await.unwrap_err();
    assert_eq!((status.code(), said(&status).reason.as_str()), (Code::InvalidArgument, "POLICY_AT_FAULT"));
    // Warnings don't stand in the way, and are told.
    let unreviewed: String = POLICY.lines().filter(|line| !line.starts_with("fair_competition_review")).fold(
        String::new(),
        |mut text, line| {
            text.push_str(line);
            text.push('\n');
            text
        },
    );
    let dry = v1::PublishPolicyRequest { validate_only: true, ..publication(&unreviewed) };
    let answer = server.policies().publish_policy(dry).await.unwrap().into_inner();
    assert!(answer.findings.iter().any(|finding| finding.code == "NOT_REVIEWED"));
    assert_eq!(server.engine.published().head.position, 2, "nothing is recorded");
    server.ended().await.unwrap();
}

#[tokio::test]
async fn a_publication_takes_effect_and_can_be_taken_back() {
    let server = district().await;
    let first = publish(&server, POLICY).await;
    let policy = first.policy.unwrap();
    assert_eq!((policy.revision, policy.published_date.as_str()), (1, TODAY));
    assert!(publish(&server, POLICY).await.duplicate);
    let changed = POLICY.replacen("办法（示例）", "办法（样例）", 1);
    let second = publish(&server, &changed).await;
    assert_eq!(second.policy.as_ref().unwrap().publication_positions, [first.position, second.position]);
    let name = policy.name.clone();
    let diff = |old: i64, new: v1::diff_policies_request::New| v1::DiffPoliciesRequest {
        name: name.clone(),
        old_position: old,
        new: Some(new),
    };
    use v1::diff_policies_request::New;
    let changes =
        server.policies().diff_policies(diff(first.position, New::NewPosition(0))).await.unwrap().into_inner();
    assert_eq!(changes.new_position, second.position);
    assert!(!changes.changes.is_empty() && changes.changes.iter().all(|c| c.old_value.contains("示例")));
    let none = server.policies().diff_policies(diff(0, New::Draft(changed.clone()))).await.unwrap().into_inner();
    assert_eq!(none.changes, []);
    // The first again: a fact of its own, since another is in force.
    assert!(!publish(&server, POLICY).await.duplicate);
    let stale = v1::PublishPolicyRequest { etag: policy.etag, ..publication(&changed) };
    assert_eq!(server.policies().publish_policy(stale).await.unwrap_err().code(), Code::Aborted);
    let ask = v1::GetPolicyRequest { name: name.clone(), as_of_date: "2024-06-01".into(), ..Default::default() };
    let shown = server.policies().get_policy(ask).await.unwrap().into_inner();
    assert_eq!(shown.content, POLICY);
    let lpr: Vec<_> = shown.parameters.iter().filter(|p| p.key.starts_with("lpr[")).collect();
    assert_eq!(lpr.len(), 1, "one rate holds on a day: {lpr:?}");
    let listed = v1::ListPoliciesRequest { parent: DISTRICT.into(), ..Default::default() };
    assert_eq!(server.policies().list_policies(listed).await.unwrap().into_inner().policies.len(), 1);
    // A second policy: which one is meant must be said.
    let other = POLICY.replacen("id = \"", "id = \"other-", 1);
    let other = publish(&server, &other).await.policy.unwrap();
    let status = server.entitlements().list_entitlements(list_of(AS_OF)).await.unwrap_err();
    assert_eq!(said(&status).fields, [("policy".to_owned(), "MISSING_VALUE".to_owned())]);
    let named = v1::ListEntitlementsRequest { policy: other.name.clone(), ..list_of(AS_OF) };
    assert_eq!(all(&server, named).await.1.policy, other.name);
    let void = v1::VoidFactsRequest {
        parent: DISTRICT.into(),
        positions: vec![other.position],
        void_reason: "误发".into(),
        decided_by: "财政局".into(),
        request_id: id(),
        ..Default::default()
    };
    server.journal().void_facts(void).await.unwrap();
    assert_eq!(all(&server, list_of(AS_OF)).await.1.policy, name);
    server.ended().await.unwrap();
}

/// Adds up a tree as its words say, and counts the facts.
fn redo(node: &v1::ExplanationNode) -> Option<(i128, i128)> {
    use v1::ExplanationStep as S;
    let values: Vec<(i128, i128)> = node.children.iter().filter_map(redo).collect();
    let given = node.value.as_ref().map(|v| (v.numerator.parse().unwrap(), v.denominator.parse().unwrap()));
    let less = |a: &&(i128, i128), b: &&(i128, i128)| (a.0 * b.1).cmp(&(b.0 * a.1));
    let made = match node.step() {
        S::Ground => return None,
        S::Sum => values.iter().fold((0, 1), |(n, d), (a, b)| (n * b + a * d, d * b)),
        S::Product => values.iter().fold((1, 1), |(n, d), (a, b)| (n * a, d * b)),
        S::AtLeastZero => {
            if values[0].0 < 0 {
                (0, 1)
            } else {
                values[0]
            }
        }
        S::HalfUp => ((2 * values[0].0 + values[0].1).div_euclid(2 * values[0].1), 1),
        S::Least => *values.iter().min_by(less).unwrap(),
        S::Outcome => values.first().copied().unwrap_or((0, 1)),
        // Given ones are as they are; splits and remainders are redone by the tests of the policies themselves.
        _ => return given,
    };
    let (n, d) = given.unwrap();
    assert_eq!(made.0 * d, n * made.1, "{}", node.sentence);
    given
}

async fn explained(server: &Server, line: &v1::Entitlement, page_size: i32) -> (v1::ExplanationNode, usize) {
    let ask = v1::ExplainEntitlementRequest {
        parent: DISTRICT.into(),
        as_of_date: AS_OF.into(),
        scheme: line.scheme,
        beneficiary: line.beneficiary.clone(),
        period: line.period.clone(),
        page_size,
        ..Default::default()
    };
    let answer = server.entitlements().explain_entitlement(ask.clone()).await.unwrap().into_inner();
    assert_eq!(answer.entitlement.as_ref(), Some(line));
    let mut calls = 1;
    let mut tree = answer.tree.unwrap();
    while let Some(node) = first_cut(&mut tree) {
        let page_token = std::mem::take(&mut node.next_children_token);
        let more = v1::ExplainEntitlementRequest { page_token, ..ask.clone() };
        let more = server.entitlements().explain_entitlement(more).await.unwrap().into_inner().tree.unwrap();
        assert_eq!(more.sentence, node.sentence);
        node.children.extend(more.children);
        node.next_children_token = more.next_children_token;
        calls += 1;
    }
    (tree, calls)
}

fn first_cut(node: &mut v1::ExplanationNode) -> Option<&mut v1::ExplanationNode> {
    if !node.next_children_token.is_empty() {
        return Some(node);
    }
    node.children.iter_mut().find_map(first_cut)
}

#[tokio::test]
async fn an_explanation_gives_the_amount_whole_or_in_parts() {
    let server = district().await;
    publish(&server, POLICY).await;
    let (lines, _) = all(&server, v1::ListEntitlementsRequest { page_size: 1000, ..list_of(AS_OF) }).await;
    for line in lines.iter().step_by(5) {
        let (tree, calls) = explained(&server, line, 0).await;
        assert_eq!(calls, 1);
        assert_eq!(redo(&tree), Some((line.amount_fen.into(), 1)), "{}", tree.sentence);
    }
    let most = lines.iter().filter(|line| line.scheme() == v1::Scheme::IncubatorTaxRebate).max_by_key(|l| l.amount_fen);
    let (whole, _) = explained(&server, most.unwrap(), 0).await;
    let (parts, calls) = explained(&server, most.unwrap(), 2).await;
    assert!(calls > 2, "{calls}");
    assert_eq!(whole, parts);
    let ask = v1::ExplainEntitlementRequest {
        parent: DISTRICT.into(),
        as_of_date: AS_OF.into(),
        scheme: v1::Scheme::RelocationRebate.into(),
        beneficiary: format!("{DISTRICT}/firms/91440203MA37GB743W"),
        period: "1".into(),
        ..Default::default()
    };
    let answer = server.entitlements().explain_entitlement(ask.clone()).await.unwrap().into_inner();
    assert_eq!(answer.entitlement.unwrap().amount_fen, 666_667);
    let none = v1::ExplainEntitlementRequest { period: "9".into(), ..ask };
    let status = server.entitlements().explain_entitlement(none).await.unwrap_err();
    assert_eq!((status.code(), said(&status).reason.as_str()), (Code::NotFound, "UNKNOWN_ENTITLEMENT"));
    server.ended().await.unwrap();
}

#[tokio::test]
async fn a_watch_tells_what_a_fact_changed_and_nothing_else() {
    let server = district().await;
    publish(&server, POLICY).await;
    let ask = v1::WatchEntitlementsRequest { parent: DISTRICT.into(), ..Default::default() };
    let mut watch = server.entitlements().watch_entitlements(ask).await.unwrap().into_inner();
    let mut seen = BTreeMap::new();
    let mut batch = async || {
        let mut changed = Vec::new();
        loop {
            match watch.next().await.unwrap().unwrap().step.unwrap() {
                Step::Checkpoint(basis) => return (changed, basis),
                Step::Entitlement(line) => {
                    seen.insert((line.scheme, line.beneficiary.clone(), line.period.clone()), line.clone());
                    changed.push(line);
                }
                Step::Removed(line) => {
                    seen.remove(&(line.scheme, line.beneficiary.clone(), line.period.clone()));
                    changed.push(line);
                }
            }
        }
    };
    let today = v1::ListEntitlementsRequest { page_size: 1000, ..list_of("") };
    assert_eq!(batch().await.0, all(&server, today.clone()).await.0);
    let taxes = v1::tax_service_client::TaxServiceClient::new(server.channel.clone());
    let mut request = tonic::Request::new(new_receipt());
    request.metadata_mut().insert(incubator_registry::grpc::PRINCIPAL_HEADER, "clerk-7".parse().unwrap());
    let position = taxes.clone().record_tax_receipt(request).await.unwrap().into_inner().position;
    let (changed, basis) = batch().await;
    assert_eq!(basis.position, position);
    assert!(!changed.is_empty() && changed.len() < 10, "{changed:?}");
    assert!(
        changed.iter().all(|line| format!("{} {}", line.beneficiary, line.period).contains("91440203MA37GB743W")),
        "{changed:?}"
    );
    publish(&server, &POLICY.replacen("rate_ppm_by_year = [", "rate_ppm_by_year = [1, ", 1)).await;
    let (changed, _) = batch().await;
    assert!(changed.iter().any(|line| line.scheme() == v1::Scheme::RelocationRebate));
    let mut listed: Vec<_> = all(&server, today).await.0;
    listed.sort_by_key(|line| (line.scheme, line.beneficiary.clone(), line.period.clone()));
    assert_eq!(seen.into_values().collect::<Vec<_>>(), listed);
    server.ended().await.unwrap();
}

fn new_receipt() -> v1::RecordTaxReceiptRequest {
    v1::RecordTaxReceiptRequest {
        parent: DISTRICT.into(),
        taxpayer_code: "91440203MA37GB743W".into(),
        tax: v1::Tax::Vat.into(),
        amount_fen: 1_000_000,
        nature: v1::TaxNature::Normal.into(),
        voucher_no: "V-1".into(),
        effective_date: "2024-06-30".into(),
        request_id: id(),
        ..Default::default()
    }
}

#[tokio::test]
async fn a_draft_is_simulated_and_nothing_recorded() {
    let server = district().await;
    let draft = POLICY.replacen("rate_ppm_by_year = [", "rate_ppm_by_year = [1, ", 1);
    let ask = |content: &str| v1::SimulatePolicyRequest {
        parent: DISTRICT.into(),
        as_of_date: AS_OF.into(),
        content: content.into(),
        ..Default::default()
    };
    let alone = server.policies().simulate_policy(ask(&draft)).await.unwrap().into_inner();
    assert_eq!(alone.basis, None, "no policy is in force to compare with");
    assert!(alone.totals.iter().all(|t| t.in_force.as_ref().unwrap().amount_fen == 0));
    publish(&server, POLICY).await;
    let head = server.engine.published().head.position;
    let same = server.policies().simulate_policy(ask(POLICY)).await.unwrap().into_inner();
    assert!(!same.totals.is_empty() && same.totals.iter().all(|total| total.difference_fen == 0));
    let other = server.policies().simulate_policy(ask(&draft)).await.unwrap().into_inner();
    let changed: Vec<_> = other.totals.iter().filter(|total| total.difference_fen != 0).collect();
    assert!(!changed.is_empty());
    for total in changed {
        let (now, then) = (total.in_force.as_ref().unwrap(), total.draft.as_ref().unwrap());
        assert_eq!((now.scheme(), now.payer.as_str(), now.year), (then.scheme(), then.payer.as_str(), then.year));
        assert!(now.year > 0 && total.difference_fen == then.amount_fen - now.amount_fen);
    }
    // What the draft would give is what it gives once it is published.
    publish(&server, &draft).await;
    let ask_totals = v1::GetTotalsRequest { parent: DISTRICT.into(), as_of_date: AS_OF.into(), ..Default::default() };
    let real = server.entitlements().get_totals(ask_totals).await.unwrap().into_inner().totals;
    let simulated: Vec<_> = other.totals.into_iter().filter_map(|t| t.draft).filter(|t| t.count > 0).collect();
    assert_eq!(simulated, real);
    assert_eq!(server.engine.published().head.position, head + 1);
    server.ended().await.unwrap();
}
