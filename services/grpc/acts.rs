//! The way of every act about money: who asks, what is asked, the engine, the resource as the act left it. Nothing of what is
//! owed is read here: the writer computes it.

use super::command::{Answer, Answering, scene_of};
use super::convert::{Framed, Reader};
use super::{Districts, bounds, principal, status};
use crate::domain::Command;
use crate::domain::act::Act;
use crate::engine::Request;
use tonic::Status;

/// A request that is an act.
pub trait Acting: Framed + Send + Sync {
    /// What is asked.
    fn act(&self, reader: &mut Reader<'_>) -> Option<Act>;
}

/// Decides and records an act.
pub async fn run<C: Acting + Answering>(
    districts: &Districts,
    request: tonic::Request<C>,
) -> Result<tonic::Response<C::Response>, Status> {
    let principal = principal::required(request.metadata())?;
    let message = request.into_inner();
    let (engine, (act, frame)) = {
        let mut reader = Reader::new(districts);
        let act = message.act(&mut reader);
        let frame = reader.frame(&message.frame());
        reader.finish(act.zip(frame))?
    };
    let command = Command::act(act, frame.documents).map_err(|refusal| status::refused(&refusal))?;
    let target = command.target.clone();
    let (id, expected_revision, validate_only) = (frame.id, frame.expected_revision, frame.validate_only);
    let bounds = bounds::of(engine, &principal, &[]).await.map_err(status::of)?;
    if let Some(bounds) = &bounds {
        // What is not seen is not there, before its etag could tell that it is.
        bounds.admit(&engine.published().registry, &command).map_err(|refusal| status::refused(&refusal))?;
    }
    let scoped = principal::current().scoped;
    let request = Request { principal, id, expected_revision, validate_only, command };
    let outcome = engine.submit_within(request, bounds).await.map_err(status::of)?;
    let scene = scene_of(engine, &outcome, validate_only);
    Ok(tonic::Response::new(message.answer(&Answer::whole(&outcome, target.as_ref(), scene).scoped(scoped))))
}
