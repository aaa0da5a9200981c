//! Yearly reports of carriers: read from requests and rows, drawn for answers.

use super::scene::number;
use super::{Reader, position};
use crate::domain::incubator::report::{Filed, IncubatorReport};
use crate::domain::rows::Row;
use crate::domain::{CarrierFigure, IncubatorId, Reason, Stated};
use crate::grpc::command::Stating;
use crate::wire::v1;
use std::collections::BTreeMap;

impl Reader<'_> {
    /// A row of 载体年报.
    pub fn incubator_report_row(&mut self, row: &v1::IncubatorReportRow) -> Option<IncubatorReport> {
        let incubator = self.incubator_id("incubator_id", &row.incubator_id);
        self.incubator_report(incubator, row.year, &row.figures)
    }

    /// What a carrier, read already, filed about a year.
    fn incubator_report(
        &mut self,
        incubator: Option<IncubatorId>,
        year: i32,
        figures: &[v1::CarrierFigureValue],
    ) -> Option<IncubatorReport> {
        let year = self.year("year", year);
        let mut read = BTreeMap::new();
        for (at, stated) in figures.iter().enumerate() {
            let field = format!("figures[{at}]");
            let figure = self.word(&format!("{field}.figure"), stated.figure, CarrierFigure::from_code);
            if figure.is_some_and(|figure| read.insert(figure, stated.value).is_some()) {
                self.faults.push(Reason::OutOfRange, &field, format!("{field}: the figure stands twice"));
            }
        }
        if read.len() < figures.len() {
            return None; // Told already.
        }
        match IncubatorReport::new(incubator?, year?, read) {
            Ok(report) => Some(report),
            Err(faults) => {
                self.faults.0.extend(faults.0);
                None
            }
        }
    }
}

impl Stating for v1::FileIncubatorReportRequest {
    fn facts(&self, reader: &mut Reader<'_>) -> Option<Vec<Stated>> {
        let incubator = reader.incubator("name", &self.name);
        let report = reader.incubator_report(incubator, self.year, &self.figures)?;
        reader.report_day(report.year, &self.effective_date)?;
        reader.refused(Row::IncubatorReport(report).facts())
    }
}

/// A report as the API writes it.
pub fn incubator_report(filed: &Filed<'_>) -> v1::IncubatorReport {
    let figure = |(figure, value): (&CarrierFigure, &i64)| v1::CarrierFigureValue {
        figure: number(figure.code()),
        value: *value,
    };
    v1::IncubatorReport {
        year: i32::from(filed.report.year),
        figures: filed.report.figures.iter().map(figure).collect(),
        position: position(filed.position),
    }
}
