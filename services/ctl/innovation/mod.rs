//! Commands about technology transfers and those who bring them about.

pub mod args;

use super::args::Reading;
use super::connect::Session;
use super::lang::Lang;
use super::message;
use super::money::listed;
use super::output::Report;
use super::parse::{Wire as _, opt_day};
use super::show::{known_at, list, one, page_size, pages};
use super::trouble::Trouble;
use super::write::send;
use crate::wire::v1;
use args::{IntermediaryCommand, TransferCommand};

/// `intermediary …`.
pub async fn intermediary(session: &Session, command: IntermediaryCommand, lang: Lang) -> Result<Report, Trouble> {
    match command {
        IntermediaryCommand::Register { id, name, party, frame } => {
            let written = send!(
                session, frame, transfers.register_intermediary,
                RegisterIntermediaryRequest {
                    parent: session.parent(), intermediary_id: id, display_name: name, party: party.wire(),
                },
                intermediary: "Intermediary"
            );
            Ok(written?.report(lang))
        }
        IntermediaryCommand::Show { id, reading } => one!(
            session, transfers.get_intermediary, GetIntermediaryRequest, get_intermediary_request,
            session.name("intermediaries", &id), reading, intermediary: "Intermediary", lang
        ),
        IntermediaryCommand::List { party, list: of } => {
            let filter = [("party", party.map(|party| party.key()))];
            let found = listed!(
                session, of, filter, transfers.list_intermediaries, ListIntermediariesRequest,
                list_intermediaries_request, intermediaries: "Intermediary"
            );
            Ok(list(found, &["name", "display_name", "party", "registered_date", "position"], lang))
        }
    }
}

/// `technology-transfer …`.
pub async fn transfer(session: &Session, command: TransferCommand, lang: Lang) -> Result<Report, Trouble> {
    match command {
        TransferCommand::Record { contract, intermediary, firm, began, paid, frame } => {
            let written = send!(
                session, frame, transfers.record_technology_transfer,
                RecordTechnologyTransferRequest {
                    parent: session.parent(), contract_no: contract,
                    intermediary: session.name("intermediaries", &intermediary), firm: session.firm(&firm),
                    began_date: began.to_string(), paid_fen: paid,
                },
                technology_transfer: "TechnologyTransfer"
            );
            Ok(written?.report(lang))
        }
        TransferCommand::Show { contract, reading } => one!(
            session, transfers.get_technology_transfer, GetTechnologyTransferRequest, get_technology_transfer_request,
            session.name("technologyTransfers", &contract), reading, technology_transfer: "TechnologyTransfer", lang
        ),
        TransferCommand::List { intermediary, firm, list: of } => {
            let filter = [("intermediary", intermediary.as_deref()), ("firm", firm.as_deref())];
            let found = listed!(
                session, of, filter, transfers.list_technology_transfers, ListTechnologyTransfersRequest,
                list_technology_transfers_request, technology_transfers: "TechnologyTransfer"
            );
            let columns = ["name", "intermediary", "firm", "began_date", "completed_date", "paid_fen", "position"];
            Ok(list(found, &columns, lang))
        }
    }
}
