//! 免申即享: claims for everyone who is entitled, a page of entitlements at a time.
//!
//! Each claim is an act of its own, computed where it is decided; the list only says whom to ask for. A call that breaks off is
//! made again: what has a claim, a closed one too, is told, and nothing is added.

use crate::domain::act::{Act, Wanted};
use crate::domain::claim::Claim;
use crate::domain::{AsOf, Command, Day, Entity, PolicyId, Reason, Registry, SchemeKey};
use crate::engine::{Engine, EngineError, Principal, Request, RequestId};
use crate::grpc::convert::{Reader, position};
use crate::grpc::entitlements::wire;
use crate::grpc::read::View;
use crate::grpc::{Districts, principal, status};
use crate::policy::{Entitlement, Scheme, Status as Progress};
use crate::projections::claims::entity;
use crate::wire::v1;
use tonic::{Response, Status};

/// Entitlements looked at in one call when nothing is said.
const SIZE_DEFAULT: usize = 50;
/// And at most: each that is opened is a commit of its own.
const SIZE_MAX: usize = 200;

/// What is asked.
struct Asked {
    scheme: Scheme,
    policy: Option<PolicyId>,
    as_of: Option<Day>,
    size: usize,
    after: String,
    validate_only: bool,
}

/// Answers it.
pub async fn run(
    districts: &Districts,
    request: tonic::Request<v1::OpenClaimsRequest>,
) -> Result<Response<v1::OpenClaimsResponse>, Status> {
    let principal = principal::required(request.metadata())?;
    let ask = request.into_inner();
    let (engine, asked) = {
        let mut reader = Reader::new(districts);
        let asked = asked(&mut reader, &ask);
        reader.finish(asked)?
    };
    let view = View::now(engine, &districts.sees());
    let day = asked.as_of.unwrap_or_else(|| view.today());
    let today = view.today();
    if day > today {
        return Err(status::fault(Reason::DateInFuture, "as_of_date", format!("{day} lies after today, {today}")));
    }
    let (kept, scheme, policy) = (districts.clone(), asked.scheme, asked.policy.clone());
    let (after, size) = (asked.after.clone(), asked.size);
    let drawn = view.draw(districts, move |view| {
        let mut basis = kept.kept().basis(view, policy.as_ref())?;
        basis.as_of = AsOf { day, ..basis.as_of };
        let standings = kept.kept().standings(view, &basis);
        let of_scheme = standings.behind(&after).filter(|(_, line)| line.entitlement.scheme == scheme);
        let page: Vec<(String, Entitlement)> =
            of_scheme.take(size + 1).map(|(key, line)| (key.to_string(), line.entitlement.clone())).collect();
        Ok::<_, Status>((page, basis.id))
    });
    let (mut page, policy) = drawn.await??;
    let more = page.len() > asked.size;
    page.truncate(asked.size);
    let last = page.last().map(|(key, _)| hex::encode(key)).filter(|_| more);
    let (mut claims, mut written) = (Vec::new(), 0);
    for (_, line) in page {
        if line.status != Progress::Complete || line.amount_fen <= 0 {
            continue;
        }
        let wanted = Wanted {
            scheme: scheme_key(line.scheme)?,
            beneficiary: entity(&line.beneficiary),
            period: line.period.to_string(),
            policy: Some(policy.clone()),
            as_of: asked.as_of,
        };
        let opened = open(engine, &principal, wanted, asked.validate_only, &mut written).await?;
        claims.push(opened);
    }
    let next_page_token = last.unwrap_or_default();
    Ok(Response::new(v1::OpenClaimsResponse { claims, next_page_token, position: position(written) }))
}

fn scheme_key(scheme: Scheme) -> Result<SchemeKey, Status> {
    SchemeKey::parse(scheme.key()).map_err(|reason| status::plain(reason, scheme.key()))
}

fn asked(reader: &mut Reader<'_>, ask: &v1::OpenClaimsRequest) -> Option<Asked> {
    let parent = reader.parent("parent", &ask.parent);
    let scheme = reader.word("scheme", ask.scheme, wire::scheme);
    let policy = reader.optional_policy("policy", &ask.policy);
    let as_of = reader.optional_day("as_of_date", &ask.as_of_date);
    let size = reader.natural("page_size", ask.page_size.into());
    let after = hex::decode(&ask.page_token).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    if after.is_none() {
        let message = "not a token that this server gave for this list";
        reader.faults.push(Reason::MalformedPageToken, "page_token", message);
    }
    parent?;
    let size = match usize::try_from(size?).unwrap_or(SIZE_MAX) {
        0 => SIZE_DEFAULT,
        size => size.min(SIZE_MAX),
    };
    let (scheme, policy, as_of, after) = (scheme?, policy?, as_of?, after?);
    Some(Asked { scheme, policy, as_of, size, after, validate_only: ask.validate_only })
}

async fn open(
    engine: &Engine,
    principal: &Principal,
    wanted: Wanted,
    validate_only: bool,
    written: &mut u64,
) -> Result<v1::OpenedClaim, Status> {
    let name = |entity: &Entity| format!("districts/{}/{entity}", engine.district());
    let told =
        v1::OpenedClaim { beneficiary: name(&wanted.beneficiary), period: wanted.period.clone(), ..Default::default() };
    // What somebody withdrew or rejected is opened again one by one, by somebody who decides that.
    if let Some(closed) = closed(&engine.published().registry, &wanted) {
        let message = format!("{} is {}: OpenClaim opens it again", closed.id(), closed.stage.key());
        let claim = name(&Entity::Claim(closed.id().clone()));
        return Ok(v1::OpenedClaim { claim, reason: v1::Reason::ClaimExists.into(), message, ..told });
    }
    let command = Command::act(Act::Claim(wanted), Vec::new()).map_err(|refusal| status::refused(&refusal))?;
    // A promise has one claim: that, not the id, makes a call that is made again harmless.
    let id = RequestId(*uuid::Uuid::new_v4().as_bytes());
    let request = Request { principal: principal.clone(), id, expected_revision: None, validate_only, command };
    match engine.submit(request).await {
        Ok(outcome) => {
            let at = outcome.written.position();
            if !validate_only {
                *written = at;
            }
            let owner = outcome.registry.owner_at(at).cloned();
            let claim = owner.as_ref().and_then(|owner| match owner {
                Entity::Claim(id) => outcome.registry.finance().claim(id),
                _ => None,
            });
            let claimed_fen = claim.map_or(0, |claim| claim.due);
            Ok(v1::OpenedClaim {
                claim: owner.map_or(String::new(), |of| name(&of)),
                claimed_fen,
                opened: true,
                ..told
            })
        }
        Err(EngineError::Refused(refusal)) => {
            let reason = v1::Reason::from_str_name(&format!("REASON_{}", refusal.reason.word())).unwrap_or_default();
            let claim = refusal.metadata.iter().find(|(key, _)| *key == "claim").map(|(_, id)| id);
            let claim = claim.filter(|_| refusal.reason == Reason::ClaimExists);
            let claim = claim.map(|id| format!("districts/{}/claims/{id}", engine.district())).unwrap_or_default();
            Ok(v1::OpenedClaim { claim, reason: reason.into(), message: refusal.message, ..told })
        }
        Err(other) => Err(status::of(other)),
    }
}

/// The claim for what is wanted that was withdrawn or rejected.
fn closed<'a>(registry: &'a Registry, wanted: &Wanted) -> Option<&'a Claim> {
    let finance = registry.finance();
    let claims = finance.claims_of(&wanted.beneficiary).filter_map(|id| finance.claim(id));
    let same = |of: &&Claim| of.frozen.scheme == wanted.scheme && of.frozen.is_listed(&wanted.period);
    claims.map(AsRef::as_ref).filter(same).find(|claim| claim.stage.is_closed())
}
