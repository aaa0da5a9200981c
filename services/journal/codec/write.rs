//! Domain events as stored messages.

use super::{assessment, claim, finance, guidance_fund, instrument, person, platform, transfer};
use crate::domain::{CarrierFigure, Document, Event};
use crate::wire::journal as stored;
use prost::Message as _;

/// The payload of an event.
pub fn payload(event: &Event, documents: &[Document]) -> Vec<u8> {
    let documents: Vec<stored::Document> = documents.iter().map(document).collect();
    match event {
        Event::LogCreated { .. } | Event::FactsVoided { .. } | Event::LimitsSet(_) | Event::HeadsRecorded { .. } => {
            of_log(event, documents)
        }
        Event::Transfer(event) => transfer::write(event, documents),
        Event::Platform(event) => platform::write(event, documents),
        Event::Instrument(event) => instrument::write(event, documents),
        Event::GuidanceFund(event) => guidance_fund::write(event, documents),
        Event::ProjectAssessed(assessed) => assessment::write(assessed, documents),
        Event::Person(event) => person::write(event, documents),
        Event::Claim(event) => claim::write(event, documents),
        Event::Budget(event) => finance::of_budget(event, documents),
        Event::Account(event) => finance::of_account(event, documents),
        Event::CalendarSet(set) => finance::of_calendar(set, documents),
        Event::Order(event) => finance::of_order(event, documents),
        Event::CursorAdvanced(advanced) => finance::of_cursor(advanced, documents),
        Event::PolicyPublished(published) => stored::PolicyPublished {
            policy_id: published.policy.to_string(),
            title: published.title.clone(),
            text: published.text.to_string(),
            sha256: published.sha256.to_vec(),
            documents,
        }
        .encode_to_vec(),
        Event::IncubatorRegistered(_)
        | Event::IncubatorRecognised { .. }
        | Event::RecognitionEnded { .. }
        | Event::OperatorChanged { .. }
        | Event::AreaChanged { .. }
        | Event::UpstreamChanged { .. }
        | Event::IncubatorReportFiled(_) => of_incubator(event, documents),
        Event::FirmRegistered { .. }
        | Event::FirmRenamed { .. }
        | Event::FirmDeregistered { .. }
        | Event::FirmAdmitted { .. }
        | Event::FirmGraduated { .. }
        | Event::FirmLeft { .. }
        | Event::AnnualReportFiled(_)
        | Event::HighTechCertified { .. } => of_firm(event, documents),
        Event::ParkTreasurySet { .. }
        | Event::RelocationSigned { .. }
        | Event::FirmSettled { .. }
        | Event::ProductionStarted { .. } => of_park(event, documents),
        Event::TaxReceiptRecorded(_)
        | Event::LoanDrawn(_)
        | Event::InterestPaid { .. }
        | Event::SeedFundEstablished { .. }
        | Event::InvestmentMade { .. } => of_money(event, documents),
    }
}

fn document(document: &Document) -> stored::Document {
    stored::Document {
        title: document.title.clone(),
        document_no: document.document_no.clone(),
        sha256: document.sha256.map(|digest| digest.to_vec()).unwrap_or_default(),
        location: document.location.clone(),
    }
}

fn of_log(event: &Event, documents: Vec<stored::Document>) -> Vec<u8> {
    match event {
        Event::LogCreated { district, log_id, hash_algorithm } => {
            stored::LogCreated { district: district.clone(), log_id: log_id.to_vec(), hash_algorithm: *hash_algorithm }
                .encode_to_vec()
        }
        Event::FactsVoided { positions, reason, decided_by } => stored::FactsVoided {
            positions: positions.clone(),
            reason: reason.clone(),
            decided_by: decided_by.clone(),
            documents,
        }
        .encode_to_vec(),
        Event::HeadsRecorded { position, count, root } => {
            stored::HeadsRecorded { position: *position, count: *count, root: root.to_vec() }.encode_to_vec()
        }
        Event::LimitsSet(limits) => stored::LimitsSet {
            admission_age_months: limits.admission_age_months,
            incubation_months: limits.incubation_months,
            extended_incubation_months: limits.extended_incubation_months,
            extended_fields: limits.extended_fields.clone(),
            venture_funding_over_fen: limits.venture_funding_over_fen,
            revenue_over_fen: limits.revenue_over_fen,
            documents,
        }
        .encode_to_vec(),
        _ => unreachable!("told apart by `payload`"),
    }
}

fn of_incubator(event: &Event, documents: Vec<stored::Document>) -> Vec<u8> {
    match event {
        Event::IncubatorRegistered(registered) => stored::IncubatorRegistered {
            incubator_id: registered.incubator.to_string(),
            display_name: registered.name.clone(),
            kind: registered.kind.code(),
            operator_name: registered.operator.name.clone(),
            operator_code: registered.operator.code.to_string(),
            build_mode: registered.build_mode.code(),
            introduced: registered.operator.introduced,
            incubation_area_hundredths_m2: registered.area.incubation,
            public_area_hundredths_m2: registered.area.public,
            upstream_id: registered.upstream.as_ref().map(ToString::to_string).unwrap_or_default(),
            documents,
        }
        .encode_to_vec(),
        Event::IncubatorRecognised { incubator, level, document_no } => stored::IncubatorRecognised {
            incubator_id: incubator.to_string(),
            level: level.code(),
            document_no: document_no.clone(),
            documents,
        }
        .encode_to_vec(),
        Event::RecognitionEnded { incubator, level, recognition } => stored::RecognitionEnded {
            incubator_id: incubator.to_string(),
            level: level.code(),
            recognition_day: recognition.days(),
            documents,
        }
        .encode_to_vec(),
        Event::OperatorChanged { incubator, operator } => stored::OperatorChanged {
            incubator_id: incubator.to_string(),
            operator_name: operator.name.clone(),
            operator_code: operator.code.to_string(),
            introduced: operator.introduced,
            documents,
        }
        .encode_to_vec(),
        Event::AreaChanged { incubator, area } => stored::AreaChanged {
            incubator_id: incubator.to_string(),
            incubation_area_hundredths_m2: area.incubation,
            public_area_hundredths_m2: area.public,
            documents,
        }
        .encode_to_vec(),
        Event::IncubatorReportFiled(report) => {
            let figure = |(figure, value): (&CarrierFigure, &i64)| stored::CarrierFigure {
                figure: figure.code(),
                value: *value,
            };
            stored::IncubatorReportFiled {
                incubator_id: report.incubator.to_string(),
                year: i32::from(report.year),
                figures: report.figures.iter().map(figure).collect(),
                documents,
            }
            .encode_to_vec()
        }
        Event::UpstreamChanged { incubator, upstream } => stored::UpstreamChanged {
            incubator_id: incubator.to_string(),
            upstream_id: upstream.as_ref().map(ToString::to_string).unwrap_or_default(),
            documents,
        }
        .encode_to_vec(),
        _ => unreachable!("told apart by `payload`"),
    }
}

fn of_firm(event: &Event, documents: Vec<stored::Document>) -> Vec<u8> {
    match event {
        Event::FirmRegistered { firm, name, field } => stored::FirmRegistered {
            firm_code: firm.to_string(),
            display_name: name.clone(),
            field: field.clone(),
            documents,
        }
        .encode_to_vec(),
        Event::FirmRenamed { firm, name } => {
            stored::FirmRenamed { firm_code: firm.to_string(), display_name: name.clone(), documents }.encode_to_vec()
        }
        Event::FirmDeregistered { firm } => {
            stored::FirmDeregistered { firm_code: firm.to_string(), documents }.encode_to_vec()
        }
        Event::FirmAdmitted { firm, incubator, waiver } => stored::FirmAdmitted {
            firm_code: firm.to_string(),
            incubator_id: incubator.to_string(),
            waiver_document_no: waiver.clone(),
            documents,
        }
        .encode_to_vec(),
        Event::FirmGraduated { firm, incubator, admitted, criterion, document_no } => stored::FirmGraduated {
            firm_code: firm.to_string(),
            incubator_id: incubator.to_string(),
            admitted_day: admitted.days(),
            criterion: criterion.code(),
            graduation_document_no: document_no.clone(),
            documents,
        }
        .encode_to_vec(),
        Event::FirmLeft { firm, incubator, admitted, kind } => stored::FirmLeft {
            firm_code: firm.to_string(),
            incubator_id: incubator.to_string(),
            admitted_day: admitted.days(),
            leave_kind: kind.code(),
            documents,
        }
        .encode_to_vec(),
        Event::AnnualReportFiled(report) => stored::AnnualReportFiled {
            firm_code: report.firm.to_string(),
            year: i32::from(report.year),
            revenue_fen: report.revenue,
            research_fen: report.research,
            employees: report.employees,
            ip_rights: report.ip_rights,
            high_tech: report.high_tech,
            documents,
        }
        .encode_to_vec(),
        Event::HighTechCertified { firm, certificate_no, expiry } => stored::HighTechCertified {
            firm_code: firm.to_string(),
            certificate_no: certificate_no.clone(),
            expiry_day: expiry.map(|day| day.days()),
            documents,
        }
        .encode_to_vec(),
        _ => unreachable!("told apart by `payload`"),
    }
}

fn of_park(event: &Event, documents: Vec<stored::Document>) -> Vec<u8> {
    match event {
        Event::ParkTreasurySet { park, treasury_code, treasury_name } => stored::ParkTreasurySet {
            park_id: park.to_string(),
            treasury_code: treasury_code.clone(),
            treasury_name: treasury_name.clone(),
            documents,
        }
        .encode_to_vec(),
        Event::RelocationSigned { firm, park } => {
            stored::RelocationSigned { firm_code: firm.to_string(), park_id: park.to_string(), documents }
                .encode_to_vec()
        }
        Event::FirmSettled { firm, park, assessment } => stored::FirmSettled {
            firm_code: firm.to_string(),
            park_id: park.to_string(),
            documents,
            assessment_id: assessment.as_ref().map(ToString::to_string).unwrap_or_default(),
        }
        .encode_to_vec(),
        Event::ProductionStarted { firm, park } => {
            stored::ProductionStarted { firm_code: firm.to_string(), park_id: park.to_string(), documents }
                .encode_to_vec()
        }
        _ => unreachable!("told apart by `payload`"),
    }
}

fn of_money(event: &Event, documents: Vec<stored::Document>) -> Vec<u8> {
    match event {
        Event::TaxReceiptRecorded(receipt) => stored::TaxReceiptRecorded {
            taxpayer_code: receipt.taxpayer.to_string(),
            tax: receipt.tax.code(),
            period_start_day: receipt.period.0.map(|day| day.days()),
            period_end_day: receipt.period.1.map(|day| day.days()),
            amount_fen: receipt.amount,
            nature: receipt.nature.code(),
            voucher_no: receipt.voucher.to_string(),
            documents,
        }
        .encode_to_vec(),
        Event::LoanDrawn(drawn) => stored::LoanDrawn {
            contract_no: drawn.loan.to_string(),
            firm_code: drawn.firm.to_string(),
            lender: drawn.lender.clone(),
            principal_fen: drawn.principal,
            rate_ppm: drawn.rate_ppm,
            maturity_day: drawn.maturity.days(),
            documents,
        }
        .encode_to_vec(),
        Event::InterestPaid { loan, amount, nature } => stored::InterestPaid {
            contract_no: loan.to_string(),
            amount_fen: *amount,
            nature: nature.code(),
            documents,
        }
        .encode_to_vec(),
        Event::SeedFundEstablished { incubator, size } => {
            stored::SeedFundEstablished { incubator_id: incubator.to_string(), size_fen: *size, documents }
                .encode_to_vec()
        }
        Event::InvestmentMade { firm, incubator, amount, form } => stored::InvestmentMade {
            firm_code: firm.to_string(),
            incubator_id: incubator.to_string(),
            amount_fen: *amount,
            form: form.code(),
            documents,
        }
        .encode_to_vec(),
        _ => unreachable!("told apart by `payload`"),
    }
}
