//! What the door keeps of a call for the access log: who asked for what, from where, and whether it was let in.
//!
//! What a call is about comes from the `Reader` that every request passes: the name and the filter that it read. Whether what
//! it answers is somebody's data is the method's (`KINDS`). A call that is turned away is noted by the word it was told, at
//! the door or behind it; within an operator's scope what it may not see is not found, so that is noted as well, and so is
//! for everyone a district that is not the caller's: there, and wherever it works. Nothing here waits.

use super::principal::ON_BEHALF_OF_HEADER;
use crate::access::{AccessLog, Noted, What, Who};
use crate::auth::{Caller, header_id, table};
use crate::journal::access::DataKind;
use http::{HeaderMap, Request};
use std::collections::BTreeMap;
use std::future::Future;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

/// The methods whose answers are somebody's data, and its kind.
#[rustfmt::skip] // A table.
const KINDS: &[(&str, DataKind)] = &[
    ("AccessService/ExportAccessLog", DataKind::Access),
    ("AccessService/ListAccessRecords", DataKind::Access),
    ("AccountService/GetAccount", DataKind::Account),
    ("AccountService/ListAccounts", DataKind::Account),
    ("AuditService/GetInclusionProof", DataKind::Record),
    ("AuditService/IssueFigure", DataKind::Entitlement),
    ("ClaimService/GetClaim", DataKind::Payment),
    ("ClaimService/ListClaims", DataKind::Payment),
    ("ClaimService/ReadClaimExplanation", DataKind::Payment),
    ("ContactService/GetPerson", DataKind::Contact),
    ("ContactService/ListContacts", DataKind::Contact),
    ("EntitlementService/ExplainEntitlement", DataKind::Entitlement),
    ("EntitlementService/GetTotals", DataKind::Entitlement),
    ("EntitlementService/ListEntitlements", DataKind::Entitlement),
    ("EntitlementService/SimulateBudget", DataKind::Entitlement),
    ("EntitlementService/WatchEntitlements", DataKind::Entitlement),
    ("FinanceService/GetPaymentOrder", DataKind::Payment),
    ("FinanceService/ListPaymentOrders", DataKind::Payment),
    ("FinanceService/ReconcilePayments", DataKind::Payment),
    ("FinanceService/WatchPaymentOrders", DataKind::Payment),
    ("FinancingService/GetLoan", DataKind::Loan),
    ("FinancingService/ListLoans", DataKind::Loan),
    ("JournalService/ExportLog", DataKind::Record),
    ("JournalService/GetEvent", DataKind::Record),
    ("JournalService/ReadEvents", DataKind::Record),
    ("JournalService/SubscribeEvents", DataKind::Record),
    ("PolicyService/SimulatePolicy", DataKind::Entitlement),
    ("TaxService/GetTaxReceipt", DataKind::Tax),
    ("TaxService/ListTaxReceipts", DataKind::Tax),
];

/// The kind of data that a method, `package.Service/Method`, answers; none: nobody's alone.
fn kind_of(method: &str) -> Option<DataKind> {
    let name = method.strip_prefix("incubation.v1.")?;
    KINDS.iter().find(|(known, _)| *known == name).map(|(_, kind)| *kind)
}

/// The access logs of a server, by the codes of their districts; clones are cheap.
#[derive(Clone, Debug, Default)]
pub struct AccessLogs(Arc<BTreeMap<String, AccessLog>>);

impl AccessLogs {
    /// These.
    pub fn new(logs: impl IntoIterator<Item = (String, AccessLog)>) -> Self {
        Self(Arc::new(logs.into_iter().collect()))
    }

    /// That of a district.
    pub fn get(&self, code: &str) -> Option<&AccessLog> {
        self.0.get(code)
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &AccessLog> {
        self.0.values()
    }
}

/// What a request asked for, once it was read.
#[derive(Clone, Debug, Default)]
struct Asked {
    district: String,
    /// A district that was named and is not the caller's, or none that is kept.
    refused: String,
    entity: String,
    query: String,
}

tokio::task_local! {
    static WITNESS: Arc<Witness>;
}

/// Tells what the call that runs asks for; what is told first counts.
pub fn asked(district: &str, entity: &str, query: &str) {
    // What runs later than the call, such as the messages of a stream, is not told again.
    let _ = WITNESS.try_with(|witness| {
        let mut asked = witness.asked.lock().unwrap_or_else(PoisonError::into_inner);
        if asked.district.is_empty() {
            (asked.district, asked.entity, asked.query) = (district.into(), entity.into(), query.into());
        }
    });
}

/// Tells that the call that runs named a district that is not the caller's.
pub fn refused(district: &str) {
    // As above.
    let _ = WITNESS.try_with(|witness| {
        let mut asked = witness.asked.lock().unwrap_or_else(PoisonError::into_inner);
        district.clone_into(&mut asked.refused);
    });
}

/// What a stream takes along of its call: what its first message asks for is read once the call is answered.
#[derive(Clone)]
pub struct Along(Option<Arc<Witness>>);

impl Along {
    /// Of the call that runs.
    pub fn the_call() -> Self {
        Self(WITNESS.try_with(Arc::clone).ok())
    }

    /// Reads what is asked for as if the call still ran, and notes it if that is refused.
    pub fn reads<T>(&self, read: impl FnOnce() -> Result<T, Status>) -> Result<T, Status> {
        let Some(witness) = &self.0 else { return read() };
        let read = WITNESS.sync_scope(Arc::clone(witness), read);
        if let Err(status) = &read {
            witness.refused(status);
        }
        read
    }
}

/// What is kept of one call.
pub struct Witness {
    logs: AccessLogs,
    method: String,
    peer: String,
    on_behalf_of: Option<String>,
    caller: Option<Arc<Caller>>,
    scoped: bool,
    asked: Mutex<Asked>,
}

impl Witness {
    /// What is known of a request before it is looked at.
    pub fn of<B>(logs: &AccessLogs, request: &Request<B>, peer: Option<SocketAddr>) -> Self {
        // A method that is not one could be any text of a stranger's.
        let method = Some(request.uri().path()).filter(|path| table::row(path).is_some());
        Self {
            logs: logs.clone(),
            method: method.map_or("", |path| path.trim_start_matches('/')).to_owned(),
            peer: peer.map(told).unwrap_or_default(),
            on_behalf_of: header_id(request.headers(), ON_BEHALF_OF_HEADER).flatten().map(str::to_owned),
            caller: None,
            scoped: false,
            asked: Mutex::default(),
        }
    }

    /// Who calls, now that it is known.
    pub fn knows(&mut self, caller: &Arc<Caller>) {
        self.caller = Some(Arc::clone(caller));
    }

    /// Whether it sees the caller's own only.
    pub fn is_scoped(&mut self, scoped: bool) {
        self.scoped = scoped;
    }

    /// Runs what belongs to the call.
    pub fn watch<F: Future>(self: &Arc<Self>, call: F) -> impl Future<Output = F::Output> + use<F> {
        WITNESS.scope(Arc::clone(self), call)
    }

    /// Notes what became of it, by the headers of the answer.
    pub fn answered(&self, headers: &HeaderMap) {
        match Status::from_header_map(headers).filter(|status| status.code() != Code::Ok) {
            Some(status) => self.refused(&status),
            None => self.let_in(),
        }
    }

    fn refused(&self, status: &Status) {
        let turned_away = match status.code() {
            Code::PermissionDenied | Code::Unauthenticated => true,
            Code::NotFound if self.scoped => true,
            // Another's district, whatever else was wrong with the call.
            _ => !self.asked().refused.is_empty(),
        };
        if turned_away {
            let reason = status.get_error_details().error_info().map(|info| info.reason.clone()).unwrap_or_default();
            self.turned_away(reason);
        }
    }

    fn turned_away(&self, reason: String) {
        let (method, peer) = (self.method.clone(), self.peer.clone());
        let noted = Noted { who: self.who(), what: What::Denied { method, reason, peer } };
        let Asked { district, refused, .. } = self.asked();
        match self.logs.get(&district).filter(|_| refused.is_empty()) {
            Some(log) => log.note(noted),
            // At the door no district is known yet: it is told wherever the caller works.
            None => {
                let serves = |code: &str| self.caller.as_ref().is_none_or(|caller| caller.serves(code));
                let concerned = |code: &str| serves(code) || code == refused;
                self.logs.0.iter().filter(|(code, _)| concerned(code)).for_each(|(_, log)| log.note(noted.clone()));
            }
        }
    }

    fn let_in(&self) {
        let Some(kind) = kind_of(&self.method) else { return };
        let Asked { district, entity, query, .. } = self.asked();
        if let Some(log) = self.logs.get(&district) {
            let what = What::Read { kind, method: self.method.clone(), entity, query };
            log.note(Noted { who: self.who(), what });
        }
    }

    fn asked(&self) -> Asked {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// On whose behalf is what the caller says, where it may act for that one.
    fn who(&self) -> Who {
        let Some(caller) = &self.caller else { return Who::default() };
        let whom = self.on_behalf_of.clone().filter(|id| caller.may_act_for(id));
        Who { principal: caller.id.to_string(), on_behalf_of: whom.unwrap_or_default() }
    }
}

/// An address as it is kept: of IPv6 the first 64 bits, since the rest is one network's to choose.
fn told(peer: SocketAddr) -> String {
    match peer.ip().to_canonical() {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            format!("{}/64", Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_is_of_a_method_and_taxes_loans_and_contacts_have_theirs() {
        for (name, _) in KINDS {
            assert!(table::row(&format!("/incubation.v1.{name}")).is_some(), "{name} is no method");
        }
        let reads = |method: &str| {
            let name = method.rsplit('/').next().unwrap_or_default();
            ["Get", "List", "Watch", "Explain", "Read", "Subscribe", "Export"].iter().any(|verb| name.starts_with(verb))
        };
        let held = [
            "FinanceService",
            "TaxService",
            "ContactService",
            "EntitlementService",
            "AccountService",
            "ClaimService",
            "LoanService",
        ];
        for method in table::methods().filter(|method| reads(method)) {
            if held.iter().any(|service| method.contains(service)) || method.contains("Loan") {
                assert!(kind_of(method).is_some(), "{method} has no kind of data");
            }
        }
    }

    #[test]
    fn of_an_address_what_is_the_networks_is_left_out() {
        let told = |text: &str| told(text.parse().unwrap());
        assert_eq!(told("203.0.113.7:4711"), "203.0.113.7");
        assert_eq!(told("[::ffff:203.0.113.7]:4711"), "203.0.113.7");
        assert_eq!(told("[2001:db8:1:2:3:4:5:6]:4711"), "2001:db8:1:2::/64");
    }
}
