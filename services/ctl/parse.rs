//! Values of the command line: days, instants, words in either language, areas and amounts. Each parser says what it
//! would have taken.

use super::lang::Say;
use crate::domain::claim::Stage;
use crate::domain::order::OrderState;
use crate::domain::{
    BuildMode, CapitalSource, CarrierFigure, ContactRole, Criterion, Day, InterestNature, InvestmentForm, Kind,
    LeaveKind, Level, Party, PlatformKind, Purpose, Tax, TaxNature,
};
use crate::projections::issued::Figure;
use crate::wire::v1;

/// Up to when a reading knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KnownAt {
    /// A log position.
    Position(i64),
    /// An instant.
    Time(prost_types::Timestamp),
}

/// A level, or none at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LevelOrNone(pub Option<Level>);

/// A day, `2024-03-05`.
pub fn day(text: &str) -> Result<Day, Say> {
    Day::parse_iso(text)
        .map_err(|_| Say::new("日期写作 2024-03-05", format!("`{text}` is no day; write it as 2024-03-05")))
}

/// A figure that can be issued.
pub fn figure(text: &str) -> Result<Figure, Say> {
    let words = Figure::ALL.map(Figure::key).join(", ");
    Figure::from_key(&text.to_uppercase())
        .ok_or_else(|| Say::new(format!("可用：{words}"), format!("`{text}` is none of {words}")))
}

/// A day as the API has it; none is empty.
pub fn opt_day(day: Option<Day>) -> String {
    day.map(|day| day.to_string()).unwrap_or_default()
}

/// Digits are a position; anything else an instant, in Chinese time where it has no offset.
pub fn known_at(text: &str) -> Result<KnownAt, Say> {
    if !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()) {
        return text.parse().map(KnownAt::Position).map_err(|fault| Say::new("位置过大", format!("`{text}`: {fault}")));
    }
    let timed = text.contains(['T', 't', ' ']);
    let chinese = || text.parse::<jiff::civil::DateTime>().ok()?.in_tz("Asia/Shanghai").ok().map(|z| z.timestamp());
    let instant = text.parse::<jiff::Timestamp>().ok().or_else(chinese).filter(|_| timed);
    let instant = instant.ok_or_else(|| {
        let english = format!("`{text}` is neither a position nor an instant such as 2024-03-05T10:00:00+08:00");
        Say::new("应为日志位置，或 2024-03-05T10:00:00+08:00 这样的时刻", english)
    })?;
    Ok(KnownAt::Time(prost_types::Timestamp { seconds: instant.as_second(), nanos: instant.subsec_nanosecond() }))
}

macro_rules! words {
    ($($(#[$doc:meta])* $name:ident -> $word:ident, $wire:ident, $prefix:literal;)+) => {
        $($(#[$doc])* pub fn $name(text: &str) -> Result<$word, Say> {
            let key = text.to_ascii_uppercase().replace('-', "_");
            $word::from_key(&key).or_else(|| $word::from_chinese(text)).ok_or_else(|| {
                let known: Vec<_> = $word::ALL.iter().map(|w| format!("{} {}", w.key(), w.chinese())).collect();
                let known = known.join(", ");
                Say::new(format!("可用：{known}"), format!("`{text}` is none of {known}"))
            })
        }

        impl Wire for $word {
            fn wire(self) -> i32 {
                v1::$wire::from_str_name(&format!(concat!($prefix, "_{}"), self.key())).map_or(0, i32::from)
            }
        })+
    };
}

/// A word of a closed list, as its number in the API.
pub trait Wire {
    /// The number; the names of both sides are the same, and a test holds them together.
    fn wire(self) -> i32;
}

words! {
    /// A kind of carrier.
    kind -> Kind, IncubatorKind, "INCUBATOR_KIND";
    /// A level of recognition.
    level -> Level, RecognitionLevel, "RECOGNITION_LEVEL";
    /// Why a stay ended.
    leave_kind -> LeaveKind, LeaveKind, "LEAVE_KIND";
    /// On what ground a firm graduated.
    criterion -> Criterion, GraduationCriterion, "GRADUATION_CRITERION";
    /// As what a person is a contact.
    contact_role -> ContactRole, ContactRole, "CONTACT_ROLE";
    /// How a carrier was built.
    build_mode -> BuildMode, BuildMode, "BUILD_MODE";
    /// A tax.
    tax -> Tax, Tax, "TAX";
    /// What an amount that reached the treasury is.
    tax_nature -> TaxNature, TaxNature, "TAX_NATURE";
    /// What an interest payment is.
    interest_nature -> InterestNature, InterestNature, "INTEREST_NATURE";
    /// In which form a fund supports a firm.
    investment_form -> InvestmentForm, InvestmentForm, "INVESTMENT_FORM";
    /// A figure of a carrier's report.
    carrier_figure -> CarrierFigure, CarrierFigure, "CARRIER_FIGURE";
    /// What an intermediary is.
    party -> Party, IntermediaryParty, "INTERMEDIARY_PARTY";
    /// Whose capital a guidance fund is paid.
    capital_source -> CapitalSource, CapitalSource, "CAPITAL_SOURCE";
    /// How far a payment order has come.
    order_state -> OrderState, PaymentOrderState, "PAYMENT_ORDER_STATE";
    /// What earmarked money was spent on.
    earmark -> Purpose, EarmarkPurpose, "EARMARK_PURPOSE";
    /// What a platform is for.
    platform_kind -> PlatformKind, PlatformKind, "PLATFORM_KIND";
}

/// How far a claim has come.
pub fn stage(text: &str) -> Result<Stage, Say> {
    let key = text.to_ascii_uppercase();
    Stage::from_key(&key).or_else(|| Stage::ALL.iter().copied().find(|stage| stage.chinese() == text)).ok_or_else(
        || {
            let known: Vec<_> = Stage::ALL.iter().map(|stage| format!("{} {}", stage.key(), stage.chinese())).collect();
            let known = known.join(", ");
            Say::new(format!("可用：{known}"), format!("`{text}` is none of {known}"))
        },
    )
}

/// A level; NONE or 无 stands for carriers without any.
pub fn level_or_none(text: &str) -> Result<LevelOrNone, Say> {
    if text.eq_ignore_ascii_case("none") || text == "无" {
        return Ok(LevelOrNone(None));
    }
    level(text).map(|level| LevelOrNone(Some(level)))
}

/// A number with at most two decimals, not negative, in hundredths: square metres, or yuan as fen.
pub fn hundredths(text: &str) -> Result<i64, Say> {
    let english = || format!("`{text}` is not a number with at most two decimals");
    let fault = || Say::new("应为至多两位小数的数字", english());
    let plain = text.replace(',', "");
    let (whole, part) = plain.split_once('.').unwrap_or((&plain, ""));
    let digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
    if whole.is_empty() || !digits(whole) || !digits(part) || part.len() > 2 {
        return Err(fault());
    }
    format!("{whole}{part:0<2}").parse().map_err(|_| fault())
}

/// A number with at most six decimals, not negative, in millionths: a ratio as ppm, 万元 as fen.
pub fn millionths(text: &str) -> Result<i64, Say> {
    let english = || format!("`{text}` is not a number with at most six decimals");
    let fault = || Say::new("应为至多六位小数的数字", english());
    let plain = text.replace(',', "");
    let (whole, part) = plain.split_once('.').unwrap_or((&plain, ""));
    let digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
    if whole.is_empty() || !digits(whole) || !digits(part) || part.len() > 6 {
        return Err(fault());
    }
    format!("{whole}{part:0<6}").parse().map_err(|_| fault())
}

/// Yuan with at most two decimals as fen; may be negative.
pub fn yuan(text: &str) -> Result<i64, Say> {
    text.strip_prefix('-').map_or_else(|| hundredths(text), |amount| hundredths(amount).map(|fen| -fen))
}

/// A rate in percent with at most four decimals, in parts per million.
pub fn percent(text: &str) -> Result<i64, Say> {
    let english = || format!("`{text}` is not a rate in percent with at most four decimals");
    let fault = || Say::new("应为至多四位小数的百分数", english());
    let plain = text.trim_end_matches('%');
    let (whole, part) = plain.split_once('.').unwrap_or((plain, ""));
    let digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
    if whole.is_empty() || !digits(whole) || !digits(part) || part.len() > 4 {
        return Err(fault());
    }
    format!("{whole}{part:0<4}").parse().map_err(|_| fault())
}

/// A document, `TITLE[;no=文号][;sha256=HEX][;location=WHERE][;file=PATH]`; a file gives its digest.
pub fn document(text: &str) -> Result<v1::Document, Say> {
    let mut parts = text.split(';');
    let mut document = v1::Document { title: parts.next().unwrap_or_default().trim().to_owned(), ..Default::default() };
    for part in parts {
        match part.trim().split_once('=') {
            Some(("no", value)) => value.clone_into(&mut document.document_no),
            Some(("sha256", value)) => value.clone_into(&mut document.sha256),
            Some(("location", value)) => value.clone_into(&mut document.location),
            Some(("file", path)) => document.sha256 = digest(path)?,
            _ => {
                let english = format!("`{part}` is none of no=, sha256=, location=, file=");
                return Err(Say::new(format!("“{part}”不是 no=、sha256=、location=、file= 之一"), english));
            }
        }
    }
    match document.title.as_str() {
        "" => Err(Say::new("佐证文件应以标题开头", "a document begins with its title")),
        _ => Ok(document),
    }
}

fn digest(path: &str) -> Result<String, Say> {
    use sha2::Digest as _;
    let unreadable = |fault| Say::new(format!("{path} 无法读取：{fault}"), format!("{path}: {fault}"));
    let mut file = std::fs::File::open(path).map_err(unreadable)?;
    let mut hash = sha2::Sha256::new();
    let mut buffer = vec![0; 64 * 1024];
    loop {
        match std::io::Read::read(&mut file, &mut buffer).map_err(unreadable)? {
            0 => return Ok(hex::encode(hash.finalize())),
            n => hash.update(&buffer[..n]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_has_its_number() {
        assert!(Kind::ALL.iter().all(|w| w.wire() > 0));
        assert!(Level::ALL.iter().all(|w| w.wire() > 0));
        assert!(LeaveKind::ALL.iter().all(|w| w.wire() > 0));
        assert!(Criterion::ALL.iter().all(|w| w.wire() > 0));
        assert!(BuildMode::ALL.iter().all(|w| w.wire() > 0));
        assert_eq!(LeaveKind::Expired.wire(), v1::LeaveKind::Expired as i32);
    }

    #[test]
    fn words_come_in_both_languages() {
        assert_eq!(criterion("high-tech"), Ok(Criterion::HighTech));
        assert_eq!(criterion("高新技术企业"), Ok(Criterion::HighTech));
        assert!(kind("孵化").unwrap_err().zh.contains("孵化器"));
        assert_eq!(level_or_none("none"), Ok(LevelOrNone(None)));
        assert_eq!((yuan("-12,345.67"), yuan("0.5")), (Ok(-1_234_567), Ok(50)));
        assert_eq!((percent("5.22"), percent("4.35%")), (Ok(52_200), Ok(43_500)));
        assert!(yuan("1.234").is_err() && yuan("--1").is_err() && percent("5.22221").is_err());
    }

    #[test]
    fn instants_without_an_offset_are_chinese() {
        let at = |text| known_at(text).unwrap();
        assert_eq!(at("12"), KnownAt::Position(12));
        assert_eq!(at("2024-03-05T10:00:00+08:00"), at("2024-03-05T10:00"));
        assert_eq!(at("2024-03-05T02:00:00Z"), at("2024-03-05 10:00"));
        assert!(known_at("2024-03-05").is_err());
        assert!(known_at("").is_err());
    }

    #[test]
    fn decimals_become_hundredths() {
        assert_eq!(hundredths("3600"), Ok(360_000));
        assert_eq!(hundredths("1,200.5"), Ok(120_050));
        for bad in ["", "-1", "1.234", ".5", "x", "99999999999999999999"] {
            assert!(hundredths(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_document_is_one_argument() {
        let read = document("认定通知;no=韶武科〔2023〕19号;location=档案室").unwrap();
        assert_eq!((read.title.as_str(), read.document_no.as_str()), ("认定通知", "韶武科〔2023〕19号"));
        assert!(document(";no=1").is_err());
        assert!(document("a;b").is_err());
    }
}
