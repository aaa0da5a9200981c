//! All that a district's server tells of its facts, but for where in the log they stand: two logs with the same facts,
//! recorded in any order and in any number of attempts, tell the same.

use super::Client;
use incubator_registry::wire::v1;
use std::collections::BTreeMap;

const METRICS: [&str; 4] = ["2022-12-31", "2023-12-31", "2024-12-31", "2025-10-31"];
const CHAIN: [&str; 2] = ["2024-12-31", "2025-10-31"];
const LAST: &str = "2025-10-31";

/// The facts as told, a line each; names of the district left out.
#[derive(Debug, PartialEq, Eq)]
pub struct State {
    /// Metrics, chain, firms, carriers, parks, loans, funds, investments, receipts.
    pub told: Vec<String>,
    /// How many events there are of each type.
    pub events: BTreeMap<String, u64>,
}

impl State {
    /// Asks the server for everything.
    pub async fn of(client: &Client, district: &str) -> Self {
        let mut told = figures(client, district).await;
        told.extend(entities(client, district).await);
        told.extend(money(client, district).await);
        let told = told.iter().map(|text| text.replace(district, "districts/-")).collect();
        let mut events = BTreeMap::new();
        for event in client.events(district).await {
            *events.entry(event.r#type).or_default() += 1;
        }
        Self { told, events }
    }

    /// Holds two states against each other; says where they differ, not all that they hold.
    #[track_caller]
    pub fn same(&self, other: &Self, when: &str) {
        for (one, two) in self.told.iter().zip(&other.told) {
            assert_eq!(one, two, "{when}");
        }
        assert_eq!(self.told.len(), other.told.len(), "{when}");
        assert_eq!(self.events, other.events, "{when}");
    }
}

async fn figures(client: &Client, district: &str) -> Vec<String> {
    let mut told = Vec::new();
    for day in METRICS {
        let ask = v1::GetMetricsRequest { parent: district.into(), as_of_date: day.into(), ..Default::default() };
        let answer = client.bureau().get_metrics(ask).await.unwrap().into_inner();
        told.push(format!("{:?}", v1::GetMetricsResponse { position: 0, ..answer }));
    }
    for day in CHAIN {
        let ask = v1::GetChainStatusRequest { parent: district.into(), as_of_date: day.into(), ..Default::default() };
        let answer = client.bureau().get_chain_status(ask).await.unwrap().into_inner();
        told.push(format!("{:?}", v1::GetChainStatusResponse { position: 0, ..answer }));
    }
    told
}

async fn entities(client: &Client, district: &str) -> Vec<String> {
    let (parent, as_of_date, page_size) = (district.to_owned(), LAST.to_owned(), 1000);
    let ask = v1::ListFirmsRequest {
        parent: parent.clone(),
        as_of_date: as_of_date.clone(),
        page_size,
        ..Default::default()
    };
    let firms = client.firms().list_firms(ask).await.unwrap().into_inner().firms;
    let ask = v1::ListIncubatorsRequest {
        parent: parent.clone(),
        as_of_date: as_of_date.clone(),
        page_size,
        ..Default::default()
    };
    let incubators = client.incubators().list_incubators(ask).await.unwrap().into_inner().incubators;
    let ask = v1::ListParksRequest { parent, as_of_date, page_size, ..Default::default() };
    let parks = client.parks().list_parks(ask).await.unwrap().into_inner().parks;
    let firms = firms.into_iter().map(|firm| format!("{:?}", bare_firm(firm)));
    let incubators = incubators.into_iter().map(|incubator| format!("{:?}", bare_incubator(incubator)));
    let parks = parks.into_iter().map(|park| format!("{:?}", v1::Park { revision: 0, etag: String::new(), ..park }));
    firms.chain(incubators).chain(parks).collect()
}

/// What there is of money, page after page; sorted, since receipts come in the order of recording.
async fn money(client: &Client, district: &str) -> Vec<String> {
    macro_rules! all {
        ($service:ident.$method:ident, $request:ident, $items:ident, $bare:expr) => {{
            let parent = district.to_owned();
            let mut ask = v1::$request { parent, page_size: 1000, ..Default::default() };
            let mut told = Vec::new();
            loop {
                let page = client.$service().$method(ask.clone()).await.unwrap().into_inner();
                told.extend(page.$items.into_iter().map($bare));
                ask.page_token = page.next_page_token;
                if ask.page_token.is_empty() {
                    break told;
                }
            }
        }};
    }
    let mut told = all!(financing.list_loans, ListLoansRequest, loans, |mut loan| {
        loan.interest_payments.iter_mut().for_each(|paid| paid.position = 0);
        loan.interest_payments.sort_by_key(|paid| (paid.effective_date.clone(), paid.amount_fen, paid.nature));
        format!("{:?}", v1::Loan { revision: 0, etag: String::new(), position: 0, ..loan })
    });
    told.extend(all!(financing.list_seed_funds, ListSeedFundsRequest, seed_funds, |fund| {
        format!("{:?}", v1::SeedFund { position: 0, ..fund })
    }));
    told.extend(all!(financing.list_investments, ListInvestmentsRequest, investments, |made| {
        format!("{:?}", v1::Investment { position: 0, ..made })
    }));
    told.extend(all!(taxes.list_tax_receipts, ListTaxReceiptsRequest, tax_receipts, |receipt| {
        format!("{:?}", v1::TaxReceipt { position: 0, ..receipt })
    }));
    told.sort();
    told
}

fn bare_firm(mut firm: v1::Firm) -> v1::Firm {
    for stay in &mut firm.stays {
        (stay.position, stay.left_position) = (0, 0);
    }
    firm.annual_reports.iter_mut().for_each(|report| report.position = 0);
    firm.high_tech_certificates.iter_mut().for_each(|certificate| certificate.position = 0);
    for rename in &mut firm.renames {
        rename.position = 0;
    }
    if let Some(relocation) = &mut firm.relocation {
        (relocation.signed_position, relocation.settled_position, relocation.production_position) = (0, 0, 0);
    }
    v1::Firm { revision: 0, etag: String::new(), position: 0, deregistered_position: 0, ..firm }
}

fn bare_incubator(mut incubator: v1::Incubator) -> v1::Incubator {
    incubator.operator_terms.iter_mut().for_each(|term| term.position = 0);
    incubator.area_terms.iter_mut().for_each(|term| term.position = 0);
    incubator.upstream_terms.iter_mut().for_each(|term| term.position = 0);
    incubator.reports.iter_mut().for_each(|report| report.position = 0);
    for recognition in &mut incubator.recognitions {
        (recognition.position, recognition.end_position) = (0, 0);
    }
    v1::Incubator { revision: 0, etag: String::new(), ..incubator }
}
