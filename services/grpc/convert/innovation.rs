//! Rows about intermediaries and technology transfers, as bulk imports and single commands state them.

use super::Reader;
use super::names;
use crate::domain::rows::{IntermediaryRow, TechnologyTransferRow};
use crate::domain::transfer::{IntermediaryRegistered, TechnologyTransferred};
use crate::domain::values::positive_fen;
use crate::domain::{IntermediaryId, Party, TransferId, Uscc};
use crate::wire::v1;

impl Reader<'_> {
    /// An intermediary by its resource name.
    pub fn intermediary(&mut self, field: &str, value: &str) -> Option<IntermediaryId> {
        let id = self.id(field, value, "intermediaries", names::INTERMEDIARY)?;
        self.intermediary_id(field, id)
    }

    /// A technology transfer by its resource name.
    pub fn transfer(&mut self, field: &str, value: &str) -> Option<TransferId> {
        let id = self.id(field, value, "technologyTransfers", names::TRANSFER)?;
        self.transfer_id(field, id)
    }

    fn intermediary_id(&mut self, field: &str, value: &str) -> Option<IntermediaryId> {
        self.parsed(field, value, IntermediaryId::parse, "the id of an intermediary: 1 to 64 bytes, no slash")
    }

    fn transfer_id(&mut self, field: &str, value: &str) -> Option<TransferId> {
        self.parsed(field, value, TransferId::parse, "the number of a technology contract: 1 to 64 bytes, no slash")
    }

    /// A row of 技术转移中介; `day_field` is what its day is called where it came from.
    pub fn intermediary_row(&mut self, row: &v1::IntermediaryRow, day_field: &str) -> Option<IntermediaryRow> {
        let intermediary = self.intermediary_id("intermediary_id", &row.intermediary_id);
        let name = self.text("display_name", &row.display_name);
        let party = self.word("party", row.party, Party::from_code);
        let day = self.day(day_field, &row.registered_date);
        let registered = IntermediaryRegistered { intermediary: intermediary?, name: name?, party: party? };
        Some(IntermediaryRow { registered, day: day? })
    }

    /// A row of 技术转移合同.
    pub fn technology_transfer_row(&mut self, row: &v1::TechnologyTransferRow) -> Option<TechnologyTransferRow> {
        let intermediary = self.intermediary_id("intermediary_id", &row.intermediary_id);
        let firm = self.code("firm_code", &row.firm_code);
        self.technology_transfer(intermediary.zip(firm), row, "completed_date")
    }

    /// A transfer whose parties were read already.
    pub fn technology_transfer(
        &mut self,
        parties: Option<(IntermediaryId, Uscc)>,
        row: &v1::TechnologyTransferRow,
        day_field: &str,
    ) -> Option<TechnologyTransferRow> {
        let transfer = self.transfer_id("contract_no", &row.contract_no);
        let began = self.day("began_date", &row.began_date);
        let paid = self.faults.take(positive_fen("paid_fen", row.paid_fen));
        let day = self.day(day_field, &row.completed_date);
        let (intermediary, firm) = parties?;
        let transferred = TechnologyTransferred { transfer: transfer?, intermediary, firm, began: began?, paid: paid? };
        Some(TechnologyTransferRow { transferred, day: day? })
    }
}
