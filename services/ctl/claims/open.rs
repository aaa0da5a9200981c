//! `claims open-all`: 免申即享, page by page. A run that breaks off is made again: what has a claim is told, nothing is added.

use super::args::{By, OpenAllArgs};
use super::{policy_name, scheme_number};
use crate::ctl::Exit;
use crate::ctl::connect::Session;
use crate::ctl::lang::Lang;
use crate::ctl::orders::{meaning, word};
use crate::ctl::output::{Report, hundredths, last_segment};
use crate::ctl::parse::opt_day;
use crate::ctl::trouble::Trouble;
use crate::wire::v1;
use serde_json::{Value, json};

/// Entitlements of one call: each that is opened is a commit of its own.
const PAGE_SIZE: i32 = 200;

/// Runs it.
pub async fn run(session: &Session, args: OpenAllArgs, lang: Lang) -> Result<(Report, Exit), Trouble> {
    let OpenAllArgs { scheme, by: By { as_of, policy }, dry_run } = args;
    let mut ask = v1::OpenClaimsRequest {
        parent: session.parent(),
        scheme: scheme_number(scheme),
        policy: policy_name(session, &policy),
        as_of_date: opt_day(as_of),
        page_size: PAGE_SIZE,
        validate_only: dry_run,
        ..Default::default()
    };
    let mut found = Vec::new();
    loop {
        let page = session.claims().open_claims(ask.clone()).await?.into_inner();
        found.extend(page.claims);
        if page.next_page_token.is_empty() {
            break;
        }
        ask.page_token = page.next_page_token;
    }
    let opened = found.iter().filter(|of| of.opened).count();
    let fen = hundredths(found.iter().map(|of| of.claimed_fen).sum());
    let known = found.iter().filter(|of| of.reason() == v1::Reason::ClaimExists).count();
    let refused = found.len() - opened - known;
    let columns = ["claim", "beneficiary", "period", "claimed_fen", "opened", "reason", "meaning"];
    let mut report = Report::list(found.iter().map(|of| line(of, lang)).collect(), &columns, lang);
    report.note = Some(match (dry_run, lang) {
        (true, Lang::Zh) => {
            format!("预览：可申报{opened}笔，共{fen}元；已有申报{known}笔，不能申报{refused}笔；未作登记")
        }
        (false, Lang::Zh) => format!("已申报{opened}笔，共{fen}元；已有申报{known}笔，不能申报{refused}笔"),
        (true, Lang::En) => {
            format!(
                "preview: {opened} would be opened, {fen} yuan; {known} claimed already, {refused} refused; nothing recorded"
            )
        }
        (false, Lang::En) => format!("{opened} opened, {fen} yuan; {known} claimed already, {refused} refused"),
    });
    Ok((report, if refused == 0 { Exit::Clean } else { Exit::Rejected }))
}

fn line(of: &v1::OpenedClaim, lang: Lang) -> Value {
    json!({
        "claim": last_segment(&of.claim),
        "beneficiary": last_segment(&of.beneficiary),
        "period": of.period,
        "claimed_fen": of.claimed_fen,
        "opened": of.opened,
        "reason": word(of.reason()),
        "meaning": meaning(of.reason(), &of.message, lang),
    })
}
