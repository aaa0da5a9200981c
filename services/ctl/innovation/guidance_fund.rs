//! `guidance-fund …`: angel guidance funds, their capital and what they invest.

use super::args::GuidanceFundCommand;
use crate::ctl::args::Reading;
use crate::ctl::connect::Session;
use crate::ctl::message;
use crate::ctl::money::listed;
use crate::ctl::output::Report;
use crate::ctl::pages::Shown;
use crate::ctl::parse::{Wire as _, opt_day};
use crate::ctl::show::{known_at, one, page_size, pages};
use crate::ctl::trouble::Trouble;
use crate::ctl::write::send;
use crate::wire::v1;

/// Runs it.
pub async fn run(
    session: &Session,
    command: GuidanceFundCommand,
    shown: &mut Shown<'_, '_>,
) -> Result<Report, Trouble> {
    let lang = shown.lang;
    let named = |id: &str| session.name("guidanceFunds", id);
    let written = match command {
        GuidanceFundCommand::Establish { id, name, size, frame } => send!(
            session, frame, guidance_funds.establish_guidance_fund,
            EstablishGuidanceFundRequest {
                parent: session.parent(), guidance_fund_id: id, display_name: name, size_fen: size,
            },
            guidance_fund: "GuidanceFund"
        ),
        GuidanceFundCommand::Contribute { id, amount, source, frame } => send!(
            session, frame, guidance_funds.contribute_to_guidance_fund,
            ContributeToGuidanceFundRequest { name: named(&id), amount_fen: amount, source: source.wire() },
            guidance_fund: "GuidanceFund"
        ),
        GuidanceFundCommand::Invest { id, firm, amount, frame } => send!(
            session, frame, guidance_funds.invest_from_guidance_fund,
            InvestFromGuidanceFundRequest { name: named(&id), firm: session.firm(&firm), amount_fen: amount },
            guidance_fund: "GuidanceFund"
        ),
        GuidanceFundCommand::Show { id, reading } => {
            return one!(
                session, guidance_funds.get_guidance_fund, GetGuidanceFundRequest, get_guidance_fund_request,
                named(&id), reading, guidance_fund: "GuidanceFund", lang
            );
        }
        GuidanceFundCommand::List { list: of } => {
            let filter: [(&str, Option<&str>); 0] = [];
            let columns = ["name", "display_name", "size_fen", "established_date", "position"];
            return listed!(
                shown, &columns, session, of, filter, guidance_funds.list_guidance_funds, ListGuidanceFundsRequest,
                list_guidance_funds_request, guidance_funds: "GuidanceFund"
            );
        }
    };
    Ok(written?.report(lang))
}
