//! Instruments in the shared catalogue: rows and commands as they state them, and the resource drawn.

use super::scene::Scene;
use super::{Reader, names, position};
use crate::domain::instrument::{InstrumentCatalogued, InstrumentYear};
use crate::domain::rows::InstrumentRow;
use crate::domain::values::positive_fen;
use crate::domain::{Entity, InstrumentId, Uscc};
use crate::wire::v1;

impl Reader<'_> {
    /// An instrument by its resource name.
    pub fn instrument(&mut self, field: &str, value: &str) -> Option<InstrumentId> {
        let id = self.id(field, value, "instruments", names::INSTRUMENT)?;
        self.instrument_id(field, id)
    }

    fn instrument_id(&mut self, field: &str, value: &str) -> Option<InstrumentId> {
        self.parsed(field, value, InstrumentId::parse, "the id of an instrument: 1 to 64 bytes, no slash")
    }

    /// A row of 共享仪器.
    pub fn instrument_row(&mut self, row: &v1::InstrumentRow) -> Option<InstrumentRow> {
        let owner = self.code("firm_code", &row.firm_code);
        self.catalogued(owner, row, "catalogued_date")
    }

    /// An instrument whose owner was read already; `day_field` is what its day is called where it came from.
    pub fn catalogued(
        &mut self,
        owner: Option<Uscc>,
        row: &v1::InstrumentRow,
        day_field: &str,
    ) -> Option<InstrumentRow> {
        let instrument = self.instrument_id("instrument_id", &row.instrument_id);
        let name = self.text("display_name", &row.display_name);
        let price = self.faults.take(positive_fen("price_fen", row.price_fen));
        let day = self.day(day_field, &row.catalogued_date);
        let removed = self.optional_day("removed_date", &row.removed_date);
        let catalogued = InstrumentCatalogued { instrument: instrument?, name: name?, owner: owner?, price: price? };
        Some(InstrumentRow { catalogued, day: day?, removed: removed? })
    }

    /// A row of 仪器年报.
    pub fn instrument_report_row(&mut self, row: &v1::InstrumentReportRow) -> Option<InstrumentYear> {
        let instrument = self.instrument_id("instrument_id", &row.instrument_id);
        self.instrument_report(instrument, row)
    }

    /// What was reported of an instrument, read already, and a year.
    pub fn instrument_report(
        &mut self,
        instrument: Option<InstrumentId>,
        row: &v1::InstrumentReportRow,
    ) -> Option<InstrumentYear> {
        let year = self.year("year", row.year);
        let running_cost = self.not_negative("running_cost_fen", row.running_cost_fen);
        Some(InstrumentYear { instrument: instrument?, year: year?, running_cost: running_cost? })
    }
}

impl Scene<'_> {
    /// An instrument; none where it had not entered the catalogue by the day, as known.
    pub fn instrument(&self, id: &InstrumentId) -> Option<v1::Instrument> {
        let view = self.registry.innovation().instrument(id, self.as_of)?;
        let catalogued = view.catalogued;
        if catalogued.day > self.as_of.day {
            return None;
        }
        let entity = Entity::Instrument(id.clone());
        let (revision, etag) = self.stamp(&entity);
        let years = view.years.iter().map(|report| v1::InstrumentYear {
            year: i32::from(report.value.year),
            running_cost_fen: report.value.running_cost,
            position: position(report.position),
        });
        Some(v1::Instrument {
            name: self.name(&entity),
            display_name: catalogued.value.name.clone(),
            firm: self.name(&Entity::Firm(catalogued.value.owner)),
            price_fen: catalogued.value.price,
            catalogued_date: catalogued.day.to_string(),
            removed_date: view.removed.map(|(day, _)| day.to_string()).unwrap_or_default(),
            removed_position: view.removed.map(|(_, at)| position(at)).unwrap_or_default(),
            years: years.collect(),
            position: position(catalogued.position),
            revision,
            etag,
        })
    }
}
