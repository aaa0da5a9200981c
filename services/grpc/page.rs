//! Lists: sizes, tokens that pin a position, and the small closed grammar of filters.

use super::convert::Reader;
use super::read::{Moment, RawKnown, Reading, View};
use crate::domain::{Day, Reason};
use crate::engine::Engine;
use crate::wire::v1;
use sha2::{Digest, Sha256};
use std::time::Duration;
use tonic::Status;

/// Items a page when nothing is said.
const SIZE_DEFAULT: usize = 50;
/// Items a page at most.
const SIZE_MAX: i32 = 1000;
/// Bytes that a filter may have.
const FILTER_BYTES_MAX: usize = 1024;
/// Bytes of one value that are told on: every code and id is whole in it.
const TOLD_BYTES_MAX: usize = 64;
/// First byte of every token: its version.
const TOKEN_VERSION: u8 = 1;
const SUM_BYTES: usize = 8;

/// A request for a list.
pub trait Listing: Reading {
    /// `parent`.
    fn parent(&self) -> &str;
    /// `page_size`.
    fn page_size(&self) -> i32;
    /// `page_token`.
    fn page_token(&self) -> &str;
    /// `filter`.
    fn filter(&self) -> &str;
    /// `order_by`.
    fn order_by(&self) -> &str;
}

macro_rules! listing {
    ($($request:ident)+) => {
        $(impl Listing for v1::$request {
            fn parent(&self) -> &str {
                &self.parent
            }

            fn page_size(&self) -> i32 {
                self.page_size
            }

            fn page_token(&self) -> &str {
                &self.page_token
            }

            fn filter(&self) -> &str {
                &self.filter
            }

            fn order_by(&self) -> &str {
                &self.order_by
            }
        })+
    };
}

listing! {
    ListIncubatorsRequest ListFirmsRequest ListParksRequest ListOverdueFirmsRequest ListAnomaliesRequest
    ListTaxReceiptsRequest ListLoansRequest ListSeedFundsRequest ListInvestmentsRequest
    ListIntermediariesRequest ListTechnologyTransfersRequest ListPlatformsRequest ListInstrumentsRequest
    ListPoliciesRequest ListEntitlementsRequest ListReadingsRequest ListGuidanceFundsRequest
    ListProjectAssessmentsRequest ListContactsRequest ListClaimsRequest
    ListPaymentOrdersRequest ListAccountsRequest
}

/// A page asked for.
#[derive(Clone, Debug)]
pub struct Page {
    size: usize,
    print: [u8; SUM_BYTES],
    pin: Option<Pin>,
    moment: Moment,
}

/// What a token holds.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Pin {
    position: u64,
    today: Day,
    after: String,
}

impl Reader<'_> {
    /// Reads the page that is asked for. `list` names the list, `order` its only order, `cut` what else selects items.
    pub fn page(&mut self, list: &str, order: &str, cut: &[u8], request: &impl Listing) -> Option<Page> {
        let moment = self.moment(request);
        let size = match request.page_size() {
            0 => Some(SIZE_DEFAULT),
            size if size < 0 => {
                self.faults.push(Reason::OutOfRange, "page_size", format!("page_size is {size}; it is not negative"));
                None
            }
            size => usize::try_from(size.min(SIZE_MAX)).ok(),
        };
        if !["", order].contains(&request.order_by()) {
            let message = format!("{:?} is no order of this list; only {order}", request.order_by());
            self.faults.push(Reason::MalformedFilter, "order_by", message);
        }
        let print = print(list, cut, request);
        let pin = match request.page_token() {
            "" => Some(None),
            token => self.pin(&print, token).map(Some),
        };
        Some(Page { size: size?, print, pin: pin?, moment: moment? })
    }

    fn pin(&mut self, print: &[u8; SUM_BYTES], token: &str) -> Option<Pin> {
        let pin = Pin::read(print, token);
        if pin.is_none() {
            let message = "not a token that this server gave for this list with this filter";
            self.faults.push(Reason::MalformedPageToken, "page_token", message);
        }
        pin
    }

    /// Reads a filter `name = value AND name = value …`, each name at most once. Gives the value of each name, in the order
    /// of `names`.
    pub fn filter<const N: usize>(&mut self, names: [&str; N], text: &str) -> Option<[Option<String>; N]> {
        match filter(names, text) {
            Ok(values) => {
                self.query = told(names, &values);
                Some(values)
            }
            Err(message) => {
                self.faults.push(Reason::MalformedFilter, "filter", message);
                None
            }
        }
    }

    /// The word that a filter names by its key.
    pub fn filter_word<W>(&mut self, value: Option<&str>, from_key: impl Fn(&str) -> Option<W>) -> Option<Option<W>> {
        let Some(key) = value else { return Some(None) };
        let word = from_key(key);
        if word.is_none() {
            self.faults.push(Reason::MalformedFilter, "filter", format!("{key:?} is not a word of this filter"));
        }
        word.map(Some)
    }
}

/// A filter as it is told on: what was read of it, in one order and without the blanks that it may be padded with, so that
/// nothing said in it falls behind a cut.
fn told<const N: usize>(names: [&str; N], values: &[Option<String>; N]) -> String {
    let one = |(name, value): (&str, &Option<String>)| {
        let value = value.as_deref()?;
        let cut = value.char_indices().map(|(at, _)| at).find(|at| *at >= TOLD_BYTES_MAX);
        Some(format!("{name} = {}", cut.map_or(value, |cut| &value[..cut])))
    };
    names.into_iter().zip(values).filter_map(one).collect::<Vec<_>>().join(" AND ")
}

/// What must be the same from page to page.
fn print(list: &str, cut: &[u8], request: &impl Listing) -> [u8; SUM_BYTES] {
    let known = match request.known_at() {
        None => String::new(),
        Some(RawKnown::Position(position)) => format!("p{position}"),
        Some(RawKnown::Time(time)) => format!("t{}.{}", time.seconds, time.nanos),
    };
    let parts = [list, request.parent(), request.as_of_date(), &known, request.filter(), request.order_by()];
    let mut bytes = Vec::new();
    for part in parts {
        bytes.extend_from_slice(&(part.len() as u64).to_be_bytes());
        bytes.extend_from_slice(part.as_bytes());
    }
    bytes.extend_from_slice(cut);
    sum(&bytes)
}

fn sum(bytes: &[u8]) -> [u8; SUM_BYTES] {
    let digest: [u8; 32] = Sha256::digest(bytes).into();
    let mut sum = [0; SUM_BYTES];
    sum.copy_from_slice(&digest[..SUM_BYTES]);
    sum
}

impl Pin {
    fn write(&self, print: &[u8; SUM_BYTES]) -> String {
        let mut bytes = vec![TOKEN_VERSION];
        bytes.extend_from_slice(print);
        bytes.extend_from_slice(&self.position.to_be_bytes());
        bytes.extend_from_slice(&self.today.days().to_be_bytes());
        bytes.extend_from_slice(self.after.as_bytes());
        let sum = sum(&bytes);
        bytes.extend_from_slice(&sum);
        hex::encode(bytes)
    }

    fn read(print: &[u8; SUM_BYTES], token: &str) -> Option<Self> {
        let bytes = Some(token).filter(|token| token.len() <= 1024).and_then(|token| hex::decode(token).ok())?;
        let (body, found) = bytes.split_last_chunk::<SUM_BYTES>()?;
        let (version, body_rest) = body.split_first()?;
        let (owner, rest) = body_rest.split_first_chunk::<SUM_BYTES>()?;
        let (position, rest) = rest.split_first_chunk::<8>()?;
        let (today, after) = rest.split_first_chunk::<4>()?;
        let ours = *version == TOKEN_VERSION && owner == print && *found == sum(body);
        let pin = Self {
            position: u64::from_be_bytes(*position),
            today: Day::from_days(i32::from_be_bytes(*today))?,
            after: String::from_utf8(after.to_vec()).ok()?,
        };
        ours.then_some(pin)
    }
}

impl Page {
    /// The state that the page is drawn from.
    pub async fn view(&self, engine: &Engine, wait: Duration) -> Result<View, Status> {
        match &self.pin {
            None => self.moment.clone().view(engine, wait).await,
            Some(pin) => self.moment.clone().pinned(engine, wait, pin.position, pin.today).await,
        }
    }

    /// Whether an item with this key lies behind the pages before.
    pub fn is_after(&self, key: &str) -> bool {
        self.pin.as_ref().is_none_or(|pin| key > pin.after.as_str())
    }

    /// The key behind which the list goes on; empty at its beginning.
    pub fn after(&self) -> &str {
        self.pin.as_ref().map_or("", |pin| pin.after.as_str())
    }

    /// Items of a page.
    pub fn size(&self) -> usize {
        self.size
    }

    /// A token of this list that goes on behind a key.
    pub fn token(&self, view: &View, after: String) -> String {
        Pin { position: view.position, today: view.reading_day, after }.write(&self.print)
    }

    /// The position behind which a list by position goes on; 0 at its beginning.
    pub fn after_number(&self) -> u64 {
        self.pin.as_ref().and_then(|pin| pin.after.parse().ok()).unwrap_or(0)
    }

    /// The items of the page, and the token of the next. `items` are in the order of their keys, those behind the pages
    /// before only.
    pub fn take<T>(&self, view: &View, items: impl Iterator<Item = (String, T)>) -> (Vec<T>, String) {
        let mut items = items.peekable();
        let mut page = Vec::new();
        let mut after = String::new();
        while page.len() < self.size {
            let Some((key, item)) = items.next() else { break };
            page.push(item);
            after = key;
        }
        let more = items.peek().is_some();
        let next = Pin { position: view.position, today: view.reading_day, after };
        (page, if more { next.write(&self.print) } else { String::new() })
    }
}

/// The values of a filter's names, or what can't be read.
fn filter<const N: usize>(names: [&str; N], text: &str) -> Result<[Option<String>; N], String> {
    if text.len() > FILTER_BYTES_MAX {
        return Err(format!("the filter has {} bytes; at most {FILTER_BYTES_MAX}", text.len()));
    }
    let mut values = [const { None }; N];
    let mut rest = text.trim();
    if rest.is_empty() {
        return Ok(values);
    }
    if N == 0 {
        return Err("this list has no filter".to_owned());
    }
    loop {
        let (name, after) = rest.split_once('=').ok_or_else(|| format!("{rest:?} is not of the form name = value"))?;
        let name = name.trim();
        let index = names.iter().position(|known| *known == name);
        let index = index.ok_or_else(|| format!("{name:?} can't be filtered by; only {}", names.join(", ")))?;
        let (value, after) = value(after.trim_start())?;
        if values[index].replace(value).is_some() {
            return Err(format!("{name} is named twice"));
        }
        let after_blank = after.trim_start();
        if after_blank.is_empty() {
            return Ok(values);
        }
        let joined = after_blank.strip_prefix("AND").filter(|more| more.starts_with(char::is_whitespace));
        rest = joined
            .filter(|_| after_blank.len() < after.len())
            .ok_or_else(|| format!("AND is expected at {after:?}"))?;
    }
}

/// A bare value, up to a blank, or one in double quotes with `\"` and `\\`; and what follows it.
fn value(text: &str) -> Result<(String, &str), String> {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find(char::is_whitespace).unwrap_or(text.len());
        let (bare, rest) = text.split_at(end);
        let good = !bare.is_empty() && !bare.contains(['"', '=']);
        return if good { Ok((bare.to_owned(), rest)) } else { Err(format!("a value is expected at {text:?}")) };
    };
    let mut value = String::new();
    let mut chars = quoted.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return Ok((value, &quoted[at + 1..])),
            '\\' => match chars.next() {
                Some((_, escaped @ ('"' | '\\'))) => value.push(escaped),
                _ => return Err("a backslash stands before a double quote or a backslash only".to_owned()),
            },
            c => value.push(c),
        }
    }
    Err("a double quote is not closed".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<[Option<String>; 2], String> {
        filter(["incubator", "field"], text)
    }

    #[test]
    fn filters_are_names_and_values_joined_by_and() {
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(read(""), Ok([None, None]));
        assert_eq!(read("incubator = WJ03"), Ok([some("WJ03"), None]));
        assert_eq!(read("field=生物医药 AND incubator = WJ03"), Ok([some("WJ03"), some("生物医药")]));
        assert_eq!(read(r#"field = "a \"b\" AND c\\" "#), Ok([None, some(r#"a "b" AND c\"#)]));
        for bad in [
            "WJ03",
            "incubator",
            "incubator =",
            "incubator = A B",
            "level = CITY",
            "incubator = A AND",
            "= A",
            "incubator = A AND incubator = B",
            r#"field = "open"#,
            r#"field = "a"b"#,
            r#"field = "\n""#,
            "incubator = A OR field = B",
            "incubator == A",
            r#"field = "a"AND incubator = B"#,
        ] {
            assert!(read(bad).is_err(), "{bad}");
        }
        assert!(filter::<0>([], "a = b").is_err());
    }

    #[test]
    fn tokens_are_read_by_their_own_list_only() {
        let print = sum(b"firms");
        let pin = Pin { position: 17, today: Day::from_ymd(2024, 3, 5).unwrap(), after: "武江".to_owned() };
        let token = pin.write(&print);
        assert_eq!(Pin::read(&print, &token), Some(pin));
        assert_eq!(Pin::read(&sum(b"parks"), &token), None);
        for at in 0..token.len() {
            let mut bent = token.clone().into_bytes();
            bent[at] = if bent[at] == b'0' { b'1' } else { b'0' };
            assert_eq!(Pin::read(&print, std::str::from_utf8(&bent).unwrap()), None);
        }
        assert_eq!(Pin::read(&print, ""), None);
        assert_eq!(Pin::read(&print, "zz"), None);
    }
}
