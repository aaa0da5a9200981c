//! `ClaimService`: claims and what is done about them.

mod open;

use super::acts::{Acting, run};
use super::command::answers;
use super::convert::{Reader, Scene, position};
use super::entitlements::seen::Seen;
use super::entitlements::wire;
use super::read::{View, view, wait_of};
use super::{Districts, status};
use crate::domain::act::{Act, ClaimStep, Wanted};
use crate::domain::claim::{Claim, ClaimEvent, Stage};
use crate::domain::{AsOf, ClaimId, Entity, Event, Purpose, Reason, Refusal, SchemeKey, values};
use crate::projections::claims::drift;
use crate::wire::v1;
use flate2::read::ZlibDecoder;
use std::io::Read as _;
use std::pin::Pin;
use tokio_stream::Stream;
use tonic::{Request, Response, Status};

/// The service.
pub struct Claims(pub Districts);

type Reply<T> = Result<Response<T>, Status>;

/// Bytes of an explanation in one message.
const CHUNK_BYTES: usize = 64 * 1024;

#[tonic::async_trait]
impl v1::claim_service_server::ClaimService for Claims {
    async fn open_claim(&self, request: Request<v1::OpenClaimRequest>) -> Reply<v1::OpenClaimResponse> {
        run(&self.0, request).await
    }

    async fn open_claims(&self, request: Request<v1::OpenClaimsRequest>) -> Reply<v1::OpenClaimsResponse> {
        open::run(&self.0, request).await
    }

    async fn accept_claim(&self, request: Request<v1::AcceptClaimRequest>) -> Reply<v1::AcceptClaimResponse> {
        run(&self.0, request).await
    }

    async fn review_claim(&self, request: Request<v1::ReviewClaimRequest>) -> Reply<v1::ReviewClaimResponse> {
        run(&self.0, request).await
    }

    async fn publish_claim(&self, request: Request<v1::PublishClaimRequest>) -> Reply<v1::PublishClaimResponse> {
        run(&self.0, request).await
    }

    async fn raise_objection(&self, request: Request<v1::RaiseObjectionRequest>) -> Reply<v1::RaiseObjectionResponse> {
        run(&self.0, request).await
    }

    async fn resolve_objection(
        &self,
        request: Request<v1::ResolveObjectionRequest>,
    ) -> Reply<v1::ResolveObjectionResponse> {
        run(&self.0, request).await
    }

    async fn approve_claim(&self, request: Request<v1::ApproveClaimRequest>) -> Reply<v1::ApproveClaimResponse> {
        run(&self.0, request).await
    }

    async fn withdraw_claim(&self, request: Request<v1::WithdrawClaimRequest>) -> Reply<v1::WithdrawClaimResponse> {
        run(&self.0, request).await
    }

    async fn reject_claim(&self, request: Request<v1::RejectClaimRequest>) -> Reply<v1::RejectClaimResponse> {
        run(&self.0, request).await
    }

    async fn refreeze_claim(&self, request: Request<v1::RefreezeClaimRequest>) -> Reply<v1::RefreezeClaimResponse> {
        run(&self.0, request).await
    }

    async fn supplement_claim(
        &self,
        request: Request<v1::SupplementClaimRequest>,
    ) -> Reply<v1::SupplementClaimResponse> {
        run(&self.0, request).await
    }

    async fn order_recovery(&self, request: Request<v1::OrderRecoveryRequest>) -> Reply<v1::OrderRecoveryResponse> {
        run(&self.0, request).await
    }

    async fn receive_recovery(
        &self,
        request: Request<v1::ReceiveRecoveryRequest>,
    ) -> Reply<v1::ReceiveRecoveryResponse> {
        run(&self.0, request).await
    }

    async fn report_performance(
        &self,
        request: Request<v1::ReportPerformanceRequest>,
    ) -> Reply<v1::ReportPerformanceResponse> {
        run(&self.0, request).await
    }

    async fn spend_earmark(&self, request: Request<v1::SpendEarmarkRequest>) -> Reply<v1::SpendEarmarkResponse> {
        run(&self.0, request).await
    }

    async fn get_claim(&self, request: Request<v1::GetClaimRequest>) -> Reply<v1::GetClaimResponse> {
        let (view, id) = view(&self.0, request, |reader, ask| reader.claim("name", &ask.name)).await?;
        let seen = Seen::by(&view);
        let scene = whole(&view);
        let known = scene.registry.finance().claim_seen(&id, scene.as_of).filter(|claim| seen.sees_claim(claim));
        let known = known.and_then(|known| Some((known.frozen, scene.claim(&id)?)));
        let (frozen, found) = known.ok_or_else(|| unknown(&id, view.position))?;
        let at = position(view.position);
        let districts = self.0.clone();
        let drawn = view.draw(&self.0, move |view| drifted(&districts, view, &id)).await?;
        let claim = seen.claim(&frozen, v1::Claim { drift: drawn?, ..found });
        Ok(Response::new(v1::GetClaimResponse { claim: Some(claim), position: at }))
    }

    async fn list_claims(&self, request: Request<v1::ListClaimsRequest>) -> Reply<v1::ListClaimsResponse> {
        let wait = wait_of(request.metadata());
        let ask = request.into_inner();
        let (engine, (page, filter)) = {
            let mut reader = Reader::new(&self.0);
            let parent = reader.parent("parent", &ask.parent);
            let filter = Filter::read(&mut reader, &ask.filter);
            let page = reader.page("claims", "name", &[], &ask);
            reader.finish(parent.and(page.zip(filter)))?
        };
        let view = page.view(engine, wait).await?;
        let (scene, seen) = (whole(&view), Seen::by(&view));
        let finance = scene.registry.finance();
        let all = finance.claims_from(page.after()).filter_map(|(id, _)| {
            let claim = finance.claim_seen(id, scene.as_of).filter(|claim| filter.takes(claim))?;
            let told = if seen.sees_claim(&claim) { scene.claim(id) } else { None };
            Some((id.to_string(), seen.claim(&claim.frozen, told?)))
        });
        let (claims, next_page_token) = page.take(&view, all);
        Ok(Response::new(v1::ListClaimsResponse { claims, next_page_token, position: position(view.position) }))
    }

    type ReadClaimExplanationStream =
        Pin<Box<dyn Stream<Item = Result<v1::ReadClaimExplanationResponse, Status>> + Send>>;

    async fn read_claim_explanation(
        &self,
        request: Request<v1::ReadClaimExplanationRequest>,
    ) -> Reply<Self::ReadClaimExplanationStream> {
        let ask = request.into_inner();
        let (engine, id) = {
            let mut reader = Reader::new(&self.0);
            let id = reader.claim("name", &ask.name);
            reader.finish(id)?
        };
        let view = View::now(engine, &self.0.sees());
        let claim = view.published.registry.finance().claim(&id).cloned();
        let claim = claim.ok_or_else(|| unknown(&id, view.position))?;
        let packed = packed(&view, &id, &claim);
        let sha256 = hex::encode(claim.frozen.explanation_sha256);
        let mut zlib = ZlibDecoder::new(std::io::Cursor::new(packed));
        Ok(Response::new(Box::pin(async_stream::try_stream! {
            loop {
                let mut chunk = Vec::with_capacity(CHUNK_BYTES);
                let unread = |_| status::plain(Reason::Internal, "the explanation can't be unpacked");
                zlib.by_ref().take(CHUNK_BYTES as u64).read_to_end(&mut chunk).map_err(unread)?;
                if chunk.is_empty() {
                    break;
                }
                yield v1::ReadClaimExplanationResponse { chunk, sha256: sha256.clone() };
            }
        })))
    }
}

/// Claims are kept beside the facts that an operator sees a part of: they are drawn from the whole, and cut by `Seen`.
fn whole(view: &View) -> Scene<'_> {
    Scene { registry: &view.whole.registry, ..view.scene() }
}

fn unknown(id: &ClaimId, position: u64) -> Status {
    let message = format!("there is no claim {id}, as known at position {position}");
    status::refused(&Refusal::new(Reason::UnknownClaim, message).with("claim", id))
}

/// The pieces behind the freeze that a claim keeps.
fn packed(view: &View, id: &ClaimId, claim: &Claim) -> Vec<u8> {
    let line = view.published.registry.line(&Entity::Claim(id.clone()));
    let pieces = line.into_iter().flat_map(|line| line.entries()).filter_map(|entry| match &entry.event {
        Event::Claim(ClaimEvent::Explained(piece)) if entry.position > claim.frozen_position => Some(piece),
        _ => None,
    });
    let count = usize::try_from(claim.frozen.pieces).unwrap_or(usize::MAX);
    pieces.take(count).flat_map(|piece| piece.bytes.iter().copied()).collect()
}

/// What the facts say now; none where the policy is not published any more.
fn drifted(districts: &Districts, view: &View, id: &ClaimId) -> Result<Option<v1::ClaimDrift>, Status> {
    let scene = whole(view);
    let Some(claim) = scene.registry.finance().claim_seen(id, scene.as_of) else { return Ok(None) };
    let frozen = &claim.frozen;
    let known = AsOf { day: view.reading_day, known: view.position };
    let found = scene.registry.policies(known).find(|(id, _)| **id == frozen.policy);
    let Some((_, publication)) = found else { return Ok(None) };
    let file = districts.kept().text(publication.published.sha256, &publication.published.text)?;
    Ok(Some(scene.drift(drift(scene.registry, &file.policy, frozen, known))))
}

/// Which claims.
struct Filter {
    stage: Option<Stage>,
    scheme: Option<String>,
    payer: Option<String>,
    beneficiary: Option<Entity>,
}

impl Filter {
    fn read(reader: &mut Reader<'_>, text: &str) -> Option<Self> {
        let [stage, scheme, payer, to] = reader.filter(["stage", "scheme", "payer", "beneficiary"], text)?;
        let stage = reader.filter_word(stage.as_deref(), Stage::from_key);
        let beneficiary = reader.filter_word(to.as_deref(), Entity::parse);
        Some(Self { stage: stage?, scheme, payer, beneficiary: beneficiary? })
    }

    fn takes(&self, claim: &Claim) -> bool {
        let frozen = &claim.frozen;
        self.stage.is_none_or(|stage| stage == claim.stage)
            && self.scheme.as_deref().is_none_or(|scheme| scheme == frozen.scheme.as_str())
            && self.payer.as_deref().is_none_or(|payer| payer == frozen.payer.as_str())
            && self.beneficiary.as_ref().is_none_or(|to| *to == frozen.beneficiary)
    }
}

answers! {
    claim:
    OpenClaimRequest => OpenClaimResponse,
    AcceptClaimRequest => AcceptClaimResponse,
    ReviewClaimRequest => ReviewClaimResponse,
    PublishClaimRequest => PublishClaimResponse,
    RaiseObjectionRequest => RaiseObjectionResponse,
    ResolveObjectionRequest => ResolveObjectionResponse,
    ApproveClaimRequest => ApproveClaimResponse,
    WithdrawClaimRequest => WithdrawClaimResponse,
    RejectClaimRequest => RejectClaimResponse,
    RefreezeClaimRequest => RefreezeClaimResponse,
    SupplementClaimRequest => SupplementClaimResponse,
    OrderRecoveryRequest => OrderRecoveryResponse,
    ReceiveRecoveryRequest => ReceiveRecoveryResponse,
    ReportPerformanceRequest => ReportPerformanceResponse,
    SpendEarmarkRequest => SpendEarmarkResponse,
}

/// Steps with words: those that must be said, and those that may be left out.
macro_rules! steps {
    ($($request:ident $step:ident $read:ident)+) => {
        $(impl Acting for v1::$request {
            fn act(&self, reader: &mut Reader<'_>) -> Option<Act> {
                let claim = reader.claim("name", &self.name);
                let text = reader.$read("text", &self.text);
                Some(Act::Step { claim: claim?, step: ClaimStep::$step, text: text? })
            }
        })+
    };
}

steps! {
    AcceptClaimRequest Accept optional_text
    ReviewClaimRequest Review optional_text
    PublishClaimRequest Publish optional_text
    RaiseObjectionRequest Object text
    WithdrawClaimRequest Withdraw text
    RejectClaimRequest Reject text
    ReportPerformanceRequest Report text
}

impl Acting for v1::OpenClaimRequest {
    fn act(&self, reader: &mut Reader<'_>) -> Option<Act> {
        let parent = reader.parent("parent", &self.parent);
        let scheme = reader.word("scheme", self.scheme, wire::scheme);
        let beneficiary = reader.entity("beneficiary", &self.beneficiary);
        let period = reader.text("period", &self.period);
        let policy = reader.optional_policy("policy", &self.policy);
        let as_of = reader.optional_day("as_of_date", &self.as_of_date);
        parent?;
        let scheme = SchemeKey::parse(scheme?.key()).ok()?;
        let wanted = Wanted { scheme, beneficiary: beneficiary?, period: period?, policy: policy?, as_of: as_of? };
        Some(Act::Claim(wanted))
    }
}

impl Acting for v1::ResolveObjectionRequest {
    fn act(&self, reader: &mut Reader<'_>) -> Option<Act> {
        let claim = reader.claim("name", &self.name);
        let text = reader.text("text", &self.text);
        let objection = reader.count("objection", self.objection);
        Some(Act::Resolve { claim: claim?, objection: objection?, upheld: self.upheld, text: text? })
    }
}

impl Acting for v1::ApproveClaimRequest {
    fn act(&self, reader: &mut Reader<'_>) -> Option<Act> {
        let claim = reader.claim("name", &self.name);
        let reason = reader.optional_text("reason", &self.reason);
        let awarded = match self.awarded_fen {
            None => Some(None),
            Some(fen) => reader.faults.take(values::positive_fen("awarded_fen", fen)).map(Some),
        };
        Some(Act::Approve { claim: claim?, awarded: awarded?, reason: reason? })
    }
}

impl Acting for v1::RefreezeClaimRequest {
    fn act(&self, reader: &mut Reader<'_>) -> Option<Act> {
        reader.claim("name", &self.name).map(Act::Refreeze)
    }
}

impl Acting for v1::SupplementClaimRequest {
    fn act(&self, reader: &mut Reader<'_>) -> Option<Act> {
        reader.claim("name", &self.name).map(Act::Supplement)
    }
}

impl Acting for v1::OrderRecoveryRequest {
    fn act(&self, reader: &mut Reader<'_>) -> Option<Act> {
        let claim = reader.claim("name", &self.name);
        let reason = reader.text("reason", &self.reason);
        let amount = reader.faults.take(values::positive_fen("amount_fen", self.amount_fen));
        Some(Act::Recover { claim: claim?, amount: amount?, reason: reason? })
    }
}

impl Acting for v1::ReceiveRecoveryRequest {
    fn act(&self, reader: &mut Reader<'_>) -> Option<Act> {
        let claim = reader.claim("name", &self.name);
        let recovery = reader.count("recovery", self.recovery);
        let amount = reader.faults.take(values::positive_fen("amount_fen", self.amount_fen));
        let reference = reader.text("reference", &self.reference);
        let day = reader.day("effective_date", &self.effective_date);
        let (claim, recovery, amount) = (claim?, recovery?, amount?);
        Some(Act::Receive { claim, recovery, amount, reference: reference?, day: day? })
    }
}

impl Acting for v1::SpendEarmarkRequest {
    fn act(&self, reader: &mut Reader<'_>) -> Option<Act> {
        let claim = reader.claim("name", &self.name);
        let purpose = reader.word("purpose", self.purpose, Purpose::from_code);
        let amount = reader.faults.take(values::positive_fen("amount_fen", self.amount_fen));
        let text = reader.text("text", &self.text);
        let day = reader.day("effective_date", &self.effective_date);
        let (claim, purpose, amount) = (claim?, purpose?, amount?);
        Some(Act::Spend { claim, purpose, amount, text: text?, day: day? })
    }
}
