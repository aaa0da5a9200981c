//! The file of principals: who may call at all, as what, and by which names its certificates know it.
//!
//! ```toml
//! [[principal]]
//! id = "wj03-operator"                        # 1 to 128 visible ASCII characters; the `sub` of its tokens
//! roles = ["operator"]
//! incubators = ["WJ03"]                       # an operator's own carriers
//! districts = ["440203"]                      # absent: every one that is served
//! behalf_of = ["wj03-assistant"]              # on whose behalf it may act
//! names = ["URI:spiffe://wujiang/wj03", "DNS:wj03.example", "email:wj03@example"]
//! ```
//! `names` are subject alternative names of client certificates, compared exactly (DNS without regard to case).

use super::{Caller, Role, Roles, is_id};
use crate::domain::IncubatorId;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

/// Bytes of a name of a certificate.
pub const NAME_BYTES_MAX: usize = 512;

/// The kinds of names, as openssl prints them, in the order in which a certificate's are tried.
pub const NAME_KINDS: [&str; 3] = ["URI", "DNS", "email"];

/// Those who may call.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Principals {
    by_id: HashMap<Arc<str>, Arc<Caller>>,
    by_name: HashMap<String, Arc<Caller>>,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    principal: Vec<Entry>,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    id: String,
    roles: Vec<String>,
    #[serde(default)]
    incubators: Vec<String>,
    districts: Option<Vec<String>>,
    #[serde(default)]
    behalf_of: Vec<String>,
    #[serde(default)]
    names: Vec<String>,
}

impl Principals {
    /// Reads the file; every fault, a sentence each.
    pub fn parse(text: &str) -> Result<Self, Vec<String>> {
        let file: File = super::toml_of(text)?;
        let (mut faults, mut principals) = (Vec::new(), Self::default());
        if file.principal.is_empty() {
            faults.push("no [[principal]]: nobody could call".to_owned());
        }
        for (number, entry) in (1..).zip(file.principal) {
            let place = format!("principal {number} ({:?})", entry.id);
            let mut fault = |what: String| faults.push(format!("{place}: {what}"));
            let caller = Arc::new(caller(&entry, &mut fault));
            for name in &entry.names {
                match name_of(name) {
                    None => fault(format!("names: {name:?} is none of URI:…, DNS:…, email:…")),
                    Some(known) => {
                        if principals.by_name.insert(known, caller.clone()).is_some() {
                            fault(format!("names: {name:?} stands there twice"));
                        }
                    }
                }
            }
            if principals.by_id.insert(caller.id.clone(), caller).is_some() {
                fault("the same id stands there twice".to_owned());
            }
        }
        if faults.is_empty() { Ok(principals) } else { Err(faults) }
    }

    /// By id.
    pub fn get(&self, id: &str) -> Option<&Arc<Caller>> {
        self.by_id.get(id)
    }

    /// By the names of a certificate: those of the first kind that names anyone, and none where they name two.
    pub fn named(&self, names: &[String]) -> Option<&Arc<Caller>> {
        NAME_KINDS.iter().find_map(|kind| {
            let of_kind = names.iter().filter(|name| name.split(':').next() == Some(kind));
            let mut found = of_kind.filter_map(|name| self.by_name.get(name));
            let first = found.next()?;
            Some(found.all(|other| other.id == first.id).then_some(first))
        })?
    }
}

fn caller(entry: &Entry, fault: &mut impl FnMut(String)) -> Caller {
    if !is_id(&entry.id) {
        fault("id: 1 to 128 visible ASCII characters".to_owned());
    }
    let mut role = |word: &String| {
        let role = Role::from_word(word);
        if role.is_none() {
            let words: Vec<_> = Role::ALL.iter().map(|role| role.word()).collect();
            fault(format!("roles: {word:?} is none of {}", words.join(", ")));
        }
        role
    };
    let roles: Roles = entry.roles.iter().filter_map(&mut role).collect();
    if entry.roles.is_empty() {
        fault("roles: none, so it could do nothing".to_owned());
    }
    let operates = roles.contains(Role::Operator);
    if operates && entry.incubators.is_empty() {
        fault("incubators: an operator has at least one".to_owned());
    }
    if !operates && !entry.incubators.is_empty() {
        fault("incubators: only an operator has them".to_owned());
    }
    let mut incubator = |id: &String| {
        let id = IncubatorId::parse(id);
        id.map_err(|wrong| fault(format!("incubators: {}", wrong.word()))).ok()
    };
    let incubators: Vec<_> = entry.incubators.iter().filter_map(&mut incubator).collect();
    for code in entry.districts.iter().flatten() {
        if code.len() != 6 || !code.bytes().all(|byte| byte.is_ascii_digit()) {
            fault(format!("districts: {code:?} is no code of 6 digits"));
        }
    }
    if entry.districts.as_ref().is_some_and(Vec::is_empty) {
        fault("districts: none; leave it out for all".to_owned());
    }
    for id in &entry.behalf_of {
        if !is_id(id) {
            fault(format!("behalf_of: {id:?} can't be an id"));
        }
    }
    Caller {
        id: entry.id.as_str().into(),
        roles,
        incubators: incubators.into(),
        districts: entry.districts.clone().map(Into::into),
        for_whom: Some(
            entry.behalf_of.iter().map(|id| id.as_str().into()).collect::<BTreeSet<_>>().into_iter().collect(),
        ),
    }
}

/// A name of a certificate as it is compared; none where it can't be one.
pub fn name_of(text: &str) -> Option<String> {
    let (kind, name) = text.split_once(':')?;
    let plain = !name.is_empty()
        && name.len() <= NAME_BYTES_MAX
        && name.bytes().all(|byte| byte.is_ascii_graphic())
        && !(kind == "DNS" && name.contains('*'));
    let known = NAME_KINDS.contains(&kind) && plain;
    let name = if kind == "DNS" { name.to_ascii_lowercase() } else { name.to_owned() };
    known.then(|| format!("{kind}:{name}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"
        [[principal]]
        id = "clerk-7"
        roles = ["bureau-clerk", "auditor"]
        names = ["DNS:Clerk-7.example", "email:clerk-7@example"]

        [[principal]]
        id = "wj03"
        roles = ["operator"]
        incubators = ["WJ03", "WJ04"]
        districts = ["440203"]
        behalf_of = ["assistant"]
        names = ["URI:spiffe://wujiang/wj03"]
    "#;

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn principals_are_found_by_id_and_by_name() {
        let principals = Principals::parse(GOOD).unwrap();
        let wj03 = principals.get("wj03").unwrap();
        assert!(wj03.runs(&IncubatorId::parse("WJ04").unwrap()) && !wj03.runs(&IncubatorId::parse("WJ05").unwrap()));
        assert!(wj03.serves("440203") && !wj03.serves("440204"));
        assert!(wj03.may_act_for("assistant") && !wj03.may_act_for("clerk-7"));
        assert!(principals.get("clerk-7").unwrap().serves("440204"));
        assert!(!principals.get("clerk-7").unwrap().may_act_for("wj03"));
        assert_eq!(principals.get("clerk-8"), None);
        let named = |list: &[&str]| principals.named(&names(list)).map(|caller| caller.id.to_string());
        assert_eq!(named(&["DNS:clerk-7.example"]).as_deref(), Some("clerk-7"));
        // The URI goes first, whatever stands beside it.
        assert_eq!(named(&["DNS:clerk-7.example", "URI:spiffe://wujiang/wj03"]).as_deref(), Some("wj03"));
        assert_eq!(named(&["URI:spiffe://wujiang/wj0", "DNS:spiffe://wujiang/wj03"]), None);
        assert_eq!(named(&[]), None);
        assert_eq!(named(&["email:Clerk-7@example"]), None);
    }

    #[test]
    fn names_of_two_principals_name_nobody() {
        let text = GOOD.replace("URI:spiffe://wujiang/wj03", "DNS:wj03.example");
        let principals = Principals::parse(&text).unwrap();
        assert_eq!(principals.named(&names(&["DNS:clerk-7.example", "DNS:wj03.example"])), None);
    }

    #[test]
    fn every_fault_is_told_with_its_place() {
        let text = r#"
            [[principal]]
            id = "a b"
            roles = ["root"]
            districts = ["44"]
            names = ["spiffe://x", "DNS:*.example"]
            [[principal]]
            id = "x"
            roles = ["operator"]
            behalf_of = [""]
            [[principal]]
            id = "x"
            roles = []
            incubators = ["WJ03"]
            districts = []
        "#;
        let faults = Principals::parse(text).unwrap_err();
        assert_eq!(faults.len(), 11, "{faults:#?}");
        assert!(faults[0].starts_with("principal 1 (\"a b\"): id"), "{faults:?}");
        assert!(Principals::parse("").unwrap_err()[0].contains("nobody"));
        assert!(Principals::parse("[[principal]]\nid = \"x\"\nrole = []").unwrap_err()[0].contains("role"));
    }
}
