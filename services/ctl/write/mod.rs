//! Recording commands: each is its own request, the frame and the answer are the same for all. A request without a clear
//! answer leaves its id behind, so that the next try is the same request.

pub mod args;

use super::connect::Session;
use super::criteria::args::IncubatorReportArgs;
use super::import::wire::figure_value;
use super::lang::Lang;
use super::message;
use super::money_args::ReportArgs;
use super::output::Report;
use super::parse::{Wire as _, opt_day};
use super::trouble::Trouble;
use crate::wire::v1;
use args::{Act, AreaArgs, FirmWrite, IncubatorWrite, LimitsSetArgs, OperatorArgs, ParkWrite, RelocationArgs};
use args::{RelocationWrite, VoidArgs};
use serde_json::{Value, json};

/// What became of a recording command.
pub(super) struct Written {
    pub(super) request_id: String,
    pub(super) validate_only: bool,
    pub(super) position: i64,
    pub(super) duplicate: bool,
    pub(super) warnings: Vec<v1::Warning>,
    /// Name of the resource in the answer, and the resource.
    pub(super) resource: (&'static str, Value),
}

impl Written {
    pub(super) fn report(self, lang: Lang) -> Report {
        self.telling(&[], lang)
    }

    /// The same, where people are told these fields of the resource first.
    pub(super) fn telling(self, fields: &[&str], lang: Lang) -> Report {
        let warnings: Vec<Value> = self.warnings.iter().map(|warning| message::json("Warning", warning)).collect();
        let mut json = json!({
            "position": self.position,
            "duplicate": self.duplicate,
            "validate_only": self.validate_only,
            "request_id": self.request_id,
            "warnings": warnings,
        });
        // People are shown what they did; the whole resource is for programs.
        let known = fields.iter().map(|key| ((*key).to_owned(), self.resource.1[*key].clone()));
        let mut told: serde_json::Map<_, _> = known.filter(|(_, value)| !value.is_null()).collect();
        told.extend(json.as_object().cloned().unwrap_or_default());
        let shown = Report { csv: Report::of(json.clone(), lang).csv, ..Report::of(told.into(), lang) };
        json[self.resource.0] = self.resource.1;
        Report { json, ..shown }
    }
}

pub(super) fn request_id(act: &Act) -> String {
    act.request_id.unwrap_or_else(uuid::Uuid::new_v4).to_string()
}

/// Sends a request that records something; answers `Written`, as its reply tells.
macro_rules! written {
    ($session:expr, $service:ident.$method:ident, $request:expr, $resource:ident: $type:literal) => {{
        let request = $request;
        let (request_id, validate_only) = (request.request_id.clone(), request.validate_only);
        match $session.$service().$method(request).await {
            Err(status) => Err($crate::ctl::trouble::Trouble::Request { status: Box::new(status), request_id }),
            Ok(reply) => {
                let reply = reply.into_inner();
                let resource = reply.$resource.as_ref();
                let resource = resource.map_or(serde_json::Value::Null, |it| $crate::ctl::message::json($type, it));
                Ok($crate::ctl::write::Written {
                    request_id,
                    validate_only,
                    position: reply.position,
                    duplicate: reply.duplicate,
                    warnings: reply.warnings,
                    resource: (stringify!($resource), resource),
                })
            }
        }
    }};
}
pub(super) use written;

/// Sends a request whose own fields are given and whose other fields are the frame's; answers `Written`.
macro_rules! send {
    ($session:expr, $frame:expr, $service:ident.$method:ident, $request:ident { $($field:ident: $value:expr),* $(,)? },
     $resource:ident: $type:literal) => {{
        let (effective_date, frame) = $frame.parts();
        let request = v1::$request {
            $($field: $value,)*
            request_id: $crate::ctl::write::request_id(&frame.act),
            etag: frame.etag,
            validate_only: frame.act.validate_only,
            effective_date,
            documents: frame.act.documents,
            replaces: frame.replaces,
            void_reason: frame.void_reason,
            decided_by: frame.decided_by,
        };
        $crate::ctl::write::written!($session, $service.$method, request, $resource: $type)
    }};
}
pub(super) use send;

/// Records something about a firm.
pub async fn firm(session: &Session, command: FirmWrite, lang: Lang) -> Result<Report, Trouble> {
    let at = |id: &str| session.incubator(id);
    let written = match command {
        FirmWrite::Register { code, name, field, frame } => send!(
            session, frame, firms.register_firm,
            RegisterFirmRequest { parent: session.parent(), firm_code: code, display_name: name, field: field },
            firm: "Firm"
        ),
        FirmWrite::Rename { code, name, frame } => send!(
            session, frame, firms.rename_firm,
            RenameFirmRequest { name: session.firm(&code), display_name: name },
            firm: "Firm"
        ),
        FirmWrite::Deregister { code, frame } => send!(
            session, frame, firms.deregister_firm,
            DeregisterFirmRequest { name: session.firm(&code) },
            firm: "Firm"
        ),
        FirmWrite::Admit { code, incubator, waiver, frame } => send!(
            session, frame, firms.admit_firm,
            AdmitFirmRequest { name: session.firm(&code), incubator: at(&incubator), waiver_document_no: waiver },
            firm: "Firm"
        ),
        FirmWrite::Transfer { code, from, to, waiver, frame } => send!(
            session, frame, firms.transfer_firm,
            TransferFirmRequest {
                name: session.firm(&code), from_incubator: at(&from), to_incubator: at(&to), waiver_document_no: waiver
            },
            firm: "Firm"
        ),
        ending => return firm_ending(session, ending, lang).await,
    };
    Ok(written?.report(lang))
}

/// The commands that end a stay or record it whole, and what a firm reports.
async fn firm_ending(session: &Session, command: FirmWrite, lang: Lang) -> Result<Report, Trouble> {
    let at = |id: &str| session.incubator(id);
    let written = match command {
        FirmWrite::Graduate { code, incubator, criterion, graduation_document, admitted, frame } => send!(
            session, frame, firms.graduate_firm,
            GraduateFirmRequest {
                name: session.firm(&code), incubator: at(&incubator), criterion: criterion.wire(),
                graduation_document_no: graduation_document, admitted_date: opt_day(admitted),
            },
            firm: "Firm"
        ),
        FirmWrite::Leave { code, incubator, kind, admitted, frame } => send!(
            session, frame, firms.leave_incubator,
            LeaveIncubatorRequest {
                name: session.firm(&code), incubator: at(&incubator), leave_kind: kind.wire(),
                admitted_date: opt_day(admitted),
            },
            firm: "Firm"
        ),
        FirmWrite::Stay { code, incubator, left, kind, criterion, graduation_document, waiver, frame } => send!(
            session, frame, firms.record_stay,
            RecordStayRequest {
                name: session.firm(&code), incubator: at(&incubator), waiver_document_no: waiver,
                left_date: opt_day(left), leave_kind: kind.map_or(0, |word| word.wire()),
                criterion: criterion.map_or(0, |word| word.wire()), graduation_document_no: graduation_document,
            },
            firm: "Firm"
        ),
        FirmWrite::Report(ReportArgs { code, year, revenue, research, employees, ip_rights, high_tech, frame }) => {
            send!(
                session, frame, firms.file_annual_report,
                FileAnnualReportRequest {
                    name: session.firm(&code), year: year, revenue_fen: revenue, research_fen: research,
                    employees: employees, ip_rights: ip_rights, high_tech: high_tech,
                },
                firm: "Firm"
            )
        }
        FirmWrite::Certify { code, certificate, expires, frame } => send!(
            session, frame, firms.certify_high_tech,
            CertifyHighTechRequest {
                name: session.firm(&code), certificate_no: certificate, expiry_date: opt_day(expires)
            },
            firm: "Firm"
        ),
        other => return Box::pin(firm(session, other, lang)).await,
    };
    Ok(written?.report(lang))
}

/// Records something about a carrier.
pub async fn incubator(session: &Session, command: IncubatorWrite, lang: Lang) -> Result<Report, Trouble> {
    let named = |id: &str| session.incubator(id);
    let written = match command {
        IncubatorWrite::Register { id, name, kind, build_mode, operator, area, upstream, frame } => send!(
            session, frame, incubators.register_incubator,
            RegisterIncubatorRequest {
                parent: session.parent(), incubator_id: id, display_name: name, kind: kind.wire(),
                operator_name: operator.operator, operator_code: operator.operator_code,
                build_mode: build_mode.wire(), introduced: operator.introduced,
                incubation_area_hundredths_m2: area.incubation_area, public_area_hundredths_m2: area.public_area,
                upstream: named(&upstream),
            },
            incubator: "Incubator"
        ),
        IncubatorWrite::Recognise { id, level, document_no, expires, frame } => send!(
            session, frame, incubators.recognise_incubator,
            RecogniseIncubatorRequest {
                name: named(&id), level: level.wire(), document_no: document_no, expiry_date: opt_day(expires)
            },
            incubator: "Incubator"
        ),
        IncubatorWrite::EndRecognition { id, level, recognised, frame } => send!(
            session, frame, incubators.end_recognition,
            EndRecognitionRequest { name: named(&id), level: level.wire(), recognition_date: recognised.to_string() },
            incubator: "Incubator"
        ),
        IncubatorWrite::ChangeOperator {
            id,
            operator: OperatorArgs { operator, operator_code, introduced },
            frame,
        } => {
            send!(
                session, frame, incubators.change_operator,
                ChangeOperatorRequest {
                    name: named(&id), operator_name: operator, operator_code: operator_code, introduced: introduced
                },
                incubator: "Incubator"
            )
        }
        IncubatorWrite::ChangeArea { id, area: AreaArgs { incubation_area, public_area }, frame } => send!(
            session, frame, incubators.change_area,
            ChangeAreaRequest {
                name: named(&id), incubation_area_hundredths_m2: incubation_area,
                public_area_hundredths_m2: public_area,
            },
            incubator: "Incubator"
        ),
        IncubatorWrite::ChangeUpstream { id, upstream, frame } => send!(
            session, frame, incubators.change_upstream,
            ChangeUpstreamRequest { name: named(&id), upstream: named(&upstream) },
            incubator: "Incubator"
        ),
        IncubatorWrite::Report(IncubatorReportArgs { id, year, figures, frame }) => {
            let figures = figures.into_iter().map(|(figure, value)| figure_value(figure, value)).collect();
            send!(
                session, frame, incubators.file_incubator_report,
                FileIncubatorReportRequest { name: named(&id), year: year, figures: figures },
                incubator: "Incubator"
            )
        }
    };
    Ok(written?.report(lang))
}

/// Records a relocation, or a step of one.
pub async fn relocation(session: &Session, command: RelocationWrite, lang: Lang) -> Result<Report, Trouble> {
    let (firm, park) = (|code: &str| session.firm(code), |id: &str| session.park(id));
    let assessed = |id: Option<String>| id.map(|id| session.name("projectAssessments", &id)).unwrap_or_default();
    let written = match command {
        RelocationWrite::Sign(RelocationArgs { code, park: id, frame }) => send!(
            session, frame, parks.sign_relocation,
            SignRelocationRequest { name: firm(&code), park: park(&id) },
            firm: "Firm"
        ),
        RelocationWrite::Settle { step: RelocationArgs { code, park: id, frame }, assessment } => send!(
            session, frame, parks.settle_in_park,
            SettleInParkRequest { name: firm(&code), park: park(&id), assessment: assessed(assessment) },
            firm: "Firm"
        ),
        RelocationWrite::Produce(RelocationArgs { code, park: id, frame }) => send!(
            session, frame, parks.start_production,
            StartProductionRequest { name: firm(&code), park: park(&id) },
            firm: "Firm"
        ),
        RelocationWrite::Record { step: RelocationArgs { code, park: id, frame }, settled, production, assessment } => {
            send!(
                session, frame, parks.record_relocation,
                RecordRelocationRequest {
                    name: firm(&code), park: park(&id), settled_date: opt_day(settled), production_date: opt_day(production),
                    assessment: assessed(assessment),
                },
                firm: "Firm"
            )
        }
    };
    Ok(written?.report(lang))
}

/// Records something about a park.
pub async fn park(session: &Session, command: ParkWrite, lang: Lang) -> Result<Report, Trouble> {
    let ParkWrite::SetTreasury { id, treasury_code, treasury_name, frame } = command;
    let written = send!(
        session, frame, parks.set_park_treasury,
        SetParkTreasuryRequest {
            name: session.park(&id), treasury_code: treasury_code, treasury_name: treasury_name
        },
        park: "Park"
    );
    Ok(written?.report(lang))
}

/// Records other limits. What is not named is read as it is in force on that day; the etag of that reading makes sure
/// that nobody changed it meanwhile.
pub async fn limits(session: &Session, mut args: LimitsSetArgs, lang: Lang) -> Result<Report, Trouble> {
    let as_of_date = args.frame.date.to_string();
    let request = v1::GetLimitsRequest { parent: session.parent(), as_of_date, ..Default::default() };
    let read = session.settings().get_limits(request).await?.into_inner();
    let mut limits = read.limits.unwrap_or_default();
    if args.frame.undated.etag.is_empty() {
        args.frame.undated.etag = read.etag;
    }
    limits.admission_age_months = args.admission_age.unwrap_or(limits.admission_age_months);
    limits.incubation_months = args.incubation.unwrap_or(limits.incubation_months);
    limits.extended_incubation_months = args.extended_incubation.unwrap_or(limits.extended_incubation_months);
    limits.extended_fields = args.extended_field.unwrap_or(limits.extended_fields);
    limits.venture_funding_over_fen = args.venture_funding_over.unwrap_or(limits.venture_funding_over_fen);
    limits.revenue_over_fen = args.revenue_over.unwrap_or(limits.revenue_over_fen);
    (limits.effective_date, limits.position) = (String::new(), 0);
    let written = send!(
        session, args.frame, settings.set_limits,
        SetLimitsRequest { parent: session.parent(), limits: Some(limits) },
        limits: "Limits"
    );
    Ok(written?.report(lang))
}

/// Publishes a policy file.
pub async fn policy(session: &Session, content: String, frame: args::Frame, lang: Lang) -> Result<Report, Trouble> {
    let written = send!(
        session, frame, policies.publish_policy,
        PublishPolicyRequest { parent: session.parent(), content: content },
        policy: "Policy"
    );
    Ok(written?.report(lang))
}

/// Takes recorded facts back.
pub async fn void(session: &Session, args: VoidArgs, lang: Lang) -> Result<Report, Trouble> {
    let request_id = request_id(&args.act);
    let request = v1::VoidFactsRequest {
        parent: session.parent(),
        positions: args.positions,
        void_reason: args.reason,
        decided_by: args.decided_by,
        request_id: request_id.clone(),
        validate_only: args.act.validate_only,
        documents: args.act.documents,
    };
    let reply = match session.journal().void_facts(request).await {
        Ok(reply) => reply.into_inner(),
        Err(status) => return Err(Trouble::Request { status: Box::new(status), request_id }),
    };
    let json = json!({
        "position": reply.position,
        "validate_only": args.act.validate_only,
        "request_id": request_id,
        "subjects": reply.subjects,
    });
    Ok(Report::of(json, lang))
}
