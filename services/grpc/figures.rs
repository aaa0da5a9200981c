//! The briefs of firms that the bureau's figures are drawn from, kept for each district.

use super::read::View;
use super::recent::{Recent, State};
use crate::projections::{Briefs, Chain, Filter, Metrics, chain_of, counts_of, metrics_of};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// States kept for each district: a few, for the questions that are under way at the same time.
const STATES_MAX: usize = 4;

type States = Arc<Recent<(), Briefs, STATES_MAX>>;

/// What is kept for all districts.
#[derive(Default)]
pub struct Figures(Mutex<HashMap<String, States>>);

impl State for Briefs {
    fn position(&self) -> u64 {
        self.position()
    }
}

impl Figures {
    /// The metrics of the moment that a question is about.
    pub fn metrics(&self, view: &View, cut: &Filter) -> Metrics {
        metrics_of(&view.published.registry, &self.briefs(view), view.as_of.day, cut)
    }

    /// The same without the list of firms whose term is over.
    pub fn counts(&self, view: &View, cut: &Filter) -> Metrics {
        counts_of(&view.published.registry, &self.briefs(view), view.as_of.day, cut)
    }

    /// The chain of the moment that a question is about.
    pub fn chain(&self, view: &View, cut: &Filter) -> Chain {
        chain_of(&view.published.registry, &self.briefs(view), view.as_of.day, cut)
    }

    fn briefs(&self, view: &View) -> Briefs {
        // Kept for the whole district only; an operator's part is small.
        if view.sees.call.scoped {
            return Briefs::full(&view.published.registry, view.position);
        }
        let district = view.scene().district.to_owned();
        let states = Arc::clone(self.0.lock().unwrap_or_else(PoisonError::into_inner).entry(district).or_default());
        let registry = &view.published.registry;
        states.at((), view.moment(), |briefs| briefs.advance(registry), || Briefs::full(registry, view.position))
    }
}
