//! Briefs on pages: some hundred firms each, in the order of their codes. A page never changes; a renewed one takes its place,
//! and all others are shared with whoever still reads the old ones.

use super::{Brief, BriefStay, FirmBrief};
use crate::domain::Uscc;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Firms on a page: to write one again takes microseconds, and a large district has a few hundred.
const FIRMS_MAX: usize = 512;

/// All briefs of a district. Two neighbours have more firms than one page holds, so pages are half full at the least.
#[derive(Clone, Debug, Default)]
pub(super) struct Pages(Vec<Arc<Page>>);

/// Firms, and the stays of all of them one after the other.
#[derive(Debug, Default)]
struct Page {
    firms: Vec<Brief>,
    stays: Vec<BriefStay>,
}

impl Page {
    fn firms(&self) -> impl Iterator<Item = FirmBrief<'_>> {
        let mut rest = self.stays.as_slice();
        self.firms.iter().map(move |firm| {
            let (stays, behind) = rest.split_at(firm.stays as usize);
            rest = behind;
            FirmBrief { firm, stays }
        })
    }
}

impl Pages {
    /// Every firm, by its code.
    pub fn firms(&self) -> impl Iterator<Item = FirmBrief<'_>> {
        self.0.iter().flat_map(|page| page.firms())
    }

    /// How many firms there are.
    pub fn firms_count(&self) -> usize {
        self.0.iter().map(|page| page.firms.len()).sum()
    }

    /// The same with some firms written again, or for the first time, or no more: what `write` does to each.
    pub fn renewed(&self, codes: &BTreeSet<Uscc>, mut write: impl FnMut(Uscc, &mut Builder)) -> Self {
        let mut built = Builder::default();
        let mut codes = codes.iter().copied().peekable();
        for (index, page) in self.0.iter().enumerate() {
            let next = self.0.get(index + 1).and_then(|page| page.firms.first());
            let mut codes_here = std::iter::from_fn(|| codes.next_if(|code| next.is_none_or(|next| *code < next.code)));
            let Some(first) = codes_here.next() else {
                built.share(page);
                continue;
            };
            let mut firms = page.firms().peekable();
            for code in std::iter::once(first).chain(codes_here) {
                while let Some(before) = firms.next_if(|known| known.firm.code < code) {
                    built.push(*before.firm, before.stays);
                }
                firms.next_if(|known| known.firm.code == code);
                write(code, &mut built);
            }
            firms.for_each(|behind| built.push(*behind.firm, behind.stays));
        }
        codes.for_each(|code| write(code, &mut built));
        built.finish()
    }
}

/// Pages as they are written, in the order of the codes.
#[derive(Default)]
pub(super) struct Builder {
    done: Vec<Arc<Page>>,
    open: Page,
}

impl Builder {
    /// Takes in the next firm, with these stays.
    pub fn push(&mut self, firm: Brief, stays: &[BriefStay]) {
        if self.open.firms.len() == FIRMS_MAX {
            self.close();
        }
        // A firm of more stays than a u32 counts fits no log.
        let count = u32::try_from(stays.len()).unwrap_or(u32::MAX);
        self.open.firms.push(Brief { stays: count, ..firm });
        self.open.stays.extend_from_slice(stays);
    }

    /// Takes in the next page as it is, unless what is open has room for it.
    fn share(&mut self, page: &Arc<Page>) {
        let open = self.open.firms.len();
        if open > 0 && open + page.firms.len() <= FIRMS_MAX {
            self.open.firms.extend_from_slice(&page.firms);
            self.open.stays.extend_from_slice(&page.stays);
            return;
        }
        self.close();
        self.done.push(Arc::clone(page));
    }

    fn close(&mut self) {
        if !self.open.firms.is_empty() {
            let Page { mut firms, mut stays } = std::mem::take(&mut self.open);
            firms.shrink_to_fit();
            stays.shrink_to_fit();
            self.done.push(Arc::new(Page { firms, stays }));
        }
    }

    /// All of them.
    pub fn finish(mut self) -> Pages {
        self.close();
        Pages(self.done)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Day;

    fn code(number: u32) -> Uscc {
        Uscc::parse(&format!("91440203MA{number:08}")).unwrap()
    }

    /// A firm whose count of stays and field tell which writing it is from.
    fn write(number: u32, field: u32, built: &mut Builder) {
        let brief = Brief {
            code: code(number),
            field,
            graduated: None,
            deregistered: None,
            settled: None,
            production: None,
            stays: 0,
        };
        let stay = BriefStay { carrier: number, admitted: Day::MIN, left: None };
        built.push(brief, &vec![stay; (number % 4) as usize]);
    }

    fn read(pages: &Pages) -> Vec<(Uscc, u32)> {
        let firms = pages.firms().map(|known| {
            let number: u32 = known.firm.code.as_str()[10..].parse().unwrap();
            assert_eq!(known.stays.len(), (number % 4) as usize);
            assert!(known.stays.iter().all(|stay| stay.carrier == number));
            (known.firm.code, known.firm.field)
        });
        firms.collect()
    }

    #[test]
    fn pages_hold_what_was_last_written_and_stay_well_filled() {
        let mut model = std::collections::BTreeMap::new();
        let mut pages = Pages::default();
        let mut state = 1_u64;
        for field in 0..400 {
            let mut any = |limit: u64| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                u32::try_from((state >> 33) % limit).unwrap()
            };
            // Now many, now a few near one another; every seventh goes.
            let (from, span) = (any(8000), if field % 3 == 0 { 2000 } else { 20 });
            let numbers: BTreeSet<u32> = (0..1 + any(40)).map(|_| from + any(span)).collect();
            let before = (pages.clone(), read(&pages));
            let codes = numbers.iter().map(|number| code(*number)).collect();
            pages = pages.renewed(&codes, |code, built| {
                let number: u32 = code.as_str()[10..].parse().unwrap();
                if number % 7 != field % 7 {
                    write(number, field, built);
                }
            });
            for number in numbers {
                match number % 7 != field % 7 {
                    true => drop(model.insert(code(number), field)),
                    false => drop(model.remove(&code(number))),
                }
            }
            assert_eq!(read(&pages), model.clone().into_iter().collect::<Vec<_>>());
            assert_eq!(read(&before.0), before.1);
            assert!(pages.0.iter().all(|page| (1..=FIRMS_MAX).contains(&page.firms.len())));
        }
        let shared = pages.renewed(&BTreeSet::from([code(0)]), |_, _| {});
        let same = shared.0.iter().filter(|page| pages.0.iter().any(|known| Arc::ptr_eq(known, page))).count();
        assert!(model.len() > 3000 && same + 2 >= pages.0.len());
        assert!(pages.0.len() <= 2 * model.len() / FIRMS_MAX + 2, "{} pages of {}", pages.0.len(), model.len());
    }
}
