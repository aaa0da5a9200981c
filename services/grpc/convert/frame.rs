//! What frames every command: its request id, its etag, its documents and what it takes back.

use super::Reader;
use crate::domain::{Document, Fault, Faults, Reason, VoidOrder};
use crate::engine::RequestId;
use crate::wire::v1;

/// The frame as it came in.
pub struct RawFrame<'a> {
    /// `request_id`.
    pub request_id: &'a str,
    /// `etag`.
    pub etag: &'a str,
    /// `validate_only`.
    pub validate_only: bool,
    /// `documents`.
    pub documents: &'a [v1::Document],
    /// `replaces`.
    pub replaces: &'a [i64],
    /// What that field is called.
    pub replaces_field: &'static str,
    /// `void_reason`.
    pub void_reason: &'a str,
    /// `decided_by`.
    pub decided_by: &'a str,
}

/// The frame as read.
pub struct Frame {
    /// Id of the request.
    pub id: RequestId,
    /// Revision that the target must have.
    pub expected_revision: Option<u64>,
    /// Record nothing.
    pub validate_only: bool,
    /// What bears the facts out.
    pub documents: Vec<Document>,
    /// What is taken back.
    pub void: Option<VoidOrder>,
}

/// A request that is a command.
pub trait Framed {
    /// Its frame.
    fn frame(&self) -> RawFrame<'_>;
}

macro_rules! framed {
    ($($request:ident)+) => {
        $(impl Framed for v1::$request {
            fn frame(&self) -> RawFrame<'_> {
                RawFrame {
                    request_id: &self.request_id,
                    etag: &self.etag,
                    validate_only: self.validate_only,
                    documents: &self.documents,
                    replaces: &self.replaces,
                    replaces_field: "replaces",
                    void_reason: &self.void_reason,
                    decided_by: &self.decided_by,
                }
            }
        })+
    };
}

framed! {
    RegisterIncubatorRequest RecogniseIncubatorRequest EndRecognitionRequest ChangeOperatorRequest ChangeAreaRequest
    ChangeUpstreamRequest RegisterFirmRequest RenameFirmRequest DeregisterFirmRequest AdmitFirmRequest
    TransferFirmRequest GraduateFirmRequest LeaveIncubatorRequest RecordStayRequest SetParkTreasuryRequest
    SignRelocationRequest SettleInParkRequest StartProductionRequest RecordRelocationRequest SetLimitsRequest
    FileAnnualReportRequest CertifyHighTechRequest RecordTaxReceiptRequest DrawLoanRequest PayInterestRequest
    EstablishSeedFundRequest RecordInvestmentRequest PublishPolicyRequest FileIncubatorReportRequest
    RegisterIntermediaryRequest RecordTechnologyTransferRequest RegisterPlatformRequest ReportPlatformYearRequest
    CompletePlatformRequest CatalogueInstrumentRequest RemoveInstrumentRequest ReportInstrumentYearRequest
    AssessProjectRequest RecordContactRequest EstablishGuidanceFundRequest ContributeToGuidanceFundRequest InvestFromGuidanceFundRequest
}

macro_rules! acts {
    ($($request:ident)+) => {
        $(impl Framed for v1::$request {
            fn frame(&self) -> RawFrame<'_> {
                RawFrame {
                    request_id: &self.request_id,
                    etag: &self.etag,
                    validate_only: self.validate_only,
                    documents: &self.documents,
                    replaces: &[],
                    replaces_field: "replaces",
                    void_reason: "",
                    decided_by: "",
                }
            }
        })+
    };
}

// An act takes nothing back: neither what is done to a person's data nor a step of money.
acts! {
    ErasePersonRequest PlaceLegalHoldRequest LiftLegalHoldRequest
    OpenClaimRequest AcceptClaimRequest ReviewClaimRequest PublishClaimRequest RaiseObjectionRequest
    ResolveObjectionRequest ApproveClaimRequest WithdrawClaimRequest RejectClaimRequest RefreezeClaimRequest
    SupplementClaimRequest OrderRecoveryRequest ReceiveRecoveryRequest ReportPerformanceRequest SpendEarmarkRequest
    AppropriateBudgetRequest OpenRoundRequest ApproveRoundRequest
    RecordAccountRequest ConfirmAccountRequest RefuseAccountRequest SetCalendarRequest
}

/// `VoidFacts` takes back what it names, and states nothing.
impl Framed for v1::VoidFactsRequest {
    fn frame(&self) -> RawFrame<'_> {
        RawFrame {
            request_id: &self.request_id,
            etag: "",
            validate_only: self.validate_only,
            documents: &self.documents,
            replaces: &self.positions,
            replaces_field: "positions",
            void_reason: &self.void_reason,
            decided_by: &self.decided_by,
        }
    }
}

impl Reader<'_> {
    /// Reads the frame of a command.
    pub fn frame(&mut self, raw: &RawFrame<'_>) -> Option<Frame> {
        let id = self.request_id(raw.request_id);
        let expected_revision = self.etag(raw.etag);
        let documents = self.documents(raw.documents);
        let void = self.void(raw);
        Some(Frame {
            id: id?,
            expected_revision: expected_revision?,
            validate_only: raw.validate_only,
            documents: documents?,
            void: void?,
        })
    }

    fn void(&mut self, raw: &RawFrame<'_>) -> Option<Option<VoidOrder>> {
        match VoidOrder::checked(raw.replaces, raw.void_reason, raw.decided_by) {
            Ok(void) => Some(void),
            Err(Faults(faults)) => {
                let named = faults.into_iter().map(|fault| match fault.field.as_str() {
                    "replaces" => Fault { field: raw.replaces_field.to_owned(), ..fault },
                    _ => fault,
                });
                self.faults.0.extend(named);
                None
            }
        }
    }

    fn request_id(&mut self, text: &str) -> Option<RequestId> {
        let hyphenated = Some(text).filter(|text| text.len() == 36);
        match hyphenated.and_then(|text| uuid::Uuid::try_parse(text).ok()) {
            Some(id) => Some(RequestId(id.into_bytes())),
            None => {
                let message = "a UUID such as 6f1c0e7a-93d5-4d0b-8f0a-2b7c5e1d9a34 is required";
                self.faults.push(Reason::MalformedRequestId, "request_id", message);
                None
            }
        }
    }

    fn etag(&mut self, text: &str) -> Option<Option<u64>> {
        if text.is_empty() {
            return Some(None);
        }
        let revision = text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
        let revision = revision.and_then(|digits| digits.parse().ok()).filter(|n| etag_of(*n) == text);
        if revision.is_none() {
            self.faults.push(Reason::MalformedEtag, "etag", format!("{text:?} is not an etag that this server gave"));
        }
        revision.map(Some)
    }

    fn documents(&mut self, wire: &[v1::Document]) -> Option<Vec<Document>> {
        let max = crate::domain::event::DOCUMENTS_MAX;
        if wire.len() > max {
            self.faults.push(Reason::OutOfRange, "documents", format!("{} documents; at most {max}", wire.len()));
            return None;
        }
        let documents: Vec<_> =
            wire.iter().enumerate().map(|(index, document)| self.document(index, document)).collect();
        documents.into_iter().collect()
    }

    fn document(&mut self, index: usize, wire: &v1::Document) -> Option<Document> {
        let field = |name: &str| format!("documents[{index}].{name}");
        let title = self.text(&field("title"), &wire.title);
        let document_no = self.optional_text(&field("document_no"), &wire.document_no);
        let location = self.optional_text(&field("location"), &wire.location);
        let sha256 = self.digest(&field("sha256"), &wire.sha256);
        Some(Document { title: title?, document_no: document_no?, sha256: sha256?, location: location? })
    }

    fn digest(&mut self, field: &str, text: &str) -> Option<Option<[u8; 32]>> {
        if text.is_empty() {
            return Some(None);
        }
        let mut digest = [0; 32];
        let lower = text.bytes().all(|byte| !byte.is_ascii_uppercase());
        match hex::decode_to_slice(text, &mut digest) {
            Ok(()) if lower => Some(Some(digest)),
            _ => {
                self.faults.push(Reason::MalformedName, field, "a SHA-256 is 64 lower-case hex digits");
                None
            }
        }
    }
}

/// The etag of a revision; empty for none.
pub fn etag_of(revision: u64) -> String {
    if revision == 0 { String::new() } else { format!("\"{revision}\"") }
}
