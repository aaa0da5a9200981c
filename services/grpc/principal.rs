//! Who asks: the door tells it to whatever runs within a call.

use super::status;
use crate::auth::{Call, Caller, ID_BYTES_MAX, PRINCIPAL_HEADER, header_id};
use crate::domain::{Reason, Refusal};
use crate::engine::Principal;
use std::future::Future;
use std::sync::Arc;
use tonic::Status;
use tonic::metadata::MetadataMap;

/// Header that names on whose behalf it asks; absent: for itself.
pub const ON_BEHALF_OF_HEADER: &str = "incubation-on-behalf-of";

tokio::task_local! {
    static CALL: Call;
}

/// The call that runs, as the door let it in. Streams ask while they are made: what runs later is not within the call any
/// more. Where nobody told, nobody calls: someone without a name or a role.
pub fn current() -> Call {
    CALL.try_with(Call::clone).unwrap_or_else(|_| Call::of_anyone())
}

/// Who makes the call that runs.
pub fn call() -> Arc<Caller> {
    current().caller
}

/// Runs what belongs to a call.
pub fn within<F: Future>(call: Call, run: F) -> impl Future<Output = F::Output> {
    CALL.scope(call, run)
}

/// The principal of a command; UNAUTHENTICATED without one.
pub fn required(metadata: &MetadataMap) -> Result<Principal, Status> {
    let refused = |reason, header: &str| {
        let message = format!("the header {header} holds 1 to {ID_BYTES_MAX} visible ASCII characters");
        status::refused(&Refusal::new(reason, message).with("header", header))
    };
    let caller = call();
    if caller.id.is_empty() {
        return Err(refused(Reason::NoPrincipal, PRINCIPAL_HEADER));
    }
    let on_behalf_of = match header_id(metadata.as_ref(), ON_BEHALF_OF_HEADER) {
        None => String::new(),
        Some(Some(id)) if caller.may_act_for(id) => id.to_owned(),
        Some(Some(id)) => {
            let message = format!("{} may not act on behalf of {id}", caller.id);
            return Err(status::refused(&Refusal::new(Reason::NotEntitledFor, message).with("on_behalf_of", id)));
        }
        Some(None) => return Err(refused(Reason::MalformedName, ON_BEHALF_OF_HEADER)),
    };
    Ok(Principal { id: caller.id.to_string(), on_behalf_of })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::Role;

    fn by(caller: Caller) -> Call {
        Call { caller: Arc::new(caller), scoped: false }
    }

    async fn told(caller: &str, metadata: &MetadataMap) -> Result<Principal, Status> {
        within(by(Caller::local(caller)), async { required(metadata) }).await
    }

    #[tokio::test]
    async fn a_command_has_a_principal() {
        let mut metadata = MetadataMap::new();
        assert_eq!(required(&metadata).unwrap_err().code(), tonic::Code::Unauthenticated);
        assert_eq!(told("", &metadata).await.unwrap_err().code(), tonic::Code::Unauthenticated);
        let own = Principal { id: "clerk-7".into(), on_behalf_of: String::new() };
        assert_eq!(told("clerk-7", &metadata).await.unwrap(), own);
        metadata.insert(ON_BEHALF_OF_HEADER, "bureau".parse().unwrap());
        assert_eq!(told("clerk-7", &metadata).await.unwrap().on_behalf_of, "bureau");
        for bad in ["", "two words", &"x".repeat(129)] {
            metadata.insert(ON_BEHALF_OF_HEADER, bad.parse().unwrap());
            assert_eq!(told("clerk-7", &metadata).await.unwrap_err().code(), tonic::Code::InvalidArgument, "{bad:?}");
        }
    }

    #[tokio::test]
    async fn nobody_acts_for_another_unless_entitled() {
        let mut metadata = MetadataMap::new();
        metadata.insert(ON_BEHALF_OF_HEADER, "bureau".parse().unwrap());
        let caller = |ids: &[&str]| {
            let for_whom = Some(ids.iter().map(|id| Arc::from(*id)).collect());
            Caller { for_whom, ..Caller::of("agent", [Role::BureauClerk]) }
        };
        let told = |caller| within(by(caller), async { required(&metadata) });
        assert_eq!(told(caller(&["park", "bureau"])).await.unwrap().on_behalf_of, "bureau");
        for ids in [&[][..], &["bureau2"], &["Bureau"]] {
            assert_eq!(told(caller(ids)).await.unwrap_err().code(), tonic::Code::PermissionDenied);
        }
    }

    #[tokio::test]
    async fn a_call_knows_its_caller_and_no_other() {
        let one = within(by(Caller::local("a")), async {
            tokio::task::yield_now().await;
            call().id.to_string()
        });
        let two = within(by(Caller::local("b")), async { call().id.to_string() });
        assert_eq!(tokio::join!(one, two), ("a".to_owned(), "b".to_owned()));
        assert!(call().id.is_empty() && call().roles.is_empty());
    }
}
