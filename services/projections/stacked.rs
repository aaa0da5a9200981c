//! Stacking kept beside the lines: which lines stand in one group, and what each is paid less for the others.
//!
//! A line's change makes its group due; due groups are worked out once all lines of a step are in. A line that names no group
//! costs a look at its version, and a policy without stacking not even that.

use super::standing::Standing;
use crate::domain::{IntermediaryId, Registry};
use crate::policy::{Award, Beneficiary, Entitlement, Policy, Reduction, StackingRule, Subject, Yield, stack};
use imbl::{OrdMap, OrdSet};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Awards that stack: of one beneficiary, which is who gets the money, group and year.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Group {
    party: Beneficiary,
    name: String,
    year: i16,
}

impl Group {
    /// The group of a line; none: nothing is taken off it, nor off another for it.
    pub fn of(policy: &Policy, entitlement: &Entitlement, year: Option<i16>) -> Option<Self> {
        let (name, year) = (policy.stacking_group(entitlement)?, year?);
        let rule = policy.stacking_rule(name, year)?;
        let group = Self { party: entitlement.party(), name: name.to_owned(), year };
        (rule.value != StackingRule::Additive).then_some(group)
    }

    /// What each line of the group is paid less, in their order.
    pub fn reductions(&self, policy: &Policy, lines: &[Arc<Standing>]) -> Vec<Option<Reduction>> {
        let Some(rule) = policy.stacking_rule(&self.name, self.year) else { return vec![None; lines.len()] };
        let awards: Vec<Award<'_>> = lines.iter().map(|line| Award::from(&line.entitlement)).collect();
        let reduction = |given: Yield| {
            let other = &lines[given.to].entitlement;
            let Entitlement { scheme, period, beneficiary, amount_fen, .. } = other.clone();
            Reduction {
                group: self.name.clone(),
                rule: rule.value,
                fen: given.fen,
                scheme,
                period,
                beneficiary,
                amount_fen,
            }
        };
        stack(&awards, rule.value).into_iter().map(|given| given.map(reduction)).collect()
    }
}

/// The keys of every group's lines.
#[derive(Clone, Debug, Default)]
pub(super) struct Groups {
    members: OrdMap<Group, OrdSet<Arc<str>>>,
    due: BTreeSet<Group>,
}

impl Groups {
    /// Takes a line in.
    pub fn join(&mut self, policy: &Policy, key: &Arc<str>, line: &Standing) {
        if let Some(group) = Group::of(policy, &line.entitlement, line.year) {
            self.members.entry(group.clone()).or_default().insert(Arc::clone(key));
            self.due.insert(group);
        }
    }

    /// Lets a line go.
    pub fn leave(&mut self, policy: &Policy, key: &Arc<str>, line: &Standing) {
        let Some(group) = Group::of(policy, &line.entitlement, line.year) else { return };
        if let Some(keys) = self.members.get_mut(&group) {
            keys.remove(key);
            if keys.is_empty() {
                self.members.remove(&group);
            }
        }
        self.due.insert(group);
    }

    /// Works out the groups that are due.
    pub fn settle(&mut self, policy: &Policy, lines: &mut OrdMap<Arc<str>, Arc<Standing>>) {
        for group in std::mem::take(&mut self.due) {
            let keys: Vec<Arc<str>> = self.members.get(&group).into_iter().flatten().cloned().collect();
            let members: Vec<Arc<Standing>> = keys.iter().filter_map(|key| lines.get(key).cloned()).collect();
            let reductions = group.reductions(policy, &members);
            for ((key, line), reduction) in keys.into_iter().zip(members).zip(reductions) {
                if line.reduction != reduction {
                    lines.insert(key, Arc::new(Standing { reduction, ..(*line).clone() }));
                }
            }
        }
    }
}

/// The subjects of which lines can be one party's: what it owns, runs and is.
pub(super) fn subjects_of(registry: &Registry, party: &Beneficiary) -> Vec<Subject> {
    match party {
        Beneficiary::Incubator(id) => {
            let raised = registry.firms_ever_in(id).map(Subject::Relocation);
            std::iter::once(Subject::Carrier(id.clone())).chain(raised).collect()
        }
        Beneficiary::Firm(code) => {
            let innovation = registry.innovation();
            // An institution that is an intermediary goes by its code.
            let brought = IntermediaryId::parse(code.as_str()).ok().map(Subject::Transfers);
            let platforms = || innovation.platforms_ever_run_by(code).cloned();
            let run = platforms().map(Subject::OpenPlatform).chain(platforms().map(Subject::PlatformConstruction));
            let owned = innovation.instruments_ever_of(code).cloned().map(Subject::Instrument);
            let own = [Subject::Relocation(*code), Subject::Loans(*code)];
            own.into_iter().chain(brought).chain(run).chain(owned).collect()
        }
        Beneficiary::Intermediary(id) => vec![Subject::Transfers(id.clone())],
        Beneficiary::Platform(id) => {
            vec![Subject::OpenPlatform(id.clone()), Subject::PlatformConstruction(id.clone())]
        }
        Beneficiary::Instrument(id) => vec![Subject::Instrument(id.clone())],
    }
}

/// What a line is paid less for the others of its group, which are computed for it alone; `lines` gives a subject's.
pub(super) fn reduction_of(
    registry: &Registry,
    policy: &Policy,
    line: &Standing,
    lines: impl Fn(&Subject) -> Vec<Standing>,
) -> Option<Reduction> {
    let group = Group::of(policy, &line.entitlement, line.year)?;
    let subjects = subjects_of(registry, &group.party);
    let peers = subjects.iter().flat_map(lines);
    let peers = peers.filter(|peer| Group::of(policy, &peer.entitlement, peer.year).as_ref() == Some(&group));
    let peers: Vec<Arc<Standing>> = peers.map(Arc::new).collect();
    let award = Award::from(&line.entitlement);
    let at = peers.iter().position(|peer| Award::from(&peer.entitlement) == award)?;
    group.reductions(policy, &peers).swap_remove(at)
}
