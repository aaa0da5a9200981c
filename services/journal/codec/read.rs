//! Stored messages as domain events.

use super::{assessment, claim, day, finance, guidance_fund, instrument, person, platform, transfer};
use crate::domain::event::{AnnualReport, IncubatorRegistered, LoanDrawn, Operator, PolicyPublished, TaxReceipt};
use crate::domain::incubator::report::IncubatorReport;
use crate::domain::values::Area;
use crate::domain::{
    AssessmentId, BuildMode, CarrierFigure, Criterion, Document, Entity, Event, IncubatorId, InterestNature,
    InvestmentForm, Kind, LeaveKind, Level, Limits, LoanId, ParkId, PolicyId, Reason, Tax, TaxNature, Uscc, VoucherNo,
};
use crate::wire::journal as stored;
use prost::Message;

pub(super) type Read = Result<(Event, Vec<Document>), String>;

/// Reads the payload of a known event type.
pub fn event(event_type: u16, payload: &[u8]) -> Read {
    match event_type {
        1..=4 => of_log(event_type, payload),
        10..=15 => of_incubator(event_type, payload),
        20..=27 => of_firm(event_type, payload),
        40..=61 => of_money(event_type, payload),
        70 => of_policy(payload),
        80..=81 => transfer::read(event_type, payload),
        82..=84 => platform::read(event_type, payload),
        85..=87 => instrument::read(event_type, payload),
        90..=92 => guidance_fund::read(event_type, payload),
        93 => assessment::read(payload),
        100 => of_incubator_report(payload),
        101..=104 => person::read(event_type, payload),
        110..=126 => claim::read(event_type, payload),
        130..=166 => finance::read(event_type, payload),
        _ => of_park(event_type, payload),
    }
}

pub(super) fn message<M: Message + Default>(payload: &[u8]) -> Result<M, String> {
    M::decode(payload).map_err(|error| error.to_string())
}

pub(super) fn word<T>(found: Option<T>, what: &str, code: u32) -> Result<T, String> {
    found.ok_or_else(|| format!("{what} {code} is not known"))
}

pub(super) fn id<T>(read: Result<T, Reason>, text: &str) -> Result<T, String> {
    read.map_err(|reason| format!("{} {text:?}", reason.word()))
}

pub(super) fn firm(text: &str) -> Result<Uscc, String> {
    id(Uscc::parse(text), text)
}

pub(super) fn entity(name: &str) -> Result<Entity, String> {
    Entity::parse(name).ok_or_else(|| format!("{name:?} names nothing"))
}

fn incubator(text: &str) -> Result<IncubatorId, String> {
    id(IncubatorId::parse(text), text)
}

pub(super) fn year(year: i32) -> Result<i16, String> {
    i16::try_from(year).map_err(|_| format!("year {year} is out of range"))
}

fn upstream(text: &str) -> Result<Option<IncubatorId>, String> {
    if text.is_empty() { Ok(None) } else { incubator(text).map(Some) }
}

pub(super) fn documents(stored: Vec<stored::Document>) -> Result<Vec<Document>, String> {
    let read = |document: stored::Document| {
        let sha256 = match document.sha256.len() {
            0 => None,
            _ => Some(document.sha256.try_into().map_err(|_| "a digest is not 32 bytes".to_owned())?),
        };
        Ok(Document { title: document.title, document_no: document.document_no, sha256, location: document.location })
    };
    stored.into_iter().map(read).collect()
}

fn of_log(event_type: u16, payload: &[u8]) -> Read {
    match event_type {
        1 => {
            let m: stored::LogCreated = message(payload)?;
            let log_id = m.log_id.try_into().map_err(|_| "the log's id is not 16 bytes".to_owned())?;
            Ok((Event::LogCreated { district: m.district, log_id, hash_algorithm: m.hash_algorithm }, Vec::new()))
        }
        2 => {
            let m: stored::FactsVoided = message(payload)?;
            let event = Event::FactsVoided { positions: m.positions, reason: m.reason, decided_by: m.decided_by };
            Ok((event, documents(m.documents)?))
        }
        4 => {
            let m: stored::HeadsRecorded = message(payload)?;
            let root = m.root.try_into().map_err(|_| "the root of the heads is not 32 bytes".to_owned())?;
            Ok((Event::HeadsRecorded { position: m.position, count: m.count, root }, Vec::new()))
        }
        _ => {
            let m: stored::LimitsSet = message(payload)?;
            let limits = Limits {
                admission_age_months: m.admission_age_months,
                incubation_months: m.incubation_months,
                extended_incubation_months: m.extended_incubation_months,
                extended_fields: m.extended_fields,
                venture_funding_over_fen: m.venture_funding_over_fen,
                revenue_over_fen: m.revenue_over_fen,
            };
            Ok((Event::LimitsSet(limits), documents(m.documents)?))
        }
    }
}

fn of_incubator(event_type: u16, payload: &[u8]) -> Read {
    match event_type {
        10 => {
            let m: stored::IncubatorRegistered = message(payload)?;
            let operator = Operator { name: m.operator_name, code: firm(&m.operator_code)?, introduced: m.introduced };
            let registered = IncubatorRegistered {
                incubator: incubator(&m.incubator_id)?,
                name: m.display_name,
                kind: word(Kind::from_code(m.kind), "kind", m.kind)?,
                operator,
                build_mode: word(BuildMode::from_code(m.build_mode), "build mode", m.build_mode)?,
                area: Area { incubation: m.incubation_area_hundredths_m2, public: m.public_area_hundredths_m2 },
                upstream: upstream(&m.upstream_id)?,
            };
            Ok((Event::IncubatorRegistered(registered), documents(m.documents)?))
        }
        11 => {
            let m: stored::IncubatorRecognised = message(payload)?;
            let level = word(Level::from_code(m.level), "level", m.level)?;
            let incubator = incubator(&m.incubator_id)?;
            Ok((Event::IncubatorRecognised { incubator, level, document_no: m.document_no }, documents(m.documents)?))
        }
        12 => {
            let m: stored::RecognitionEnded = message(payload)?;
            let level = word(Level::from_code(m.level), "level", m.level)?;
            let (incubator, recognition) = (incubator(&m.incubator_id)?, day(m.recognition_day)?);
            Ok((Event::RecognitionEnded { incubator, level, recognition }, documents(m.documents)?))
        }
        13 => {
            let m: stored::OperatorChanged = message(payload)?;
            let operator = Operator { name: m.operator_name, code: firm(&m.operator_code)?, introduced: m.introduced };
            Ok((Event::OperatorChanged { incubator: incubator(&m.incubator_id)?, operator }, documents(m.documents)?))
        }
        14 => {
            let m: stored::AreaChanged = message(payload)?;
            let area = Area { incubation: m.incubation_area_hundredths_m2, public: m.public_area_hundredths_m2 };
            Ok((Event::AreaChanged { incubator: incubator(&m.incubator_id)?, area }, documents(m.documents)?))
        }
        _ => {
            let m: stored::UpstreamChanged = message(payload)?;
            let (incubator, upstream) = (incubator(&m.incubator_id)?, upstream(&m.upstream_id)?);
            Ok((Event::UpstreamChanged { incubator, upstream }, documents(m.documents)?))
        }
    }
}

fn of_firm(event_type: u16, payload: &[u8]) -> Read {
    match event_type {
        20 => {
            let m: stored::FirmRegistered = message(payload)?;
            let event = Event::FirmRegistered { firm: firm(&m.firm_code)?, name: m.display_name, field: m.field };
            Ok((event, documents(m.documents)?))
        }
        21 => {
            let m: stored::FirmRenamed = message(payload)?;
            let event = Event::FirmRenamed { firm: firm(&m.firm_code)?, name: m.display_name };
            Ok((event, documents(m.documents)?))
        }
        22 => {
            let m: stored::FirmDeregistered = message(payload)?;
            Ok((Event::FirmDeregistered { firm: firm(&m.firm_code)? }, documents(m.documents)?))
        }
        23 => {
            let m: stored::FirmAdmitted = message(payload)?;
            let (firm, incubator) = (firm(&m.firm_code)?, incubator(&m.incubator_id)?);
            let event = Event::FirmAdmitted { firm, incubator, waiver: m.waiver_document_no };
            Ok((event, documents(m.documents)?))
        }
        24 => {
            let m: stored::FirmGraduated = message(payload)?;
            let event = Event::FirmGraduated {
                firm: firm(&m.firm_code)?,
                incubator: incubator(&m.incubator_id)?,
                admitted: day(m.admitted_day)?,
                criterion: word(Criterion::from_code(m.criterion), "criterion", m.criterion)?,
                document_no: m.graduation_document_no,
            };
            Ok((event, documents(m.documents)?))
        }
        25 => {
            let m: stored::FirmLeft = message(payload)?;
            let event = Event::FirmLeft {
                firm: firm(&m.firm_code)?,
                incubator: incubator(&m.incubator_id)?,
                admitted: day(m.admitted_day)?,
                kind: word(LeaveKind::from_code(m.leave_kind), "leave kind", m.leave_kind)?,
            };
            Ok((event, documents(m.documents)?))
        }
        26 => {
            let m: stored::AnnualReportFiled = message(payload)?;
            let report = AnnualReport {
                firm: firm(&m.firm_code)?,
                year: year(m.year)?,
                revenue: m.revenue_fen,
                research: m.research_fen,
                employees: m.employees,
                ip_rights: m.ip_rights,
                high_tech: m.high_tech,
            };
            Ok((Event::AnnualReportFiled(report), documents(m.documents)?))
        }
        _ => {
            let m: stored::HighTechCertified = message(payload)?;
            let (firm, expiry) = (firm(&m.firm_code)?, m.expiry_day.map(day).transpose()?);
            let event = Event::HighTechCertified { firm, certificate_no: m.certificate_no, expiry };
            Ok((event, documents(m.documents)?))
        }
    }
}

fn of_park(event_type: u16, payload: &[u8]) -> Read {
    let park = |text: &str| id(ParkId::parse(text), text);
    match event_type {
        30 => {
            let m: stored::ParkTreasurySet = message(payload)?;
            let event = Event::ParkTreasurySet {
                park: park(&m.park_id)?,
                treasury_code: m.treasury_code,
                treasury_name: m.treasury_name,
            };
            Ok((event, documents(m.documents)?))
        }
        31 => {
            let m: stored::RelocationSigned = message(payload)?;
            let event = Event::RelocationSigned { firm: firm(&m.firm_code)?, park: park(&m.park_id)? };
            Ok((event, documents(m.documents)?))
        }
        32 => {
            let m: stored::FirmSettled = message(payload)?;
            let assessment = match m.assessment_id.as_str() {
                "" => None,
                text => Some(id(AssessmentId::parse(text), text)?),
            };
            let event = Event::FirmSettled { firm: firm(&m.firm_code)?, park: park(&m.park_id)?, assessment };
            Ok((event, documents(m.documents)?))
        }
        33 => {
            let m: stored::ProductionStarted = message(payload)?;
            let event = Event::ProductionStarted { firm: firm(&m.firm_code)?, park: park(&m.park_id)? };
            Ok((event, documents(m.documents)?))
        }
        other => Err(format!("type {other} has no reader")),
    }
}

fn of_policy(payload: &[u8]) -> Read {
    let m: stored::PolicyPublished = message(payload)?;
    let published = PolicyPublished {
        policy: id(PolicyId::parse(&m.policy_id), &m.policy_id)?,
        title: m.title,
        text: m.text.into(),
        sha256: m.sha256.try_into().map_err(|_| "a digest is not 32 bytes".to_owned())?,
    };
    Ok((Event::PolicyPublished(published), documents(m.documents)?))
}

fn of_incubator_report(payload: &[u8]) -> Read {
    let m: stored::IncubatorReportFiled = message(payload)?;
    let figure = |stored: &stored::CarrierFigure| {
        Ok((word(CarrierFigure::from_code(stored.figure), "figure", stored.figure)?, stored.value))
    };
    let report = IncubatorReport {
        incubator: incubator(&m.incubator_id)?,
        year: year(m.year)?,
        figures: m.figures.iter().map(figure).collect::<Result<_, String>>()?,
    };
    Ok((Event::IncubatorReportFiled(report), documents(m.documents)?))
}

fn of_money(event_type: u16, payload: &[u8]) -> Read {
    match event_type {
        40 => {
            let m: stored::TaxReceiptRecorded = message(payload)?;
            let period = (m.period_start_day.map(day).transpose()?, m.period_end_day.map(day).transpose()?);
            let receipt = TaxReceipt {
                taxpayer: firm(&m.taxpayer_code)?,
                tax: word(Tax::from_code(m.tax), "tax", m.tax)?,
                period,
                amount: m.amount_fen,
                nature: word(TaxNature::from_code(m.nature), "nature", m.nature)?,
                voucher: id(VoucherNo::parse(&m.voucher_no), &m.voucher_no)?,
            };
            Ok((Event::TaxReceiptRecorded(receipt), documents(m.documents)?))
        }
        50 => {
            let m: stored::LoanDrawn = message(payload)?;
            let drawn = LoanDrawn {
                loan: id(LoanId::parse(&m.contract_no), &m.contract_no)?,
                firm: firm(&m.firm_code)?,
                lender: m.lender,
                principal: m.principal_fen,
                rate_ppm: m.rate_ppm,
                maturity: day(m.maturity_day)?,
            };
            Ok((Event::LoanDrawn(drawn), documents(m.documents)?))
        }
        51 => {
            let m: stored::InterestPaid = message(payload)?;
            let loan = id(LoanId::parse(&m.contract_no), &m.contract_no)?;
            let nature = word(InterestNature::from_code(m.nature), "nature", m.nature)?;
            Ok((Event::InterestPaid { loan, amount: m.amount_fen, nature }, documents(m.documents)?))
        }
        60 => {
            let m: stored::SeedFundEstablished = message(payload)?;
            let event = Event::SeedFundEstablished { incubator: incubator(&m.incubator_id)?, size: m.size_fen };
            Ok((event, documents(m.documents)?))
        }
        61 => {
            let m: stored::InvestmentMade = message(payload)?;
            let event = Event::InvestmentMade {
                firm: firm(&m.firm_code)?,
                incubator: incubator(&m.incubator_id)?,
                amount: m.amount_fen,
                form: word(InvestmentForm::from_code(m.form), "form", m.form)?,
            };
            Ok((event, documents(m.documents)?))
        }
        other => Err(format!("type {other} has no reader")),
    }
}
