//! `TaxService`: what reached the treasury.

use super::command::{Stating, answers, run};
use super::convert::{Reader, position};
use super::read::{view, wait_of};
use super::{Districts, status};
use crate::domain::rows::Row;
use crate::domain::tax_receipt::Receipt;
use crate::domain::{Reason, Refusal, Stated, Tax, TaxNature, Uscc};
use crate::wire::v1;
use tonic::{Request, Response, Status};

/// The service.
pub struct Taxes(pub Districts);

type Reply<T> = Result<Response<T>, Status>;

#[tonic::async_trait]
impl v1::tax_service_server::TaxService for Taxes {
    async fn record_tax_receipt(
        &self,
        request: Request<v1::RecordTaxReceiptRequest>,
    ) -> Reply<v1::RecordTaxReceiptResponse> {
        run(&self.0, request).await
    }

    async fn get_tax_receipt(&self, request: Request<v1::GetTaxReceiptRequest>) -> Reply<v1::GetTaxReceiptResponse> {
        let (view, (voucher, tax)) =
            view(&self.0, request, |reader, ask| reader.tax_receipt("name", &ask.name)).await?;
        let scene = view.scene();
        let mut receipts = scene.registry.receipts().of_voucher(&voucher, tax);
        let seen = receipts.find(|(_, receipt)| receipt.is_seen(scene.as_of));
        let receipt = seen.and_then(|(_, receipt)| scene.drawn_at(receipt.position).tax_receipt).ok_or_else(|| {
            let message = format!("voucher {voucher} has no {}, as known at position {}", tax.key(), view.position);
            status::refused(&Refusal::new(Reason::UnknownFact, message).with("voucher_no", &voucher))
        })?;
        Ok(Response::new(v1::GetTaxReceiptResponse { tax_receipt: Some(receipt), position: position(view.position) }))
    }

    async fn list_tax_receipts(
        &self,
        request: Request<v1::ListTaxReceiptsRequest>,
    ) -> Reply<v1::ListTaxReceiptsResponse> {
        let wait = wait_of(request.metadata());
        let ask = request.into_inner();
        let (engine, (page, (taxpayer, (tax, nature)))) = {
            let mut reader = Reader::new(&self.0);
            let parent = reader.parent("parent", &ask.parent);
            let [taxpayer, tax, nature] = reader.filter(["taxpayer", "tax", "nature"], &ask.filter).unwrap_or_default();
            let taxpayer = reader.filter_word(taxpayer.as_deref(), |code| Uscc::parse(code).ok());
            let tax = reader.filter_word(tax.as_deref(), Tax::from_key);
            let nature = reader.filter_word(nature.as_deref(), TaxNature::from_key);
            let page = reader.page("tax_receipts", "position", &[], &ask);
            reader.finish(parent.and(page.zip(taxpayer.zip(tax.zip(nature)))))?
        };
        let view = page.view(engine, wait).await?;
        let scene = view.scene();
        let wanted = |receipt: &Receipt<'_>| {
            tax.is_none_or(|tax| receipt.tax == tax) && nature.is_none_or(|nature| receipt.nature == nature)
        };
        let draw = |code: Uscc, receipt: &Receipt<'_>| {
            let drawn = scene.tax_receipt(&receipt.receipt(code), &receipt.day.to_string(), receipt.position);
            (format!("{:020}", receipt.position), drawn)
        };
        let receipts = scene.registry.receipts();
        let found: Box<dyn Iterator<Item = (Uscc, Receipt<'_>)>> = match taxpayer {
            Some(code) => Box::new(receipts.of(&code).map(move |receipt| (code, receipt))),
            // In the order of recording, by the owners of the positions behind the last one shown.
            None => Box::new((page.after_number() + 1..=view.position).filter_map(|at| scene.registry.receipt_at(at))),
        };
        let seen = found.filter(|(_, receipt)| receipt.is_seen(scene.as_of)).filter(|(_, receipt)| wanted(receipt));
        let drawn = seen.map(|(code, receipt)| draw(code, &receipt)).filter(|(key, _)| page.is_after(key));
        let (tax_receipts, next_page_token) = page.take(&view, drawn);
        let position = position(view.position);
        Ok(Response::new(v1::ListTaxReceiptsResponse { tax_receipts, next_page_token, position }))
    }
}

answers! { tax_receipt: RecordTaxReceiptRequest => RecordTaxReceiptResponse }

impl Stating for v1::RecordTaxReceiptRequest {
    fn facts(&self, reader: &mut Reader<'_>) -> Option<Vec<Stated>> {
        let parent = reader.parent("parent", &self.parent);
        let row = v1::TaxReceiptRow {
            taxpayer_code: self.taxpayer_code.clone(),
            tax: self.tax,
            period_start_date: self.period_start_date.clone(),
            period_end_date: self.period_end_date.clone(),
            treasury_date: self.effective_date.clone(),
            amount_fen: self.amount_fen,
            nature: self.nature,
            voucher_no: self.voucher_no.clone(),
        };
        let row = reader.tax_receipt_row(&row);
        parent?;
        reader.refused(Row::TaxReceipt(row?).facts())
    }
}
