//! Commands about technology transfers and those who bring them about, about platforms and instruments.

pub mod args;
mod assessment;
mod guidance_fund;

pub use assessment::run as assessment;
pub use guidance_fund::run as guidance_fund;

use super::args::Reading;
use super::connect::Session;
use super::message;
use super::money::listed;
use super::output::Report;
use super::pages::Shown;
use super::parse::{Wire as _, opt_day};
use super::show::{known_at, one, page_size, pages};
use super::trouble::Trouble;
use super::write::send;
use crate::wire::v1;
use args::{InstrumentCommand, IntermediaryCommand, PlatformCommand, TransferCommand};

/// `intermediary …`.
pub async fn intermediary(
    session: &Session,
    command: IntermediaryCommand,
    shown: &mut Shown<'_, '_>,
) -> Result<Report, Trouble> {
    let lang = shown.lang;
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
            let columns = ["name", "display_name", "party", "registered_date", "position"];
            listed!(
                shown, &columns, session, of, filter, transfers.list_intermediaries, ListIntermediariesRequest,
                list_intermediaries_request, intermediaries: "Intermediary"
            )
        }
    }
}

/// `technology-transfer …`.
pub async fn transfer(
    session: &Session,
    command: TransferCommand,
    shown: &mut Shown<'_, '_>,
) -> Result<Report, Trouble> {
    let lang = shown.lang;
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
            let columns = ["name", "intermediary", "firm", "began_date", "completed_date", "paid_fen", "position"];
            listed!(
                shown, &columns, session, of, filter, transfers.list_technology_transfers,
                ListTechnologyTransfersRequest, list_technology_transfers_request,
                technology_transfers: "TechnologyTransfer"
            )
        }
    }
}

/// `platform …`.
pub async fn platform(
    session: &Session,
    command: PlatformCommand,
    shown: &mut Shown<'_, '_>,
) -> Result<Report, Trouble> {
    let lang = shown.lang;
    let named = |id: &str| session.name("platforms", id);
    let written = match command {
        PlatformCommand::Register { id, name, kind, operator, operator_code, frame } => send!(
            session, frame, platforms.register_platform,
            RegisterPlatformRequest {
                parent: session.parent(), platform_id: id, display_name: name, kind: kind.wire(),
                operator_name: operator, operator_code: operator_code,
            },
            platform: "Platform"
        ),
        PlatformCommand::Report { id, year, capacity, open, cost, input, frame } => send!(
            session, frame, platforms.report_platform_year,
            ReportPlatformYearRequest {
                name: named(&id), year: year, capacity_hours: capacity, open_capacity_hours: open,
                service_cost_fen: cost, input_fen: input,
            },
            platform: "Platform"
        ),
        PlatformCommand::Complete { id, frame } => send!(
            session, frame, platforms.complete_platform, CompletePlatformRequest { name: named(&id) },
            platform: "Platform"
        ),
        PlatformCommand::Show { id, reading } => {
            return one!(
                session, platforms.get_platform, GetPlatformRequest, get_platform_request, named(&id), reading,
                platform: "Platform", lang
            );
        }
        PlatformCommand::List { kind, operator, list: of } => {
            let filter = [("kind", kind.map(|kind| kind.key())), ("operator", operator.as_deref())];
            let columns =
                ["name", "display_name", "kind", "operator_name", "registered_date", "completed_date", "position"];
            return listed!(
                shown, &columns, session, of, filter, platforms.list_platforms, ListPlatformsRequest,
                list_platforms_request, platforms: "Platform"
            );
        }
    };
    Ok(written?.report(lang))
}

/// `instrument …`.
pub async fn instrument(
    session: &Session,
    command: InstrumentCommand,
    shown: &mut Shown<'_, '_>,
) -> Result<Report, Trouble> {
    let lang = shown.lang;
    let named = |id: &str| session.name("instruments", id);
    let written = match command {
        InstrumentCommand::Catalogue { id, name, firm, price, frame } => send!(
            session, frame, instruments.catalogue_instrument,
            CatalogueInstrumentRequest {
                parent: session.parent(), instrument_id: id, display_name: name, firm: session.firm(&firm),
                price_fen: price,
            },
            instrument: "Instrument"
        ),
        InstrumentCommand::Remove { id, frame } => send!(
            session, frame, instruments.remove_instrument, RemoveInstrumentRequest { name: named(&id) },
            instrument: "Instrument"
        ),
        InstrumentCommand::Report { id, year, cost, frame } => send!(
            session, frame, instruments.report_instrument_year,
            ReportInstrumentYearRequest { name: named(&id), year: year, running_cost_fen: cost },
            instrument: "Instrument"
        ),
        InstrumentCommand::Show { id, reading } => {
            return one!(
                session, instruments.get_instrument, GetInstrumentRequest, get_instrument_request, named(&id), reading,
                instrument: "Instrument", lang
            );
        }
        InstrumentCommand::List { firm, list: of } => {
            let filter = [("firm", firm.as_deref())];
            let columns = ["name", "display_name", "firm", "price_fen", "catalogued_date", "removed_date", "position"];
            return listed!(
                shown, &columns, session, of, filter, instruments.list_instruments, ListInstrumentsRequest,
                list_instruments_request, instruments: "Instrument"
            );
        }
    };
    Ok(written?.report(lang))
}
