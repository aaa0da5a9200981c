//! `claims show`: what a claim keeps, what the facts say now beside it, and who did what on which day.

use crate::ctl::args::Reading;
use crate::ctl::connect::Session;
use crate::ctl::lang::{Lang, label};
use crate::ctl::message;
use crate::ctl::output::{Grid, Report};
use crate::ctl::parse::opt_day;
use crate::ctl::show::known_at;
use crate::ctl::trouble::Trouble;
use crate::wire::v1;
use serde_json::{Value, json};
use tonic::Code;

/// What happened to a claim, as clerks say it: the type of its event, Chinese, English.
const STEPS: &[(&str, &str, &str)] = &[
    ("Claimed", "申报", "claimed"),
    ("ClaimAccepted", "受理", "accepted"),
    ("ClaimReviewed", "审核", "reviewed"),
    ("ClaimPublished", "公示", "published"),
    ("ObjectionRaised", "异议", "objection"),
    ("ObjectionResolved", "异议处理", "objection answered"),
    ("ClaimApproved", "核准", "approved"),
    ("ClaimWithdrawn", "撤回", "withdrawn"),
    ("ClaimRejected", "不予通过", "rejected"),
    ("ClaimReopened", "重新申报", "opened again"),
    ("ClaimRefrozen", "重新核定", "frozen anew"),
    ("ClaimSupplemented", "补差", "supplement"),
    ("RecoveryOrdered", "追回", "recovery"),
    ("RecoveryReceived", "追回到账", "recovery received"),
    ("PerformanceReported", "绩效", "performance"),
    ("EarmarkSpent", "专项支出", "earmark spent"),
    ("RoundApproved", "批次核准", "round approved"),
    ("OrderIssued", "开出支付令", "ordered"),
    ("OrderAccepted", "财政接收", "order accepted"),
    ("OrderPaid", "支付", "paid"),
    ("OrderReturned", "退票", "returned"),
    ("OrderRejected", "财政退回", "order rejected"),
    ("OrderClosed", "支付令关闭", "order closed"),
];
/// A piece of an explanation is no step.
const PIECE: &str = "ClaimExplained";
/// What is told of a step.
const COLUMNS: [&str; 5] = ["position", "effective_date", "step", "by", "text"];

/// Runs it.
pub async fn run(session: &Session, claim: &str, reading: Reading, lang: Lang) -> Result<Report, Trouble> {
    let name = session.name("claims", claim);
    let request = v1::GetClaimRequest {
        name: name.clone(),
        as_of_date: opt_day(reading.as_of),
        min_position: reading.known.min_position,
        known_at: known_at!(get_claim_request, reading.known),
    };
    let reply = session.claims().get_claim(request).await?.into_inner();
    let mut json = reply.claim.as_ref().map_or(Value::Null, |claim| message::json("Claim", claim));
    let history = history(session, name, reply.position).await?;
    let mut report = Report::of(json.clone(), lang);
    let said = |step: &Value| {
        let words = STEPS.iter().find(|(of, ..)| step["step"] == *of).map(|(_, zh, en)| lang.pick(*zh, *en));
        let cell = |key: &str| step[key].as_str().map_or_else(|| step[key].to_string(), str::to_owned);
        let step = words.map_or_else(|| cell("step"), str::to_owned);
        vec![cell("position"), cell("effective_date"), step, cell("by"), cell("text")]
    };
    report.grids.push(Grid {
        title: lang.pick("经过", "history").to_owned(),
        head: COLUMNS.iter().map(|key| label(key, lang).to_owned()).collect(),
        rows: history.iter().map(said).collect(),
    });
    json["history"] = history.into();
    Ok(Report { csv: Report::of(json.clone(), lang).csv, json, ..report })
}

/// Who did what, in the order of recording, up to a position.
async fn history(session: &Session, subject: String, to_position: i64) -> Result<Vec<Value>, Trouble> {
    let ask = v1::ReadEventsRequest { parent: session.parent(), subject, to_position, ..Default::default() };
    let mut events = match session.journal().read_events(ask).await {
        Ok(reply) => reply.into_inner(),
        // Who did what is not an operator's to know, of its own claims neither.
        Err(status) if matches!(status.code(), Code::NotFound | Code::PermissionDenied) => return Ok(Vec::new()),
        Err(status) => return Err(status.into()),
    };
    let mut steps = Vec::new();
    while let Some(reply) = events.message().await? {
        let Some(event) = reply.event.filter(|event| event.r#type != PIECE) else { continue };
        let payload = message::json("Event", &event)["payload"].take();
        steps.push(json!({
            "position": event.position,
            "effective_date": event.effective_date,
            "step": event.r#type,
            "by": event.principal,
            "on_behalf_of": event.on_behalf_of,
            "text": payload["text"].as_str().unwrap_or_default(),
        }));
    }
    Ok(steps)
}
