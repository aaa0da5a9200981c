//! Reads a request's values, and notes every fault with its field, so that the sender sees all of them at once.

use super::names::{self, Name};
use crate::domain::{Day, Entity, Faults, IncubatorId, LoanId, ParkId, Reason, Refusal, Tax, Uscc, VoucherNo, values};
use crate::engine::Engine;
use crate::grpc::Districts;
use crate::grpc::sights::Sees;
use crate::grpc::status;
use crate::grpc::witness;
use tonic::{Code, Status};

/// Reads the values of one request. A method gives none where it noted a fault.
pub struct Reader<'a> {
    districts: &'a Districts,
    engine: Option<&'a Engine>,
    /// The first name within the district that was read.
    about: String,
    /// The filter that was read.
    pub(in crate::grpc) query: String,
    /// Who asks, and what it sees.
    pub sees: Sees,
    /// What is wrong so far.
    pub faults: Faults,
}

impl<'a> Reader<'a> {
    /// A reader of a request to one of these districts: the first name that is read tells which.
    pub fn new(districts: &'a Districts) -> Self {
        Self::seeing(districts, districts.sees())
    }

    /// The same for a call that is not the one that runs.
    pub fn seeing(districts: &'a Districts, sees: Sees) -> Self {
        let (about, query) = (String::new(), String::new());
        Self { districts, engine: None, about, query, sees, faults: Faults::default() }
    }

    /// What was read, with the engine of its district; or the status that tells all faults.
    pub fn finish<T>(self, value: Option<T>) -> Result<(&'a Engine, T), Status> {
        match (self.engine, value) {
            (Some(engine), Some(value)) if self.faults.0.is_empty() => {
                witness::asked(engine.district(), &self.about, &self.query);
                Ok((engine, value))
            }
            _ => Err(refusal(self.faults).map_or_else(unread, |refusal| status::refused(&refusal))),
        }
    }

    /// The district itself.
    pub fn parent(&mut self, field: &str, value: &str) -> Option<()> {
        let rest = self.name(field, value, names::DISTRICT)?;
        if !rest.is_empty() || value.ends_with('/') {
            self.faults.0.push(names::malformed(field, value, names::DISTRICT));
            return None;
        }
        Some(())
    }

    /// Checks the district of a name, and gives what follows it.
    fn name<'v>(&mut self, field: &str, value: &'v str, shape: &str) -> Option<&'v str> {
        let name = self.faults.take(Name::parse(field, value, shape))?;
        // A district that is not the caller's is as one that is not kept.
        let theirs = self.sees.call.caller.serves(name.district);
        let Some(engine) = self.districts.get(name.district).filter(|_| theirs) else {
            let message = format!("this server does not keep district {}", name.district);
            self.faults.push(Reason::UnknownDistrict, field, message);
            witness::refused(name.district);
            return None;
        };
        let known = *self.engine.get_or_insert(engine);
        if known.district() != name.district {
            let message = format!("{value:?} is not of district {}; a request is about one", known.district());
            self.faults.push(Reason::OutOfRange, field, message);
            return None;
        }
        if self.about.is_empty() {
            name.rest.clone_into(&mut self.about);
        }
        Some(name.rest)
    }

    /// What follows the name of a collection.
    pub fn id<'v>(&mut self, field: &str, value: &'v str, collection: &str, shape: &str) -> Option<&'v str> {
        let rest = self.name(field, value, shape)?;
        let id = rest.split_once('/').filter(|(found, _)| *found == collection).map(|(_, id)| id);
        if id.is_none() {
            self.faults.0.push(names::malformed(field, value, shape));
        }
        id
    }

    /// A firm by its resource name.
    pub fn firm(&mut self, field: &str, value: &str) -> Option<Uscc> {
        let id = self.id(field, value, "firms", names::FIRM)?;
        self.code(field, id)
    }

    /// A carrier by its resource name.
    pub fn incubator(&mut self, field: &str, value: &str) -> Option<IncubatorId> {
        let id = self.id(field, value, "incubators", names::INCUBATOR)?;
        self.incubator_id(field, id)
    }

    /// A carrier by its resource name, or none.
    pub fn optional_incubator(&mut self, field: &str, value: &str) -> Option<Option<IncubatorId>> {
        if value.is_empty() { Some(None) } else { self.incubator(field, value).map(Some) }
    }

    /// A park by its resource name.
    pub fn park(&mut self, field: &str, value: &str) -> Option<ParkId> {
        let id = self.id(field, value, "parks", names::PARK)?;
        self.park_id(field, id)
    }

    /// A loan by its resource name.
    pub fn loan(&mut self, field: &str, value: &str) -> Option<LoanId> {
        let id = self.id(field, value, "loans", names::LOAN)?;
        self.loan_id(field, id)
    }

    /// A receipt by its resource name.
    pub fn tax_receipt(&mut self, field: &str, value: &str) -> Option<(VoucherNo, Tax)> {
        let id = self.id(field, value, "taxReceipts", names::TAX_RECEIPT)?;
        let parts = id.rsplit_once(':');
        let read = parts.and_then(|(voucher, tax)| Some((VoucherNo::parse(voucher).ok()?, Tax::from_key(tax)?)));
        if read.is_none() {
            self.faults.0.push(names::malformed(field, value, names::TAX_RECEIPT));
        }
        read
    }

    /// A contract number by itself.
    pub fn loan_id(&mut self, field: &str, value: &str) -> Option<LoanId> {
        self.parsed(field, value, LoanId::parse, "the number of a contract: 1 to 64 bytes, no slash")
    }

    /// A voucher number by itself.
    pub fn voucher(&mut self, field: &str, value: &str) -> Option<VoucherNo> {
        self.parsed(field, value, VoucherNo::parse, "the number of a voucher: 1 to 64 bytes, no slash")
    }

    /// Tells which positions are asked for, for whoever later asks who read them: those that are not 0.
    pub fn positions<const N: usize>(&mut self, named: [(&str, i64); N]) {
        let said = named.iter().filter(|(_, position)| *position != 0);
        self.query = said.map(|(name, position)| format!("{name} = {position}")).collect::<Vec<_>>().join(" AND ");
    }

    /// A count of people or rights.
    pub fn count(&mut self, field: &str, value: i32) -> Option<u32> {
        self.natural(field, i64::from(value)).and_then(|count| u32::try_from(count).ok())
    }

    /// Any entity by its resource name; empty: none.
    pub fn optional_entity(&mut self, field: &str, value: &str) -> Option<Option<Entity>> {
        if value.is_empty() { Some(None) } else { self.entity(field, value).map(Some) }
    }

    /// Any entity by its resource name.
    pub fn entity(&mut self, field: &str, value: &str) -> Option<Entity> {
        let rest = self.name(field, value, names::ENTITY)?;
        self.faults.take(names::entity(field, value, rest))
    }

    /// A code by itself.
    pub fn code(&mut self, field: &str, value: &str) -> Option<Uscc> {
        self.parsed(field, value, Uscc::parse, "18 characters of a unified social credit code")
    }

    /// A carrier's id by itself.
    pub fn incubator_id(&mut self, field: &str, value: &str) -> Option<IncubatorId> {
        self.parsed(field, value, IncubatorId::parse, "the id of a carrier: 1 to 64 bytes, no slash")
    }

    /// A park's id by itself.
    pub fn park_id(&mut self, field: &str, value: &str) -> Option<ParkId> {
        self.parsed(field, value, ParkId::parse, "the id of a park: 1 to 64 bytes, no slash")
    }

    /// A day that must be given.
    pub fn day(&mut self, field: &str, value: &str) -> Option<Day> {
        self.parsed(field, value, Day::parse_iso, "a day such as 2024-03-05")
    }

    /// A day that may be empty.
    pub fn optional_day(&mut self, field: &str, value: &str) -> Option<Option<Day>> {
        if value.is_empty() { Some(None) } else { self.day(field, value).map(Some) }
    }

    /// A value that must be given, by its parser.
    pub fn parsed<T>(
        &mut self,
        field: &str,
        value: &str,
        parse: impl Fn(&str) -> Result<T, Reason>,
        what: &str,
    ) -> Option<T> {
        if value.is_empty() {
            self.faults.push(Reason::MissingValue, field, format!("{field} is required"));
            return None;
        }
        parse(value).map_err(|reason| self.faults.push(reason, field, format!("{value:?} is not {what}"))).ok()
    }

    /// A line of text that must be given.
    pub fn text(&mut self, field: &str, value: &str) -> Option<String> {
        self.faults.take(values::required_text(field, value))
    }

    /// A line of text that may be empty.
    pub fn optional_text(&mut self, field: &str, value: &str) -> Option<String> {
        self.faults.take(values::text(field, value))
    }

    /// A word of a closed list that must be given. The API's numbers are the journal's codes.
    pub fn word<W>(&mut self, field: &str, number: i32, from_code: impl Fn(u32) -> Option<W>) -> Option<W> {
        if number == 0 {
            self.faults.push(Reason::MissingValue, field, format!("{field} is required"));
            return None;
        }
        let word = u32::try_from(number).ok().and_then(from_code);
        if word.is_none() {
            self.faults.push(Reason::UnknownWord, field, format!("{field} has no value {number}"));
        }
        word
    }

    /// A word of a closed list, or none.
    pub fn optional_word<W>(
        &mut self,
        field: &str,
        number: i32,
        from_code: impl Fn(u32) -> Option<W>,
    ) -> Option<Option<W>> {
        if number == 0 { Some(None) } else { self.word(field, number, from_code).map(Some) }
    }

    /// A number that is not negative.
    pub fn natural(&mut self, field: &str, value: i64) -> Option<u64> {
        let natural = u64::try_from(value).ok();
        if natural.is_none() {
            self.faults.push(Reason::OutOfRange, field, format!("{field} is {value}; it is not negative"));
        }
        natural
    }

    /// Takes over what another part of the program found wrong.
    pub fn refused<T>(&mut self, result: Result<T, Refusal>) -> Option<T> {
        match result {
            Ok(value) => Some(value),
            Err(refusal) if refusal.faults.is_empty() => {
                self.faults.push(refusal.reason, "", refusal.message);
                None
            }
            Err(refusal) => {
                self.faults.0.extend(refusal.faults);
                None
            }
        }
    }
}

/// The refusal that faults make: what is malformed is said before what is absent.
pub fn refusal(faults: Faults) -> Option<Refusal> {
    let malformed = |reason: Reason| status::code_of(reason) == Code::InvalidArgument;
    let first = faults.0.iter().min_by_key(|fault| (!malformed(fault.reason), fault.reason))?;
    let (reason, message, field) = (first.reason, first.message.clone(), first.field.clone());
    let refusal = Refusal { faults: faults.0, ..Refusal::new(reason, message) };
    Some(if field.is_empty() { refusal } else { refusal.with("field", field) })
}

fn unread() -> Status {
    status::plain(Reason::Internal, "a value was not read and no fault noted")
}
