//! Why something is refused, skipped or warned about: the words of rules §2 and those that this service adds.

macro_rules! reasons {
    ($($(#[$doc:meta])* $variant:ident = $word:literal;)+) => {
        /// The word of a refusal, as `ErrorInfo.reason` bears it. The API's `Reason` enum documents each one, with its
        /// status; a test holds the two lists together. Their order is the order in which rules are judged.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Reason {
            $($(#[$doc])* $variant,)+
        }

        impl Reason {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$variant,)+];

            /// The word.
            pub fn word(self) -> &'static str {
                match self { $(Self::$variant => $word,)+ }
            }

            /// By its word.
            pub fn from_word(word: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|reason| reason.word() == word)
            }
        }
    };
}

reasons! {
    /// Not 18 characters of the alphabet.
    MalformedCode = "MALFORMED_CODE";
    /// Warning: the 18th character is not the computed one.
    CodeChecksum = "CODE_CHECKSUM";
    /// No such day.
    MalformedDate = "MALFORMED_DATE";
    /// Not a number, or too precise.
    MalformedAmount = "MALFORMED_AMOUNT";
    /// A word outside its closed list.
    UnknownWord = "UNKNOWN_WORD";
    /// A required value is empty.
    MissingValue = "MISSING_VALUE";
    /// An id or name that can't be one.
    MalformedName = "MALFORMED_NAME";
    /// Well-formed, and out of its range.
    OutOfRange = "OUT_OF_RANGE";
    /// A transfer within one carrier.
    SameIncubator = "SAME_INCUBATOR";
    /// No such carrier.
    UnknownIncubator = "UNKNOWN_INCUBATOR";
    /// No such firm.
    UnknownFirm = "UNKNOWN_FIRM";
    /// No such loan.
    UnknownLoan = "UNKNOWN_LOAN";
    /// No such intermediary of technology transfers.
    UnknownIntermediary = "UNKNOWN_INTERMEDIARY";
    /// No such technology transfer.
    UnknownTransfer = "UNKNOWN_TRANSFER";
    /// No such platform.
    UnknownPlatform = "UNKNOWN_PLATFORM";
    /// No such instrument.
    UnknownInstrument = "UNKNOWN_INSTRUMENT";
    /// No such guidance fund.
    UnknownGuidanceFund = "UNKNOWN_GUIDANCE_FUND";
    /// No such assessment of a project.
    UnknownAssessment = "UNKNOWN_ASSESSMENT";
    /// No such person.
    UnknownPerson = "UNKNOWN_PERSON";
    /// No such tax.
    UnknownTax = "UNKNOWN_TAX";
    /// Neither a firm nor an operator.
    UnknownTaxpayer = "UNKNOWN_TAXPAYER";
    /// No such park.
    UnknownPark = "UNKNOWN_PARK";
    /// This server does not keep that district.
    UnknownDistrict = "UNKNOWN_DISTRICT";
    /// No event at that position.
    UnknownPosition = "UNKNOWN_POSITION";
    /// No such policy.
    UnknownPolicy = "UNKNOWN_POLICY";
    /// No such entitlement.
    UnknownEntitlement = "UNKNOWN_ENTITLEMENT";
    /// No such set of criteria.
    UnknownCriteriaSet = "UNKNOWN_CRITERIA_SET";
    /// No such reading.
    UnknownReading = "UNKNOWN_READING";
    /// No checkpoint of that size.
    UnknownCheckpoint = "UNKNOWN_CHECKPOINT";
    /// The log has no checkpoints.
    NoCheckpoints = "NO_CHECKPOINTS";
    /// The server keeps no access log.
    NoAccessLog = "NO_ACCESS_LOG";
    /// The checkpoint does not cover it.
    NotCovered = "NOT_COVERED";
    /// The auditor has not read so far yet.
    AuditBehind = "AUDIT_BEHIND";
    /// A policy file that can be read and can't be meant.
    PolicyAtFault = "POLICY_AT_FAULT";
    /// No fact at a position to be voided.
    UnknownFact = "UNKNOWN_FACT";
    /// Voided already.
    AlreadyVoided = "ALREADY_VOIDED";
    /// The carrier has no such recognition.
    NoSuchRecognition = "NO_SUCH_RECOGNITION";
    /// No stay that the command could end.
    NoOpenStay = "NO_OPEN_STAY";
    /// The same fact again.
    Duplicate = "DUPLICATE";
    /// The same fact with other values.
    Conflict = "CONFLICT";
    /// In an import: recorded and voided before.
    VoidedBefore = "VOIDED_BEFORE";
    /// A business date after the writer's clock.
    DateInFuture = "DATE_IN_FUTURE";
    /// Left before admitted.
    LeftBeforeAdmitted = "LEFT_BEFORE_ADMITTED";
    /// Two stays of one firm meet.
    OverlappingStay = "OVERLAPPING_STAY";
    /// First admitted too late after registration.
    AgeOverLimit = "AGE_OVER_LIMIT";
    /// A makerspace's firms do not graduate.
    MakerspaceCannotGraduate = "MAKERSPACE_CANNOT_GRADUATE";
    /// Admission after graduation to anything but an accelerator.
    AlreadyGraduated = "ALREADY_GRADUATED";
    /// The firm is deregistered on that day.
    FirmDeregistered = "FIRM_DEREGISTERED";
    /// Settling without signing.
    NotSigned = "NOT_SIGNED";
    /// Production without settling.
    NotSettled = "NOT_SETTLED";
    /// Days that must follow one another do not.
    DatesOutOfOrder = "DATES_OUT_OF_ORDER";
    /// The person was erased.
    PersonErased = "PERSON_ERASED";
    /// A legal hold stands in the way of an erasure.
    LegalHold = "LEGAL_HOLD";
    /// A carrier would precede itself.
    UpstreamCycle = "UPSTREAM_CYCLE";
    /// The promise has a claim.
    ClaimExists = "CLAIM_EXISTS";
    /// The entitlement is not complete.
    NotComplete = "NOT_COMPLETE";
    /// Nothing new of the scheme can be claimed.
    SchemeSuspended = "SCHEME_SUSPENDED";
    /// Nobody is known to pay.
    PayerUnknown = "PAYER_UNKNOWN";
    /// Nobody with a code is to be paid.
    PayeeUnknown = "PAYEE_UNKNOWN";
    /// The amount is 0.
    NothingToClaim = "NOTHING_TO_CLAIM";
    /// Another claim of the scheme counts the same receipt.
    ReceiptCountedTwice = "RECEIPT_COUNTED_TWICE";
    /// An earlier claim pinned to whom the award goes.
    AttributionPinned = "ATTRIBUTION_PINNED";
    /// No such claim.
    UnknownClaim = "UNKNOWN_CLAIM";
    /// The claim is not where the step begins.
    ClaimStage = "CLAIM_STAGE";
    /// Two steps that two people take.
    SamePerson = "SAME_PERSON";
    /// The working days of a year are not known.
    CalendarMissing = "CALENDAR_MISSING";
    /// The publication is not over.
    PublicationRunning = "PUBLICATION_RUNNING";
    /// An objection is not answered.
    ObjectionStanding = "OBJECTION_STANDING";
    /// No such objection that stands.
    UnknownObjection = "UNKNOWN_OBJECTION";
    /// More than is claimed.
    AwardOverClaim = "AWARD_OVER_CLAIM";
    /// The budget has not so much left.
    BudgetExhausted = "BUDGET_EXHAUSTED";
    /// More of the budget is committed.
    BudgetCommitted = "BUDGET_COMMITTED";
    /// No such budget.
    UnknownBudget = "UNKNOWN_BUDGET";
    /// The budget is handed out in rounds.
    RoundRequired = "ROUND_REQUIRED";
    /// The round is not where the step begins.
    RoundState = "ROUND_STATE";
    /// No such account.
    UnknownAccount = "UNKNOWN_ACCOUNT";
    /// The holder's name is not the registered one.
    AccountNameDiffers = "ACCOUNT_NAME_DIFFERS";
    /// No second person confirmed an account.
    AccountUnconfirmed = "ACCOUNT_UNCONFIRMED";
    /// An order came back from this very account.
    AccountReturned = "ACCOUNT_RETURNED";
    /// No such order.
    UnknownOrder = "UNKNOWN_ORDER";
    /// The claim has a live order.
    OrderLive = "ORDER_LIVE";
    /// The order is not where the answer fits.
    OrderState = "ORDER_STATE";
    /// More than was paid, or ordered back.
    RecoveryExceeded = "RECOVERY_EXCEEDED";
    /// No such recovery.
    UnknownRecovery = "UNKNOWN_RECOVERY";
    /// More is spent than was paid.
    EarmarkExceeded = "EARMARK_EXCEEDED";
    /// The scheme's money is not earmarked.
    NotEarmarked = "NOT_EARMARKED";
    /// No difference upwards.
    NothingToSupplement = "NOTHING_TO_SUPPLEMENT";
    /// The cursor is another's.
    CursorOfAnother = "CURSOR_OF_ANOTHER";
    /// Beyond what was delivered.
    CursorAhead = "CURSOR_AHEAD";
    /// A step of money has its counter-act.
    NotVoidable = "NOT_VOIDABLE";
    /// The fiscal year is not over.
    YearRunning = "YEAR_RUNNING";
    /// The fiscal year is over.
    YearClosed = "YEAR_CLOSED";
    /// Another amount was paid than the order says.
    AmountDiffers = "AMOUNT_DIFFERS";
    /// Not a bank's number.
    MalformedBankNumber = "MALFORMED_BANK_NUMBER";
    /// A fact that stays would break a rule.
    HasDependents = "HAS_DEPENDENTS";
    /// Request id missing or not a UUID.
    MalformedRequestId = "MALFORMED_REQUEST_ID";
    /// Request id used for other content.
    RequestIdReused = "REQUEST_ID_REUSED";
    /// The resource changed since.
    StaleEtag = "STALE_ETAG";
    /// Not an etag of this server.
    MalformedEtag = "MALFORMED_ETAG";
    /// Not a page token of this list.
    MalformedPageToken = "MALFORMED_PAGE_TOKEN";
    /// Filter or order can't be read.
    MalformedFilter = "MALFORMED_FILTER";
    /// The message can't be decoded.
    MalformedMessage = "MALFORMED_MESSAGE";
    /// Over the size limit.
    TooLarge = "TOO_LARGE";
    /// No such method.
    UnknownMethod = "UNKNOWN_METHOD";
    /// Beyond the log's head.
    PositionAhead = "POSITION_AHEAD";
    /// The server has no key for what is sealed.
    KeysUnavailable = "KEYS_UNAVAILABLE";
    /// No principal.
    NoPrincipal = "NO_PRINCIPAL";
    /// A credential that does not hold.
    BadCredential = "BAD_CREDENTIAL";
    /// More than a principal may ask for at a time.
    RateLimited = "RATE_LIMITED";
    /// It may not act for that other.
    NotEntitledFor = "NOT_ENTITLED_FOR";
    /// None of the caller's roles may do this.
    NotPermitted = "NOT_PERMITTED";
    /// What the caller may see or do changed while a stream was open.
    PrincipalChanged = "PRINCIPAL_CHANGED";
    /// The queue is full.
    QueueFull = "QUEUE_FULL";
    /// Too many streams are open.
    TooManyStreams = "TOO_MANY_STREAMS";
    /// No space.
    LogFull = "LOG_FULL";
    /// Draining.
    Draining = "DRAINING";
    /// The log failed.
    LogFailed = "LOG_FAILED";
    /// The log is damaged.
    LogDamaged = "LOG_DAMAGED";
    /// The deadline passed.
    Deadline = "DEADLINE";
    /// A fault of this program.
    Internal = "INTERNAL";
}

/// One thing wrong with one field of what came in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The word.
    pub reason: Reason,
    /// Path of the field, in the names of the API.
    pub field: String,
    /// One sentence in English, with the value.
    pub message: String,
    /// The value as its sender wrote it, where the one who judges knows it; else empty.
    pub value: String,
    /// What exactly is wrong, in a word finer than the reason, by which a sentence in another language is found; else empty.
    pub detail: &'static str,
}

impl Fault {
    /// A fault of one field.
    pub fn new(reason: Reason, field: impl Into<String>, message: impl Into<String>) -> Self {
        Self { reason, field: field.into(), message: message.into(), value: String::new(), detail: "" }
    }

    /// With the value as written, and what exactly is wrong with it.
    #[must_use]
    pub fn of(self, value: impl Into<String>, detail: &'static str) -> Self {
        Self { value: value.into(), detail, ..self }
    }
}

/// Collects every fault of a message or row, so that its sender sees all of them at once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Faults(pub Vec<Fault>);

impl Faults {
    /// Keeps the fault, if there is one, and gives the value, if there is one.
    pub fn take<T>(&mut self, result: Result<T, Fault>) -> Option<T> {
        result.map_err(|fault| self.0.push(fault)).ok()
    }

    /// Notes a fault.
    pub fn push(&mut self, reason: Reason, field: &str, message: impl Into<String>) {
        self.0.push(Fault::new(reason, field, message));
    }

    /// The refusal that these faults make, whose word is the first in the order of rules §2; none without faults.
    pub fn refusal(self) -> Option<Refusal> {
        let first = self.0.iter().min_by_key(|fault| fault.reason)?;
        let (reason, message) = (first.reason, first.message.clone());
        Some(Refusal { faults: self.0, ..Refusal::new(reason, message) })
    }
}

/// A "no", with everything its receiver needs to understand it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The word.
    pub reason: Reason,
    /// One sentence in English, with the values.
    pub message: String,
    /// Position of the recorded fact that stands in the way.
    pub position: Option<u64>,
    /// Positions of the facts that would break a rule (HAS_DEPENDENTS), at most `POSITIONS_MAX`.
    pub positions: Vec<u64>,
    /// Fields at fault, for what is malformed.
    pub faults: Vec<Fault>,
    /// Other variable parts, as name and value.
    pub metadata: Vec<(&'static str, String)>,
}

impl Refusal {
    /// At most so many dependents are named.
    pub const POSITIONS_MAX: usize = 20;

    /// A refusal that names nothing else.
    pub fn new(reason: Reason, message: impl Into<String>) -> Self {
        let message = message.into();
        Self { reason, message, position: None, positions: Vec::new(), faults: Vec::new(), metadata: Vec::new() }
    }

    /// With the position of the fact that stands in the way.
    #[must_use]
    pub fn at(mut self, position: u64) -> Self {
        self.position = Some(position);
        self
    }

    /// With another variable part.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl ToString) -> Self {
        self.metadata.push((name, value.to_string()));
        self
    }
}

impl From<Fault> for Refusal {
    fn from(fault: Fault) -> Self {
        Self { faults: vec![fault.clone()], ..Self::new(fault.reason, fault.message) }
    }
}

/// Something accepted that a person should look at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    /// The word.
    pub reason: Reason,
    /// The field it is about.
    pub field: &'static str,
    /// One sentence in English.
    pub message: String,
}
