//! What `FirmService` states and tells of reports, certificates and the evidence for graduations.

use super::command::Stating;
use super::convert::{Reader, position, scene::Scene};
use crate::domain::rows::Row;
use crate::domain::{Entity, Event, Stated};
use crate::projections::evidence::{Evidence, Reading};
use crate::wire::v1;

impl Stating for v1::FileAnnualReportRequest {
    fn facts(&self, reader: &mut Reader<'_>) -> Option<Vec<Stated>> {
        let firm = reader.firm("name", &self.name);
        let row = v1::AnnualReportRow {
            firm_code: String::new(), // Read already, as a name.
            year: self.year,
            revenue_fen: self.revenue_fen,
            research_fen: self.research_fen,
            employees: self.employees,
            ip_rights: self.ip_rights,
            high_tech: self.high_tech,
        };
        let report = reader.annual_report(firm, &row)?;
        reader.report_day(report.year, &self.effective_date)?;
        reader.refused(Row::AnnualReport(report).facts())
    }
}

impl Stating for v1::CertifyHighTechRequest {
    fn facts(&self, reader: &mut Reader<'_>) -> Option<Vec<Stated>> {
        let firm = reader.firm("name", &self.name);
        let certificate_no = reader.text("certificate_no", &self.certificate_no);
        let expiry = reader.optional_day("expiry_date", &self.expiry_date);
        let day = reader.day("effective_date", &self.effective_date);
        let event = Event::HighTechCertified { firm: firm?, certificate_no: certificate_no?, expiry: expiry? };
        Some(vec![Stated::new(day?, event)])
    }
}

/// A reading as the API writes it.
pub fn wire(scene: &Scene<'_>, evidence: &Evidence) -> v1::GraduationEvidence {
    let status = match evidence.reading {
        Reading::Met => v1::EvidenceStatus::Met,
        Reading::NotMet => v1::EvidenceStatus::NotMet,
        Reading::Unknown => v1::EvidenceStatus::Unknown,
    };
    let figures = evidence.figures.iter().map(|figure| v1::EvidenceFigure {
        name: figure.name.clone(),
        value: figure.value.clone(),
        position: position(figure.position.unwrap_or_default()),
    });
    v1::GraduationEvidence {
        incubator: scene.name(&Entity::Incubator(evidence.incubator.clone())),
        graduated_date: evidence.day.to_string(),
        criterion: super::convert::scene::number(evidence.criterion.code()),
        status: status.into(),
        figures: figures.collect(),
        position: position(evidence.position),
    }
}
