//! Recording and checking accounts, decided.

use super::{AccountEvent, AccountRecorded, CameBack};
use crate::domain::act::Deciding;
use crate::domain::decide::Decision;
use crate::domain::event::Event;
use crate::domain::line::{AsOf, Entry};
use crate::domain::reason::{Reason, Refusal};
use crate::domain::registry::Registry;
use crate::domain::values::{Day, Uscc};

/// ACCOUNT_NAME_DIFFERS where the name is not one that the payee was registered under on the day: as a firm, or as whoever
/// ran a carrier.
pub(in crate::domain) fn named(registry: &Registry, payee: &Uscc, name: &str, day: Day) -> Result<(), Refusal> {
    let as_of = AsOf::day(day);
    let firm = registry.firm(payee, as_of).map(|firm| firm.name().to_owned());
    let terms = registry.run_by(payee, as_of).flat_map(|(_, carrier)| carrier.operators);
    let ran = terms.filter(|term| term.value.code == *payee).max_by_key(|term| (term.day, term.position));
    let registered = match (firm, ran) {
        (Some(name), _) => name,
        (None, Some(term)) => term.value.name.clone(),
        (None, None) => {
            let message = format!("{payee} is neither a firm nor the operator of a carrier on {day}");
            return Err(Refusal::new(Reason::UnknownTaxpayer, message).with("taxpayer", payee));
        }
    };
    if registered == name {
        return Ok(());
    }
    let message = format!("the holder is {name:?}, and {payee} is registered as {registered:?} on {day}");
    Err(Refusal::new(Reason::AccountNameDiffers, message).with("payee", payee).with("registered_name", registered))
}

/// The last order that came back from the same account, whenever that was recorded; none: none did.
pub fn came_back<'a>(registry: &'a Registry, stated: &AccountRecorded) -> Option<&'a CameBack> {
    came_back_by(registry, stated, u64::MAX)
}

/// The same as known at a position.
pub fn came_back_by<'a>(registry: &'a Registry, stated: &AccountRecorded, known: u64) -> Option<&'a CameBack> {
    let is_same = |at: &u64| match registry.entry_at(*at).as_deref() {
        Some(Entry { event: Event::Account(AccountEvent::Recorded(known)), .. }) => known.is_same(stated),
        _ => false,
    };
    let returned = &registry.finance().account(&stated.holder)?.returned;
    let known = returned.iter().filter(|(at, came)| came.position <= known && is_same(at));
    known.map(|(_, came)| came).max_by_key(|came| came.position)
}

/// ACCOUNT_RETURNED.
pub(in crate::domain) fn returned(came: &CameBack, payee: &Uscc, message: String) -> Refusal {
    let refusal = Refusal::new(Reason::AccountReturned, message).at(came.position);
    refusal.with("payee", payee).with("order", &came.order)
}

/// Records an account.
pub(in crate::domain) fn record(of: &Deciding<'_>, stated: &AccountRecorded) -> Result<Decision, Refusal> {
    named(of.registry, &stated.holder, &stated.holder_name, of.ground.today)?;
    if let Some(came) = came_back(of.registry, stated).filter(|_| of.documents.is_empty()) {
        let message = format!("order {} came back from this account of {}", came.order, stated.holder);
        return Err(returned(came, &stated.holder, message));
    }
    let recorded = AccountRecorded { by: of.by(), ..stated.clone() };
    of.record([Event::Account(AccountEvent::Recorded(Box::new(recorded)))])
}

/// Confirms the account that waits, or turns it down.
pub(in crate::domain) fn check(
    of: &Deciding<'_>,
    holder: &Uscc,
    recorded: u64,
    refused: Option<&str>,
) -> Result<Decision, Refusal> {
    let account = of.registry.finance().account(holder);
    let waiting = account.and_then(|account| account.waiting.as_ref()).filter(|known| known.position == recorded);
    let waiting = waiting.ok_or_else(|| {
        let message = format!("no account of {holder} at position {recorded} waits to be checked");
        Refusal::new(Reason::UnknownAccount, message).with("payee", holder)
    })?;
    of.another_than(std::slice::from_ref(&waiting.recorded.by), "who records an account does not check it")?;
    let (holder, by) = (*holder, of.by());
    let event = match refused {
        Some(reason) => AccountEvent::Refused { holder, by, recorded, reason: reason.to_owned() },
        None => {
            named(of.registry, &holder, &waiting.recorded.holder_name, of.ground.today)?;
            AccountEvent::Confirmed { holder, by, recorded }
        }
    };
    of.record([Event::Account(event)])
}
