//! The one map of errors to `google.rpc.Status`.
//!
//! Every status bears one ErrorInfo: `reason` is the word, `metadata` has every variable part. Details travel in trailers,
//! so they are bounded: texts are cut, and of many faults the first are told.

use crate::domain::{Fault, Reason, Refusal};
use crate::engine::EngineError;
use std::collections::HashMap;
use std::time::Duration;
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, FieldViolation, StatusExt};

/// The domain of every ErrorInfo.
pub const ERROR_DOMAIN: &str = "incubation.v1";

const VIOLATIONS_MAX: usize = 20;
const VIOLATIONS_BYTES_MAX: usize = 2000;
const METADATA_BYTES_MAX: usize = 800;
const MESSAGE_BYTES_MAX: usize = 400;
const TEXT_BYTES_MAX: usize = 200;
const RETRY_AFTER: Duration = Duration::from_millis(100);

/// The code of a word, as the API's `Reason` documents it.
pub fn code_of(reason: Reason) -> Code {
    use Reason::*;
    match reason {
        MalformedCode | MalformedDate | MalformedAmount | UnknownWord | MissingValue | MalformedName | OutOfRange
        | SameIncubator | UnknownTax | MalformedRequestId | MalformedEtag | MalformedPageToken | MalformedFilter
        | MalformedMessage | PolicyAtFault | MalformedBankNumber => Code::InvalidArgument,
        UnknownIncubator | UnknownFirm | UnknownLoan | UnknownTaxpayer | UnknownPark | UnknownDistrict
        | UnknownPosition | UnknownFact | UnknownPolicy | UnknownEntitlement | UnknownCriteriaSet
        | UnknownIntermediary | UnknownTransfer | UnknownPlatform | UnknownInstrument | UnknownReading
        | UnknownGuidanceFund | UnknownAssessment | UnknownPerson | UnknownCheckpoint | UnknownClaim
        | UnknownObjection | UnknownBudget | UnknownAccount | UnknownOrder | UnknownRecovery => Code::NotFound,
        AlreadyVoided
        | NoSuchRecognition
        | NoOpenStay
        | DateInFuture
        | LeftBeforeAdmitted
        | OverlappingStay
        | AgeOverLimit
        | MakerspaceCannotGraduate
        | AlreadyGraduated
        | FirmDeregistered
        | NotSigned
        | NotSettled
        | DatesOutOfOrder
        | UpstreamCycle
        | PersonErased
        | LegalHold
        | KeysUnavailable
        | NoCheckpoints
        | NoAccessLog
        | NotCovered
        | HasDependents
        | NotComplete
        | SchemeSuspended
        | PayerUnknown
        | PayeeUnknown
        | NothingToClaim
        | ReceiptCountedTwice
        | AttributionPinned
        | ClaimStage
        | SamePerson
        | CalendarMissing
        | PublicationRunning
        | ObjectionStanding
        | AwardOverClaim
        | BudgetExhausted
        | BudgetCommitted
        | RoundRequired
        | RoundState
        | AccountNameDiffers
        | AccountUnconfirmed
        | AccountReturned
        | OrderLive
        | OrderState
        | RecoveryExceeded
        | EarmarkExceeded
        | NotEarmarked
        | NothingToSupplement
        | CursorOfAnother
        | CursorAhead
        | NotVoidable
        | YearRunning
        | YearClosed
        | AmountDiffers => Code::FailedPrecondition,
        Conflict | RequestIdReused | ClaimExists => Code::AlreadyExists,
        StaleEtag | PrincipalChanged => Code::Aborted,
        TooLarge | QueueFull | TooManyStreams | RateLimited | LogFull => Code::ResourceExhausted,
        UnknownMethod => Code::Unimplemented,
        PositionAhead => Code::OutOfRange,
        NoPrincipal | BadCredential => Code::Unauthenticated,
        NotEntitledFor | NotPermitted => Code::PermissionDenied,
        Draining | LogFailed | AuditBehind => Code::Unavailable,
        LogDamaged => Code::DataLoss,
        Deadline => Code::DeadlineExceeded,
        // Said of what is accepted or skipped, never a status.
        CodeChecksum | Duplicate | VoidedBefore | Internal => Code::Internal,
    }
}

/// The status of a refusal.
pub fn refused(refusal: &Refusal) -> Status {
    let mut details = ErrorDetails::with_error_info(refusal.reason.word(), ERROR_DOMAIN, metadata_of(refusal));
    if !refusal.faults.is_empty() {
        details.set_bad_request(violations(&refusal.faults));
    }
    if matches!(refusal.reason, Reason::QueueFull | Reason::TooManyStreams) {
        details.set_retry_info(Some(RETRY_AFTER));
    }
    let message = cut(&refusal.message, MESSAGE_BYTES_MAX);
    Status::with_error_details(code_of(refusal.reason), message, details)
}

/// The status of a refusal that holds for so long.
pub fn later(refusal: &Refusal, wait: Duration) -> Status {
    let mut details = ErrorDetails::with_error_info(refusal.reason.word(), ERROR_DOMAIN, metadata_of(refusal));
    details.set_retry_info(Some(wait));
    Status::with_error_details(code_of(refusal.reason), cut(&refusal.message, MESSAGE_BYTES_MAX), details)
}

/// The status of a word that has no variable part.
pub fn plain(reason: Reason, message: impl Into<String>) -> Status {
    refused(&Refusal::new(reason, message))
}

/// The status of one field at fault.
pub fn fault(reason: Reason, field: &str, message: impl Into<String>) -> Status {
    refused(&Refusal::from(Fault::new(reason, field, message)).with("field", field))
}

/// A position beyond the log's head.
pub fn ahead(position: u64, head: u64) -> Status {
    let message = format!("position {position} lies beyond the log's head, {head}");
    refused(&Refusal::new(Reason::PositionAhead, message).with("position", position).with("head", head))
}

/// The status of what the engine says. What failed inside is logged where it failed, not told.
pub fn of(error: EngineError) -> Status {
    let message = error.to_string();
    match error {
        EngineError::Refused(refusal) => refused(&refusal),
        EngineError::QueueFull => plain(Reason::QueueFull, message),
        EngineError::LogFull => plain(Reason::LogFull, message),
        EngineError::Draining => plain(Reason::Draining, message),
        EngineError::LogFailed(_) => plain(
            Reason::LogFailed,
            "the log failed and the server stops; send the command again with the same request id to learn of it",
        ),
        EngineError::Damaged { position, .. } => {
            let message = format!("the log is damaged from position {position} on");
            refused(&Refusal::new(Reason::LogDamaged, message).at(position))
        }
    }
}

/// tonic's own errors in the words of this API; none where there is nothing to mend.
pub fn of_tonic(status: &Status, limit_bytes: usize) -> Option<Status> {
    if !status.details().is_empty() {
        return None;
    }
    let said = status.message();
    match status.code() {
        Code::OutOfRange | Code::ResourceExhausted if said.contains("too large") || said.contains("size limit") => {
            let message = format!("the message is larger than {limit_bytes} bytes");
            Some(refused(&Refusal::new(Reason::TooLarge, message).with("limit_bytes", limit_bytes)))
        }
        Code::Internal => Some(plain(Reason::MalformedMessage, format!("the message can't be decoded: {said}"))),
        Code::Unimplemented if said.is_empty() => Some(plain(Reason::UnknownMethod, "there is no such method")),
        Code::Unimplemented => Some(plain(Reason::UnknownMethod, said)),
        _ => None,
    }
}

/// Every variable part of a refusal, by name, within bounds.
pub fn metadata_of(refusal: &Refusal) -> HashMap<String, String> {
    let mut parts: Vec<(&str, String)> = Vec::new();
    if let Some(position) = refusal.position {
        parts.push(("position", position.to_string()));
    }
    if !refusal.positions.is_empty() {
        let positions: Vec<String> = refusal.positions.iter().map(u64::to_string).collect();
        parts.push(("positions", positions.join(",")));
    }
    if refusal.faults.len() > 1 {
        parts.push(("faults", refusal.faults.len().to_string()));
    }
    parts.extend(refusal.metadata.iter().map(|(name, value)| (*name, cut(value, TEXT_BYTES_MAX))));
    let mut left = METADATA_BYTES_MAX;
    let fits = |(name, value): &(&str, String)| {
        let bytes = name.len() + value.len() + 8;
        let fits = bytes <= left;
        left = left.saturating_sub(bytes);
        fits
    };
    parts.into_iter().take_while(fits).map(|(name, value)| (name.to_owned(), value)).collect()
}

fn violations(faults: &[Fault]) -> Vec<FieldViolation> {
    let mut left = VIOLATIONS_BYTES_MAX;
    let one = |fault: &Fault| {
        let mut violation = FieldViolation::new(cut(&fault.field, 64), cut(&fault.message, TEXT_BYTES_MAX));
        fault.reason.word().clone_into(&mut violation.reason);
        let bytes = violation.field.len() + violation.description.len() + violation.reason.len() + 12;
        let fits = bytes <= left;
        left = left.saturating_sub(bytes);
        fits.then_some(violation)
    };
    faults.iter().take(VIOLATIONS_MAX).map_while(one).collect()
}

/// The text, or its beginning with a sign that it was cut.
fn cut(text: &str, bytes_max: usize) -> String {
    if text.len() <= bytes_max {
        return text.to_owned();
    }
    let end = (0..=bytes_max - '…'.len_utf8()).rev().find(|at| text.is_char_boundary(*at)).unwrap_or_default();
    format!("{}…", &text[..end])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::v1;

    #[test]
    fn every_word_is_in_both_lists() {
        for reason in Reason::ALL {
            let name = format!("REASON_{}", reason.word());
            assert!(v1::Reason::from_str_name(&name).is_some(), "{name} is missing in types.proto");
        }
        let numbers = (1..400).filter_map(|number| v1::Reason::try_from(number).ok());
        for wire in numbers {
            let word = wire.as_str_name().trim_start_matches("REASON_");
            assert!(Reason::from_word(word).is_some(), "{word} is missing in domain::Reason");
        }
    }

    #[test]
    fn the_comments_of_the_reasons_name_their_codes() {
        let proto = include_str!("../../proto/incubation/v1/types.proto");
        let mut comment = String::new();
        for line in proto.lines().map(str::trim) {
            if let Some(text) = line.strip_prefix("//") {
                comment.push_str(text);
                continue;
            }
            let name = line.strip_prefix("REASON_").and_then(|rest| rest.split(' ').next());
            if let Some(reason) = name.and_then(Reason::from_word) {
                let said = code_of(reason);
                let code = format!("{said:?}").chars().fold(String::new(), |mut code, c| {
                    if c.is_uppercase() && !code.is_empty() {
                        code.push('_');
                    }
                    code.push(c.to_ascii_uppercase());
                    code
                });
                let never = matches!(reason, Reason::CodeChecksum | Reason::Duplicate | Reason::VoidedBefore);
                assert!(never || comment.contains(&code), "{}: {code} is not in:{comment}", reason.word());
            }
            comment.clear();
        }
    }

    #[test]
    fn details_stay_small() {
        let long = "字".repeat(5000);
        let faults = (0..100).map(|_| Fault::new(Reason::MalformedRequestId, long.clone(), long.clone())).collect();
        let mut refusal = Refusal {
            faults,
            positions: (0..20).map(|i| u64::MAX - i).collect(),
            ..Refusal::new(Reason::HasDependents, long.clone())
        };
        for name in ["a", "b", "c", "d", "e"] {
            refusal = refusal.with(name, &long);
        }
        let status = refused(&refusal);
        assert!(status.details().len() <= 4096, "{}", status.details().len());
        let details = status.get_error_details();
        assert_eq!(details.error_info().unwrap().metadata["faults"], "100");
        let violations = &details.bad_request().unwrap().field_violations;
        assert!((1..=VIOLATIONS_MAX).contains(&violations.len()));
        assert!(violations[0].description.ends_with('…'));
    }

    #[test]
    fn a_full_queue_says_when_to_retry() {
        let status = of(EngineError::QueueFull);
        assert_eq!(status.code(), Code::ResourceExhausted);
        let details = status.get_error_details();
        assert_eq!(details.error_info().unwrap().reason, "QUEUE_FULL");
        assert_eq!(details.retry_info().unwrap().retry_delay, Some(RETRY_AFTER));
    }
}
