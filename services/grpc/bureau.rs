//! `BureauService`: the science bureau's figures, from the projections. A question looks at every firm of a district.

use super::Districts;
use super::convert::scene::number;
use super::convert::{Reader, Scene, position};
use super::page::Page;
use super::read::{Moment, Reading, View, wait_of};
use crate::domain::{Criterion, Entity, IncubatorId, Kind, Level, Reason};
use crate::engine::Engine;
use crate::projections::metrics::{IncubationDays, Ratio, YearFlow};
use crate::projections::{self, Definition, Filter, Metrics};
use crate::wire::v1;
use std::collections::BTreeSet;
use tonic::{Request, Response, Status};

/// The service.
pub struct Bureau(pub Districts);

/// Values of one list of a cut.
const CUT_VALUES_MAX: usize = 1000;

type Reply<T> = Result<Response<T>, Status>;

#[tonic::async_trait]
impl v1::bureau_service_server::BureauService for Bureau {
    async fn get_metrics(&self, request: Request<v1::GetMetricsRequest>) -> Reply<v1::GetMetricsResponse> {
        let wait = wait_of(request.metadata());
        let ask = request.into_inner();
        let (engine, moment, cut) = self.ask(&ask, &ask.parent, ask.filter.as_ref())?;
        let view = moment.view(engine, wait).await?;
        let districts = self.0.clone();
        let metrics = view.draw(&self.0, move |view| districts.figures().counts(view, &cut)).await?;
        Ok(Response::new(metrics_of(&metrics)))
    }

    async fn get_chain_status(&self, request: Request<v1::GetChainStatusRequest>) -> Reply<v1::GetChainStatusResponse> {
        let wait = wait_of(request.metadata());
        let ask = request.into_inner();
        let (engine, moment, cut) = self.ask(&ask, &ask.parent, ask.filter.as_ref())?;
        let view = moment.view(engine, wait).await?;
        let districts = self.0.clone();
        let chain = view.draw(&self.0, move |view| districts.figures().chain(view, &cut)).await?;
        let transitions = chain.transitions.iter().map(|((from, to), count)| v1::Transition {
            from_kind: number(from.code()),
            to_kind: number(to.code()),
            count: position(*count),
        });
        let incubators = chain.incubators.iter().map(|(id, counts)| v1::IncubatorCounts {
            incubator: name(engine.district(), Entity::Incubator(id.clone())),
            open: position(counts.open),
            admitted_ever: position(counts.admitted_ever),
            graduated_ever: position(counts.graduated_ever),
        });
        Ok(Response::new(v1::GetChainStatusResponse {
            as_of_date: chain.day.to_string(),
            position: position(chain.position),
            transitions: transitions.collect(),
            incubators: incubators.collect(),
            settled_in_park: position(chain.settled_in_park),
            in_production: position(chain.in_production),
            definitions: definitions(projections::CHAIN),
        }))
    }

    async fn list_overdue_firms(
        &self,
        request: Request<v1::ListOverdueFirmsRequest>,
    ) -> Reply<v1::ListOverdueFirmsResponse> {
        let wait = wait_of(request.metadata());
        let ask = request.into_inner();
        let (engine, (page, cut)) = {
            let mut reader = Reader::new(&self.0);
            let parent = reader.parent("parent", &ask.parent);
            let filter = reader.filter([], &ask.filter);
            let cut = reader.cut("cut", ask.cut.as_ref());
            reader.of_a_day(&ask);
            let printed = cut.as_ref().map(|cut| format!("{cut:?}")).unwrap_or_default();
            let page = reader.page("overdue firms", "firm_code", printed.as_bytes(), &ask);
            reader.finish(parent.and(filter).and(page.zip(cut)))?
        };
        let view = page.view(engine, wait).await?;
        let districts = self.0.clone();
        let (at, (firms, next_page_token)) = view
            .draw(&self.0, move |view| {
                (view.position, overdue_page(&page, view, districts.figures().metrics(view, &cut).overdue))
            })
            .await?;
        Ok(Response::new(v1::ListOverdueFirmsResponse { firms, next_page_token, position: position(at) }))
    }

    async fn list_anomalies(&self, request: Request<v1::ListAnomaliesRequest>) -> Reply<v1::ListAnomaliesResponse> {
        let wait = wait_of(request.metadata());
        let ask = request.into_inner();
        let (engine, page) = {
            let mut reader = Reader::new(&self.0);
            let parent = reader.parent("parent", &ask.parent);
            let filter = reader.filter([], &ask.filter);
            reader.of_a_day(&ask);
            let page = reader.page("anomalies", "firm_code", &[], &ask);
            reader.finish(parent.and(filter).and(page))?
        };
        let view = page.view(engine, wait).await?;
        let district = engine.district().to_owned();
        let (at, (anomalies, next_page_token)) = view
            .draw(&self.0, move |view| {
                let found = projections::anomalies(&view.published.registry, view.as_of);
                (view.position, anomalies_page(&district, &page, view, found))
            })
            .await?;
        Ok(Response::new(v1::ListAnomaliesResponse { anomalies, next_page_token, position: position(at) }))
    }
}

impl Bureau {
    fn ask(
        &self,
        ask: &impl Reading,
        parent: &str,
        cut: Option<&v1::MetricsFilter>,
    ) -> Result<(&Engine, Moment, Filter), Status> {
        let mut reader = Reader::new(&self.0);
        let parent = reader.parent("parent", parent);
        let cut = reader.cut("filter", cut);
        reader.of_a_day(ask);
        let moment = reader.moment(ask);
        let (engine, (moment, cut)) = reader.finish(parent.and(moment.zip(cut)))?;
        Ok((engine, moment, cut))
    }
}

impl Reader<'_> {
    /// The question must name its day.
    fn of_a_day(&mut self, ask: &impl Reading) {
        if ask.as_of_date().is_empty() {
            self.faults.push(Reason::MissingValue, "as_of_date", "as_of_date is required");
        }
    }

    fn cut(&mut self, field: &str, wire: Option<&v1::MetricsFilter>) -> Option<Filter> {
        let Some(wire) = wire else { return Some(Filter::default()) };
        let path = |name: &str| format!("{field}.{name}");
        let lengths = [
            ("incubator_ids", wire.incubator_ids.len()),
            ("kinds", wire.kinds.len()),
            ("levels", wire.levels.len()),
            ("fields", wire.fields.len()),
            ("criteria", wire.criteria.len()),
        ];
        if let Some((name, length)) = lengths.into_iter().find(|(_, length)| *length > CUT_VALUES_MAX) {
            self.faults.push(Reason::OutOfRange, &path(name), format!("{length} values; at most {CUT_VALUES_MAX}"));
            return None;
        }
        let incubators = self.all(&wire.incubator_ids, |reader, id| reader.incubator_id(&path("incubator_ids"), id));
        let kinds = self.all(&wire.kinds, |reader, kind| reader.word(&path("kinds"), *kind, Kind::from_code));
        let levels =
            self.all(&wire.levels, |reader, level| reader.optional_word(&path("levels"), *level, Level::from_code));
        let fields = self.all(&wire.fields, |reader, name| reader.text(&path("fields"), name));
        let criteria =
            self.all(&wire.criteria, |reader, word| reader.word(&path("criteria"), *word, Criterion::from_code));
        let incubators: Option<BTreeSet<IncubatorId>> = incubators;
        Some(Filter { incubators: incubators?, kinds: kinds?, levels: levels?, fields: fields?, criteria: criteria? })
    }

    fn all<W, T: Ord>(&mut self, wire: &[W], mut one: impl FnMut(&mut Self, &W) -> Option<T>) -> Option<BTreeSet<T>> {
        let values: Vec<Option<T>> = wire.iter().map(|value| one(self, value)).collect();
        values.into_iter().collect()
    }
}

fn name(district: &str, entity: Entity) -> String {
    format!("districts/{district}/{entity}")
}

fn overdue_page(page: &Page, view: &View, overdue: Vec<projections::OverdueFirm>) -> (Vec<v1::OverdueFirm>, String) {
    let Scene { district, registry, as_of, .. } = view.scene();
    let behind = overdue.into_iter().filter(|firm| page.is_after(firm.firm.as_str()));
    let drawn = behind.map(|firm| {
        let seen = registry.firm(&firm.firm, as_of);
        let (display_name, field) = seen.map(|seen| (seen.name(), seen.field())).unwrap_or_default();
        let wire = v1::OverdueFirm {
            firm: name(district, Entity::Firm(firm.firm)),
            display_name: display_name.to_owned(),
            field: field.to_owned(),
            incubator: name(district, Entity::Incubator(firm.incubator)),
            first_admitted_date: firm.first_admitted.to_string(),
            limit_date: firm.limit_date.to_string(),
            days_over: number(firm.days_over),
        };
        (firm.firm.to_string(), wire)
    });
    page.take(view, drawn)
}

fn anomalies_page(
    district: &str,
    page: &Page,
    view: &View,
    found: Vec<projections::Anomaly>,
) -> (Vec<v1::Anomaly>, String) {
    // A firm may have several: the carrier and the kind make the key single.
    let key =
        |anomaly: &projections::Anomaly| format!("{}/{}/{}", anomaly.firm, anomaly.kind.word(), anomaly.incubator);
    let mut keyed: Vec<_> = found.into_iter().map(|anomaly| (key(&anomaly), anomaly)).collect();
    keyed.sort_by(|a, b| a.0.cmp(&b.0));
    let behind = keyed.into_iter().filter(|(key, _)| page.is_after(key));
    let drawn = behind.map(|(key, anomaly)| {
        let wire = v1::Anomaly {
            kind: anomaly.kind.word().to_owned(),
            firm: name(district, Entity::Firm(anomaly.firm)),
            incubator: name(district, Entity::Incubator(anomaly.incubator)),
            since_date: anomaly.since.to_string(),
            positions: anomaly.positions.into_iter().map(position).collect(),
        };
        (key, wire)
    });
    page.take(view, drawn)
}

fn definitions(list: &[Definition]) -> Vec<v1::Definition> {
    let one = |definition: &Definition| v1::Definition {
        metric: definition.metric.to_owned(),
        text: definition.text.to_owned(),
    };
    list.iter().map(one).collect()
}

fn ratio(ratio: Ratio) -> Option<v1::Ratio> {
    Some(v1::Ratio { numerator: position(ratio.numerator), denominator: position(ratio.denominator) })
}

fn year_of(year: &YearFlow) -> v1::YearFlow {
    v1::YearFlow {
        opening: position(year.opening),
        admitted: position(year.admitted),
        graduated: position(year.graduated),
        left_otherwise: position(year.left_otherwise),
        closing: position(year.closing),
        rate_a: ratio(year.rate_a()),
        rate_b: ratio(year.rate_b()),
    }
}

fn days_of(days: &IncubationDays) -> v1::IncubationDays {
    // Whole or half days below 2^52: exact.
    let median = days.median_half_days as f64 / 2.0;
    v1::IncubationDays { count: position(days.count), sum: days.sum, median }
}

fn metrics_of(metrics: &Metrics) -> v1::GetMetricsResponse {
    let criteria = metrics
        .criteria
        .iter()
        .map(|(criterion, count)| v1::CriterionCount { criterion: number(criterion.code()), count: position(*count) });
    let cohorts = metrics.cohorts.iter().map(|(year, cohort)| v1::Cohort {
        year: i32::from(*year),
        entrants: position(cohort.entrants),
        graduates_within_48_months: position(cohort.graduates_within_48_months),
        still_incubating_within_horizon: position(cohort.still_incubating_within_horizon),
    });
    let survival = metrics.survival.iter().map(|(years, survival)| v1::Survival {
        years: number(*years),
        graduates: position(survival.graduates),
        alive: position(survival.alive),
    });
    v1::GetMetricsResponse {
        as_of_date: metrics.day.to_string(),
        position: position(metrics.position),
        in_makerspace: position(metrics.in_makerspace),
        in_incubator: position(metrics.in_incubator),
        in_accelerator: position(metrics.in_accelerator),
        year: Some(year_of(&metrics.year)),
        cumulative_graduates: position(metrics.cumulative_graduates),
        graduates_settled_in_park: position(metrics.graduates_settled_in_park),
        criteria: criteria.collect(),
        incubation_days: Some(days_of(&metrics.incubation_days)),
        overdue_count: position(metrics.overdue_count),
        cohorts: cohorts.collect(),
        survival: survival.collect(),
        definitions: definitions(projections::METRICS),
    }
}
