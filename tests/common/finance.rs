//! The whole sample district behind a server: what proofs about money over the wire begin with.

use super::ledgers::whole_district;
use super::server::Server;
use incubator_registry::domain::{Command, Stated};
use incubator_registry::engine::{Principal, RowOutcome};

/// A server with the sample district, all twelve ledgers, and no policy.
pub async fn district() -> Server {
    let server = Server::start().await;
    let mut commands: Vec<Vec<Stated>> = Vec::new();
    for recorded in whole_district().0.history.into_iter().skip(2) {
        let stated = Stated::new(recorded.day, recorded.event);
        match commands.last_mut() {
            Some(last) if recorded.start < recorded.position => last.push(stated),
            _ => commands.push(vec![stated]),
        }
    }
    let principal = Principal { id: "test".into(), on_behalf_of: String::new() };
    for chunk in commands.chunks(400) {
        let rows = chunk.iter().map(|facts| Command::row(facts.clone())).collect();
        let (outcomes, _) = server.engine.submit_rows(principal.clone(), rows).await.unwrap();
        assert!(outcomes.iter().all(|outcome| matches!(outcome, RowOutcome::Accepted { .. })));
    }
    server
}
