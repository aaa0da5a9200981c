//! The bureau's figures over a large district, as of any day and as known at any position, and the writer meanwhile.

use super::common_server::{Client, DISTRICT, Incubatord, Rng};
use super::config::Config;
use super::figures::{Figures, Load};
use super::report::Report;
use super::{loads, rows};
use incubator_registry::wire::v1::{self, get_chain_status_request, get_metrics_request};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// Commands in flight while figures are asked for.
const WRITERS: usize = 8;
/// Rests of the reader that asks now and then.
const PAUSE: Duration = Duration::from_millis(100);

/// Runs the part.
pub async fn measure(config: &Config, report: &mut Report) {
    let data = config.folder();
    let server = Incubatord::on(data.path());
    let client = Arc::new(server.client().await);
    let mut import = Load::default();
    import.round(server.pid(), data.path(), loads::import(&client, rows::district(config.firms))).await;
    report.load("firms and stays in bulk, messages of 500 (facts)", &import);
    let asker = Asker { client: Arc::clone(&client), head: client.head(DISTRICT).await.position };
    quiet(config, report, &server, data.path(), &asker).await;
    busy(config, report, &server, data.path(), &asker).await;
    server.stop_cleanly();
}

/// One question after the other, nobody else there.
async fn quiet(config: &Config, report: &mut Report, server: &Incubatord, dir: &Path, asker: &Asker) {
    let [mut metrics, mut chain, mut metrics_known, mut chain_known] = [(); 4].map(|()| Load::default());
    for round in 0..config.rounds {
        let mut rng = Rng(round + 1);
        metrics.round(server.pid(), dir, asker.ask(config.round, &mut rng, Ask::METRICS)).await;
        chain.round(server.pid(), dir, asker.ask(config.round, &mut rng, Ask::CHAIN)).await;
        metrics_known.round(server.pid(), dir, asker.ask(config.round, &mut rng, Ask::METRICS.known())).await;
        chain_known.round(server.pid(), dir, asker.ask(config.round, &mut rng, Ask::CHAIN.known())).await;
    }
    let told = [
        ("GetMetrics", "any as_of", &metrics, "p99 ≤ 10 ms"),
        ("GetChainStatus", "any as_of", &chain, "p99 ≤ 10 ms"),
        ("GetMetrics", "any known_at", &metrics_known, "p99 ≤ 100 ms"),
        ("GetChainStatus", "any known_at", &chain_known, "p99 ≤ 100 ms"),
    ];
    for (method, which, load, bound) in told {
        let figure = format!("p99 {:.1} ms, of {} asks", load.quantile(0.99) * 1e3, load.calls().items);
        report.bound(&format!("{method} over {} firms, {which}", config.firms), figure, bound);
        report.load(&format!("{method}, {which}"), load);
    }
}

/// The writer alone, beside a reader that asks without a rest, and beside one that asks ten times a second, in turns.
async fn busy(config: &Config, report: &mut Report, server: &Incubatord, dir: &Path, asker: &Asker) {
    let client = &asker.client;
    let [mut alone, mut hard, mut soft] = [(); 3].map(|()| Load::default());
    let mut asked = Figures::default();
    for _ in 0..config.rounds {
        alone.round(server.pid(), dir, loads::register_firms(client, WRITERS, config.round)).await;
        for (pause, load) in [(Duration::ZERO, &mut hard), (PAUSE, &mut soft)] {
            let reader = asker.clone();
            let time = config.round;
            let reading = tokio::spawn(async move { reader.mixed(time, pause).await });
            load.round(server.pid(), dir, loads::register_firms(client, WRITERS, time)).await;
            let calls = reading.await.unwrap();
            if pause.is_zero() {
                asked.latencies.extend(calls.latencies);
            }
        }
    }
    let p99 = |load: &Load| load.quantile(0.99) * 1e3;
    let told = |load: &Load| format!("{:.2} ({:.2} ÷ {:.2} ms)", p99(load) / p99(&alone), p99(load), p99(&alone));
    report.bound("the writer's p99 beside a reader that never rests ÷ alone, 8 in flight", told(&hard), "< 1.2");
    report.bound("– beside a reader with ten questions a second", told(&soft), "");
    let told = format!("p99 {:.1} ms", asked.quantile(0.99) * 1e3);
    report.bound("– GetMetrics and GetChainStatus in turn meanwhile, any as_of", told, "");
    report.load("durable commands, 8 in flight, alone", &alone);
    report.load("durable commands, 8 in flight, beside a reader that never rests", &hard);
    report.load("durable commands, 8 in flight, beside ten questions a second", &soft);
}

/// What is asked.
#[derive(Clone, Copy)]
struct Ask {
    chain: bool,
    known_at: bool,
}

impl Ask {
    const METRICS: Self = Self { chain: false, known_at: false };
    const CHAIN: Self = Self { chain: true, known_at: false };

    /// As known at any position.
    fn known(self) -> Self {
        Self { known_at: true, ..self }
    }
}

/// Asks for the figures of days and positions that nobody can foresee.
#[derive(Clone)]
struct Asker {
    client: Arc<Client>,
    head: i64,
}

impl Asker {
    async fn ask(&self, time: Duration, rng: &mut Rng, what: Ask) -> Figures {
        loads::questions(time, || self.one(rng, what)).await
    }

    /// Both questions in turn, as of any day.
    async fn mixed(&self, time: Duration, pause: Duration) -> Figures {
        let (mut rng, mut chain) = (Rng(99), false);
        loads::questions(time, || {
            chain = !chain;
            let asked = self.one(&mut rng, if chain { Ask::CHAIN } else { Ask::METRICS });
            async move {
                asked.await;
                if !pause.is_zero() {
                    tokio::time::sleep(pause).await;
                }
            }
        })
        .await
    }

    fn one(&self, rng: &mut Rng, what: Ask) -> impl Future<Output = ()> + use<> {
        let (parent, as_of_date) = (DISTRICT.to_owned(), rows::day(rng, 2019..2026));
        let known = what.known_at.then(|| 1 + (rng.next() % self.head.unsigned_abs()) as i64);
        let mut bureau = self.client.bureau();
        async move {
            if what.chain {
                let known_at = known.map(get_chain_status_request::KnownAt::KnownAtPosition);
                let ask = v1::GetChainStatusRequest { parent, as_of_date, known_at, ..Default::default() };
                bureau.get_chain_status(ask).await.unwrap();
            } else {
                let known_at = known.map(get_metrics_request::KnownAt::KnownAtPosition);
                let ask = v1::GetMetricsRequest { parent, as_of_date, known_at, ..Default::default() };
                bureau.get_metrics(ask).await.unwrap();
            }
        }
    }
}
