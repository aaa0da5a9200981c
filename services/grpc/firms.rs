//! `FirmService`: what each command about a firm states.

use super::command::{Stating, answers, run};
use super::convert::{Reader, position};
use super::page::Page;
use super::read::{View, view, wait_of};
use super::{Districts, evidence, status};
use crate::domain::firm::FirmView;
use crate::domain::{Criterion, Day, Event, IncubatorId, Kind, LeaveKind, Reason, Refusal, Stated, Uscc, rows};
use crate::projections::evidence::evidence;
use crate::wire::v1;
use tonic::{Request, Response, Status};

/// The service.
pub struct Firms(pub Districts);

type Reply<T> = Result<Response<T>, Status>;

#[tonic::async_trait]
impl v1::firm_service_server::FirmService for Firms {
    async fn register_firm(&self, request: Request<v1::RegisterFirmRequest>) -> Reply<v1::RegisterFirmResponse> {
        run(&self.0, request).await
    }

    async fn rename_firm(&self, request: Request<v1::RenameFirmRequest>) -> Reply<v1::RenameFirmResponse> {
        run(&self.0, request).await
    }

    async fn deregister_firm(&self, request: Request<v1::DeregisterFirmRequest>) -> Reply<v1::DeregisterFirmResponse> {
        run(&self.0, request).await
    }

    async fn admit_firm(&self, request: Request<v1::AdmitFirmRequest>) -> Reply<v1::AdmitFirmResponse> {
        run(&self.0, request).await
    }

    async fn transfer_firm(&self, request: Request<v1::TransferFirmRequest>) -> Reply<v1::TransferFirmResponse> {
        run(&self.0, request).await
    }

    async fn graduate_firm(&self, request: Request<v1::GraduateFirmRequest>) -> Reply<v1::GraduateFirmResponse> {
        run(&self.0, request).await
    }

    async fn leave_incubator(&self, request: Request<v1::LeaveIncubatorRequest>) -> Reply<v1::LeaveIncubatorResponse> {
        run(&self.0, request).await
    }

    async fn record_stay(&self, request: Request<v1::RecordStayRequest>) -> Reply<v1::RecordStayResponse> {
        run(&self.0, request).await
    }

    async fn file_annual_report(
        &self,
        request: Request<v1::FileAnnualReportRequest>,
    ) -> Reply<v1::FileAnnualReportResponse> {
        run(&self.0, request).await
    }

    async fn certify_high_tech(
        &self,
        request: Request<v1::CertifyHighTechRequest>,
    ) -> Reply<v1::CertifyHighTechResponse> {
        run(&self.0, request).await
    }

    async fn get_graduation_evidence(
        &self,
        request: Request<v1::GetGraduationEvidenceRequest>,
    ) -> Reply<v1::GetGraduationEvidenceResponse> {
        let (view, code) = view(&self.0, request, |reader, ask| reader.firm("name", &ask.name)).await?;
        let scene = view.scene();
        let firm = scene.registry.firm(&code, scene.as_of).ok_or_else(|| unknown(&view, &code))?;
        let readings = evidence(scene.registry, &firm, scene.as_of);
        let graduations = readings.iter().map(|evidence| evidence::wire(&scene, evidence)).collect();
        Ok(Response::new(v1::GetGraduationEvidenceResponse { graduations, position: position(view.position) }))
    }

    async fn get_firm(&self, request: Request<v1::GetFirmRequest>) -> Reply<v1::GetFirmResponse> {
        let (view, code) = view(&self.0, request, |reader, ask| reader.firm("name", &ask.name)).await?;
        let firm = view.scene().firm(&code).ok_or_else(|| unknown(&view, &code))?;
        Ok(Response::new(v1::GetFirmResponse { firm: Some(firm), position: position(view.position) }))
    }

    async fn list_firms(&self, request: Request<v1::ListFirmsRequest>) -> Reply<v1::ListFirmsResponse> {
        let wait = wait_of(request.metadata());
        let ask = request.into_inner();
        let (engine, (page, filter)) = {
            let mut reader = Reader::new(&self.0);
            let parent = reader.parent("parent", &ask.parent);
            let filter = FirmFilter::read(&mut reader, &ask.filter);
            let page = reader.page("firms", "firm_code", &[], &ask);
            reader.finish(parent.and(page.zip(filter)))?
        };
        let view = page.view(engine, wait).await?;
        let position = position(view.position);
        let (firms, next_page_token) = view.draw(&self.0, move |view| filter.page(&page, view)).await?;
        Ok(Response::new(v1::ListFirmsResponse { firms, next_page_token, position }))
    }
}

fn unknown(view: &View, code: &Uscc) -> Status {
    let message = format!("firm {code} is not registered, as known at position {}", view.position);
    status::refused(&Refusal::new(Reason::UnknownFirm, message).with("firm", code))
}

/// `incubator = …`, `field = …`, `kind = …`.
struct FirmFilter {
    incubator: Option<IncubatorId>,
    field: Option<String>,
    kind: Option<Kind>,
}

impl FirmFilter {
    fn read(reader: &mut Reader<'_>, text: &str) -> Option<Self> {
        let [incubator, field, kind] = reader.filter(["incubator", "field", "kind"], text)?;
        let incubator = reader.filter_word(incubator.as_deref(), |id| IncubatorId::parse(id).ok());
        let kind = reader.filter_word(kind.as_deref(), Kind::from_key);
        Some(Self { incubator: incubator?, field, kind: kind? })
    }

    fn page(&self, page: &Page, view: &View) -> (Vec<v1::Firm>, String) {
        let scene = view.scene();
        // A carrier's own firms are few among the district's.
        let codes: Box<dyn Iterator<Item = Uscc>> = match &self.incubator {
            Some(id) => Box::new(scene.registry.firms_ever_in(id)),
            None => Box::new(scene.registry.firm_codes()),
        };
        let behind = codes.filter(|code| page.is_after(code.as_str()));
        let views = behind.filter_map(|code| scene.registry.firm(&code, scene.as_of));
        let found = views.filter(|firm| self.passes(view, firm));
        page.take(view, found.map(|firm| (firm.code.to_string(), scene.firm_of(&firm))))
    }

    fn passes(&self, view: &View, firm: &FirmView<'_>) -> bool {
        if self.field.as_deref().is_some_and(|field| firm.field() != field) {
            return false;
        }
        if self.incubator.is_none() && self.kind.is_none() {
            return true;
        }
        let kind_of = |id| view.published.registry.kind_of(id, view.as_of);
        firm.stays.iter().filter(|stay| stay.is_open()).any(|stay| {
            self.incubator.as_ref().is_none_or(|id| stay.incubator == id)
                && self.kind.is_none_or(|kind| kind_of(stay.incubator) == Some(kind))
        })
    }
}

answers! { firm:
    RegisterFirmRequest => RegisterFirmResponse,
    RenameFirmRequest => RenameFirmResponse,
    DeregisterFirmRequest => DeregisterFirmResponse,
    AdmitFirmRequest => AdmitFirmResponse,
    TransferFirmRequest => TransferFirmResponse,
    GraduateFirmRequest => GraduateFirmResponse,
    LeaveIncubatorRequest => LeaveIncubatorResponse,
    RecordStayRequest => RecordStayResponse,
    FileAnnualReportRequest => FileAnnualReportResponse,
    CertifyHighTechRequest => CertifyHighTechResponse,
}

impl Stating for v1::RegisterFirmRequest {
    fn facts(&self, reader: &mut Reader<'_>) -> Option<Vec<Stated>> {
        let parent = reader.parent("parent", &self.parent);
        let firm = reader.code("firm_code", &self.firm_code);
        let name = reader.text("display_name", &self.display_name);
        let field = reader.text("field", &self.field);
        let day = reader.day("effective_date", &self.effective_date);
        parent?;
        Some(vec![Stated::new(day?, Event::FirmRegistered { firm: firm?, name: name?, field: field? })])
    }
}

impl Stating for v1::RenameFirmRequest {
    fn facts(&self, reader: &mut Reader<'_>) -> Option<Vec<Stated>> {
        let firm = reader.firm("name", &self.name);
        let name = reader.text("display_name", &self.display_name);
        let day = reader.day("effective_date", &self.effective_date);
        Some(vec![Stated::new(day?, Event::FirmRenamed { firm: firm?, name: name? })])
    }
}

impl Stating for v1::DeregisterFirmRequest {
    fn facts(&self, reader: &mut Reader<'_>) -> Option<Vec<Stated>> {
        let firm = reader.firm("name", &self.name);
        let day = reader.day("effective_date", &self.effective_date);
        Some(vec![Stated::new(day?, Event::FirmDeregistered { firm: firm? })])
    }
}

impl Stating for v1::AdmitFirmRequest {
    fn facts(&self, reader: &mut Reader<'_>) -> Option<Vec<Stated>> {
        let firm = reader.firm("name", &self.name);
        let incubator = reader.incubator("incubator", &self.incubator);
        let waiver = reader.optional_text("waiver_document_no", &self.waiver_document_no);
        let day = reader.day("effective_date", &self.effective_date);
        let event = Event::FirmAdmitted { firm: firm?, incubator: incubator?, waiver: waiver? };
        Some(vec![Stated::new(day?, event)])
    }
}

impl Stating for v1::TransferFirmRequest {
    fn facts(&self, reader: &mut Reader<'_>) -> Option<Vec<Stated>> {
        let firm = reader.firm("name", &self.name);
        let from = reader.incubator("from_incubator", &self.from_incubator);
        let to = reader.incubator("to_incubator", &self.to_incubator);
        let waiver = reader.optional_text("waiver_document_no", &self.waiver_document_no);
        let day = reader.day("effective_date", &self.effective_date);
        if from.is_some() && from == to {
            reader.faults.push(Reason::SameIncubator, "to_incubator", "a transfer is never within one carrier");
        }
        let (firm, incubator, waiver, day) = (firm?, to?, waiver?, day?);
        let left = Left { firm, incubator: from?, admitted: None, day };
        let admitted = Stated::new(day, Event::FirmAdmitted { firm, incubator, waiver });
        Some(vec![left.otherwise(LeaveKind::Transferred), admitted])
    }
}

impl Stating for v1::GraduateFirmRequest {
    fn facts(&self, reader: &mut Reader<'_>) -> Option<Vec<Stated>> {
        let left = Left::read(reader, &self.name, &self.incubator, &self.admitted_date, &self.effective_date);
        let criterion = reader.word("criterion", self.criterion, Criterion::from_code);
        let document_no = reader.optional_text("graduation_document_no", &self.graduation_document_no);
        Some(vec![left?.graduated(criterion?, document_no?)])
    }
}

impl Stating for v1::LeaveIncubatorRequest {
    fn facts(&self, reader: &mut Reader<'_>) -> Option<Vec<Stated>> {
        let left = Left::read(reader, &self.name, &self.incubator, &self.admitted_date, &self.effective_date);
        let kind = reader.word("leave_kind", self.leave_kind, LeaveKind::from_code);
        if kind == Some(LeaveKind::Graduated) {
            let message = "a graduation goes with its criterion: GraduateFirm records it";
            reader.faults.push(Reason::OutOfRange, "leave_kind", message);
        }
        Some(vec![left?.otherwise(kind?)])
    }
}

impl Stating for v1::RecordStayRequest {
    fn facts(&self, reader: &mut Reader<'_>) -> Option<Vec<Stated>> {
        let firm = reader.firm("name", &self.name);
        let incubator = reader.incubator("incubator", &self.incubator);
        let waiver = reader.optional_text("waiver_document_no", &self.waiver_document_no);
        let admitted = reader.day("effective_date", &self.effective_date);
        let leaving = reader.leaving(&self.left_date, self.leave_kind, self.criterion, &self.graduation_document_no);
        let row = rows::StayRow {
            firm: firm?,
            incubator: incubator?,
            admitted: admitted?,
            waiver: waiver?,
            leaving: leaving?,
        };
        reader.refused(row.facts())
    }
}

/// The end of a stay, its kind apart.
struct Left {
    firm: Uscc,
    incubator: IncubatorId,
    /// None: the stay that the day of leaving falls to.
    admitted: Option<Day>,
    day: Day,
}

impl Left {
    fn read(reader: &mut Reader<'_>, name: &str, incubator: &str, admitted: &str, day: &str) -> Option<Self> {
        let firm = reader.firm("name", name);
        let incubator = reader.incubator("incubator", incubator);
        let admitted = reader.optional_day("admitted_date", admitted);
        let day = reader.day("effective_date", day);
        Some(Self { firm: firm?, incubator: incubator?, admitted: admitted?, day: day? })
    }

    fn graduated(self, criterion: Criterion, document_no: String) -> Stated {
        let Self { firm, incubator, admitted, day } = self;
        let open_stay = admitted.is_none();
        let admitted = admitted.unwrap_or(day);
        let event = Event::FirmGraduated { firm, incubator, admitted, criterion, document_no };
        Stated { day, event, open_stay }
    }

    fn otherwise(self, kind: LeaveKind) -> Stated {
        let Self { firm, incubator, admitted, day } = self;
        let open_stay = admitted.is_none();
        let event = Event::FirmLeft { firm, incubator, admitted: admitted.unwrap_or(day), kind };
        Stated { day, event, open_stay }
    }
}
