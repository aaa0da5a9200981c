//! What trust costs: durable commands at a server that asks each call for a signed token, holds it against the table of roles,
//! and signs a checkpoint every second, heads of all entities included; and at one that does none of it, in turn. Records are
//! hashed by both: a log without is none.

use super::common_identity::{Site, claims, now, with};
use super::common_server::{DISTRICT, Incubatord, registration};
use super::config::Config;
use super::figures::{Figures, Load};
use super::loads;
use super::report::Report;
use super::rows;
use incubator_registry::journal::note::SigningKey;
use incubator_registry::wire::v1::firm_service_client::FirmServiceClient;
use std::path::Path;
use std::time::Duration;
use tonic::Request;
use tonic::metadata::AsciiMetadataValue;
use tonic::transport::Channel;

/// Firms that are there before: each is a head.
const FIRMS: u64 = 20_000;

/// Who calls, in a header.
type Header<'a> = (&'static str, &'a str);

/// Runs the part.
pub async fn measure(config: &Config, report: &mut Report) {
    let (site, on_dir, off_dir) = (Site::new(), config.folder(), config.folder());
    for dir in [&on_dir, &off_dir] {
        let server = Incubatord::on(dir.path());
        loads::import(&server.client().await, rows::firms(FIRMS)).await;
        server.stop_cleanly();
    }
    site.write("checkpoint.key", &SigningKey::generate().unwrap().1);
    // Counted, and never in the way.
    site.write("limits.toml", "requests_per_second = 1000000\nrequests_burst = 1000000\n");
    let (key, limits) = (site.path("checkpoint.key"), site.path("limits.toml"));
    // In clear: what is measured is trust, not encryption.
    let options = site.options(&["--tls-cert", "--tls-key", "--client-ca"]);
    let more = ["--checkpoint-key", key.to_str().unwrap(), "--checkpoint-seconds", "1"];
    let more = more.into_iter().chain(["--limits-of-callers", limits.to_str().unwrap()]);
    let options: Vec<_> = options.iter().map(String::as_str).chain(more).collect();
    let (trusted, plain) = (Incubatord::with(on_dir.path(), &options), Incubatord::on(off_dir.path()));
    let (trusted_channel, plain_channel) = (trusted.channel().await, plain.channel().await);
    let token = site.signer("ed").token("ed", &with(&claims("clerk-7"), "exp", (now() + 3600).into()));
    let bearer = format!("Bearer {token}");
    let [mut on, mut off] = [(); 2].map(|()| Load::default());
    for _ in 0..config.rounds {
        let by = ("authorization", bearer.as_str());
        on.round(trusted.pid(), on_dir.path(), register(&trusted_channel, by, config.round)).await;
        let by = ("incubation-principal", "clerk-7");
        off.round(plain.pid(), off_dir.path(), register(&plain_channel, by, config.round)).await;
    }
    trusted.stop_cleanly();
    plain.stop_cleanly();
    assert!(has_checkpoints(on_dir.path()), "nothing was signed");
    report.bound(
        "durable commands with tokens, roles and a checkpoint a second ÷ without",
        on.faster_than(&off),
        "≥ 0.90",
    );
    report.load("durable commands, 64 in flight, tokens, roles and checkpoints", &on);
    report.load("durable commands, 64 in flight, without", &off);
}

/// Durable commands, each of a firm of its own, by whom a header says.
async fn register(channel: &Channel, (name, value): Header<'_>, time: Duration) -> Figures {
    let (channel, value) = (channel.clone(), value.parse::<AsciiMetadataValue>().unwrap());
    loads::load(64, time, move || {
        let mut client = FirmServiceClient::new(channel.clone());
        let mut request = Request::new(registration(DISTRICT, loads::next_firm()));
        request.metadata_mut().insert(name, value.clone());
        async move {
            client.register_firm(request).await.unwrap();
        }
    })
    .await
}

fn has_checkpoints(data: &Path) -> bool {
    let signed = std::fs::read_dir(data.join("440203/checkpoints"));
    signed.is_ok_and(|mut entries| entries.next().is_some())
}
