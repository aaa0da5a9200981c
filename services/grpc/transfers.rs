//! `TransferService`: intermediaries of technology transfers, and the transfers that they bring about.

use super::command::{Stating, answers, run};
use super::convert::{Reader, position};
use super::read::{view, wait_of};
use super::{Districts, status};
use crate::domain::rows::Row;
use crate::domain::{IntermediaryId, Party, Reason, Refusal, Stated, Uscc};
use crate::wire::v1;
use tonic::{Request, Response, Status};

/// The service.
pub struct Transfers(pub Districts);

type Reply<T> = Result<Response<T>, Status>;

#[tonic::async_trait]
impl v1::transfer_service_server::TransferService for Transfers {
    async fn register_intermediary(
        &self,
        request: Request<v1::RegisterIntermediaryRequest>,
    ) -> Reply<v1::RegisterIntermediaryResponse> {
        run(&self.0, request).await
    }

    async fn record_technology_transfer(
        &self,
        request: Request<v1::RecordTechnologyTransferRequest>,
    ) -> Reply<v1::RecordTechnologyTransferResponse> {
        run(&self.0, request).await
    }

    async fn get_intermediary(
        &self,
        request: Request<v1::GetIntermediaryRequest>,
    ) -> Reply<v1::GetIntermediaryResponse> {
        let (view, id) = view(&self.0, request, |reader, ask| reader.intermediary("name", &ask.name)).await?;
        let found = view.scene().intermediary(&id).ok_or_else(|| {
            let message = format!("intermediary {id} is not registered, as known at position {}", view.position);
            status::refused(&Refusal::new(Reason::UnknownIntermediary, message).with("intermediary", &id))
        })?;
        Ok(Response::new(v1::GetIntermediaryResponse { intermediary: Some(found), position: position(view.position) }))
    }

    async fn list_intermediaries(
        &self,
        request: Request<v1::ListIntermediariesRequest>,
    ) -> Reply<v1::ListIntermediariesResponse> {
        let wait = wait_of(request.metadata());
        let ask = request.into_inner();
        let (engine, (page, party)) = {
            let mut reader = Reader::new(&self.0);
            let parent = reader.parent("parent", &ask.parent);
            let [party] = reader.filter(["party"], &ask.filter).unwrap_or_default();
            let party = reader.filter_word(party.as_deref(), Party::from_key);
            let page = reader.page("intermediaries", "intermediary_id", &[], &ask);
            reader.finish(parent.and(page.zip(party)))?
        };
        let view = page.view(engine, wait).await?;
        let scene = view.scene();
        let all = scene.registry.innovation().intermediaries(scene.as_of).filter(|(id, _)| page.is_after(id.as_str()));
        let found = all
            .filter(|(_, known)| known.day <= scene.as_of.day && party.is_none_or(|party| known.value.party == party));
        let drawn = found.filter_map(|(id, _)| Some((id.to_string(), scene.intermediary(id)?)));
        let (intermediaries, next_page_token) = page.take(&view, drawn);
        let position = position(view.position);
        Ok(Response::new(v1::ListIntermediariesResponse { intermediaries, next_page_token, position }))
    }

    async fn get_technology_transfer(
        &self,
        request: Request<v1::GetTechnologyTransferRequest>,
    ) -> Reply<v1::GetTechnologyTransferResponse> {
        let (view, id) = view(&self.0, request, |reader, ask| reader.transfer("name", &ask.name)).await?;
        let found = view.scene().technology_transfer(&id).ok_or_else(|| {
            let message = format!("transfer {id} is not recorded, as known at position {}", view.position);
            status::refused(&Refusal::new(Reason::UnknownTransfer, message).with("transfer", &id))
        })?;
        let position = position(view.position);
        Ok(Response::new(v1::GetTechnologyTransferResponse { technology_transfer: Some(found), position }))
    }

    async fn list_technology_transfers(
        &self,
        request: Request<v1::ListTechnologyTransfersRequest>,
    ) -> Reply<v1::ListTechnologyTransfersResponse> {
        let wait = wait_of(request.metadata());
        let ask = request.into_inner();
        let (engine, (page, (intermediary, firm))) = {
            let mut reader = Reader::new(&self.0);
            let parent = reader.parent("parent", &ask.parent);
            let [intermediary, firm] = reader.filter(["intermediary", "firm"], &ask.filter).unwrap_or_default();
            let intermediary = reader.filter_word(intermediary.as_deref(), |id| IntermediaryId::parse(id).ok());
            let firm = reader.filter_word(firm.as_deref(), |code| Uscc::parse(code).ok());
            let page = reader.page("technology_transfers", "contract_no", &[], &ask);
            reader.finish(parent.and(page.zip(intermediary.zip(firm))))?
        };
        let view = page.view(engine, wait).await?;
        let scene = view.scene();
        let all = scene.registry.innovation().transfers(scene.as_of).filter(|(id, _)| page.is_after(id.as_str()));
        let found = all.filter(|(_, transfer)| {
            intermediary.as_ref().is_none_or(|id| transfer.value.intermediary == *id)
                && firm.is_none_or(|firm| transfer.value.firm == firm)
        });
        let drawn = found.filter_map(|(id, _)| Some((id.to_string(), scene.technology_transfer(id)?)));
        let (technology_transfers, next_page_token) = page.take(&view, drawn);
        let position = position(view.position);
        Ok(Response::new(v1::ListTechnologyTransfersResponse { technology_transfers, next_page_token, position }))
    }
}

answers! { intermediary: RegisterIntermediaryRequest => RegisterIntermediaryResponse }
answers! { technology_transfer: RecordTechnologyTransferRequest => RecordTechnologyTransferResponse }

impl Stating for v1::RegisterIntermediaryRequest {
    fn facts(&self, reader: &mut Reader<'_>) -> Option<Vec<Stated>> {
        let parent = reader.parent("parent", &self.parent);
        let row = v1::IntermediaryRow {
            intermediary_id: self.intermediary_id.clone(),
            display_name: self.display_name.clone(),
            party: self.party,
            registered_date: self.effective_date.clone(),
        };
        let row = reader.intermediary_row(&row, "effective_date");
        parent?;
        reader.refused(Row::Intermediary(row?).facts())
    }
}

impl Stating for v1::RecordTechnologyTransferRequest {
    fn facts(&self, reader: &mut Reader<'_>) -> Option<Vec<Stated>> {
        let parent = reader.parent("parent", &self.parent);
        let intermediary = reader.intermediary("intermediary", &self.intermediary);
        let firm = reader.firm("firm", &self.firm);
        let row = v1::TechnologyTransferRow {
            contract_no: self.contract_no.clone(),
            intermediary_id: String::new(), // Both read already, as names.
            firm_code: String::new(),
            began_date: self.began_date.clone(),
            completed_date: self.effective_date.clone(),
            paid_fen: self.paid_fen,
        };
        let row = reader.technology_transfer(intermediary.zip(firm), &row, "effective_date");
        parent?;
        reader.refused(Row::TechnologyTransfer(row?).facts())
    }
}
