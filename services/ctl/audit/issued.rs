//! `audit issue` and `audit recompute`: a figure that anyone makes again.

use super::args::{IssueArgs, RecomputeArgs};
use super::files;
use super::{refuted, verify};
use crate::ctl::connect::Session;
use crate::ctl::lang::{Lang, Say};
use crate::ctl::log_place::failed;
use crate::ctl::output::Report;
use crate::ctl::trouble::Trouble;
use crate::domain::{AsOf, Day, Recorded, Registry};
use crate::formats::policy::{PolicyFile, parse};
use crate::journal::note::{Checkpoint, Note, origin};
use crate::journal::{Record, codec};
use crate::projections::issued::{Figure, Heading, IssueFault};
use crate::wire::v1;
use serde_json::json;

/// Runs `audit issue`.
pub async fn issue(session: &Session, args: &IssueArgs, lang: Lang) -> Result<Report, Trouble> {
    let figure = match args.figure {
        Figure::Metrics => v1::IssuedFigure::Metrics,
        Figure::Chain => v1::IssuedFigure::Chain,
        Figure::Entitlements => v1::IssuedFigure::Entitlements,
        Figure::PaymentOrders => v1::IssuedFigure::PaymentOrders,
    };
    let request = v1::IssueFigureRequest {
        parent: session.parent(),
        figure: figure.into(),
        as_of_date: args.as_of.to_string(),
        known_at_position: args.known_at_position,
        policy: session.name("policies", &args.policy),
    };
    let reply = session.audit().issue_figure(request).await?.into_inner();
    files::write_new(&args.file, reply.document.as_bytes(), 0o644)?;
    Ok(Report::of(
        json!({
            "file": args.file.display().to_string(),
            "sha256": reply.sha256,
            "known_at_position": reply.known_at_position,
            "checkpoint_size": reply.checkpoint.unwrap_or_default().size,
        }),
        lang,
    ))
}

/// Runs `audit recompute`.
pub fn recompute(args: &RecomputeArgs, lang: Lang) -> Result<Report, Trouble> {
    let keys = files::keys(&args.keys.key)?;
    let issued = std::fs::read_to_string(&args.issued).map_err(failed("无法读取", "can't read", &args.issued))?;
    let (of, mut export) = verify::open(&args.export)?;
    let origin = origin(&of.district, &of.log_id);
    let bad = |fault| files::bad(&args.issued, &fault);
    let note = Note::parse(&issued).map_err(bad)?;
    note.verify(&origin, &keys).map_err(bad)?;
    let heading = Heading::read(note.text).map_err(|fault| unread(args, &fault))?;
    if heading.origin != origin {
        return Err(refuted(
            format!("指标属于{}，导出属于{origin}", heading.origin),
            format!("the figure is of {}, the export of {origin}", heading.origin),
        ));
    }
    let checkpoint = Checkpoint::open(&heading.checkpoint.note, &origin, &keys).map_err(bad)?;
    if heading.known_at_position > checkpoint.size {
        return Err(refuted(
            format!("指标依据的位置{}不在其检查点之内", heading.known_at_position),
            format!("position {} is not covered by the figure's own checkpoint", heading.known_at_position),
        ));
    }
    let mut fold = Fold::default();
    verify::audit(&args.export, &mut export, vec![checkpoint.clone()], &mut |record, _| fold.take(record))?;
    let registry = fold.registry.map_err(|what| {
        Trouble::Said(Say::new(
            format!("本程序无法读取导出中的记录：{what}"),
            format!("this program can't read a record: {what}"),
        ))
    })?;
    let day = Day::parse_iso(&heading.as_of).map_err(|_| unread(args, &IssueFault::Json("as_of".to_owned())))?;
    let policy = policy(&heading, &registry, day)?;
    let again = heading.document(&registry, day, policy.as_ref().map(|file| &file.policy));
    let again = again.map_err(|fault| unread(args, &fault))?;
    if let Some(line) = first_difference(note.text, &again) {
        return Err(refuted(
            format!("{}：重算结果与签发的不同，自第{line}行起", args.issued.display()),
            format!("{}: made again, it differs from line {line} on", args.issued.display()),
        ));
    }
    Ok(Report::of(
        json!({
            "holds": true,
            "figure": heading.kind.key(),
            "origin": origin,
            "as_of": heading.as_of,
            "known_at_position": heading.known_at_position,
            "checkpoint_size": checkpoint.size,
            "bytes": again.len(),
        }),
        lang,
    ))
}

/// The registry as the records of an export give it, or why one can't be read.
struct Fold {
    registry: Result<Registry, String>,
}

impl Default for Fold {
    fn default() -> Self {
        Self { registry: Ok(Registry::default()) }
    }
}

impl Fold {
    fn take(&mut self, record: &Record) {
        let Ok(registry) = &mut self.registry else { return };
        let decoded = codec::decode(record.event_type, record.schema_version, &record.payload);
        match (decoded, Day::from_days(record.effective_days)) {
            (Ok((event, documents)), Some(day)) => {
                let (position, start) = (record.position, record.command_start());
                registry.evolve(Recorded { position, start, day, event, documents });
            }
            (Err(fault), _) => self.registry = Err(format!("{}: {fault}", record.position)),
            (_, None) => self.registry = Err(format!("{}: its date is out of range", record.position)),
        }
    }
}

/// The policy that the heading names, as it was in force: its text is in the log.
fn policy(heading: &Heading, registry: &Registry, day: Day) -> Result<Option<PolicyFile>, Trouble> {
    let Some(by) = &heading.policy else { return Ok(None) };
    let as_of = AsOf { day, known: heading.known_at_position };
    let found = registry.policies(as_of).find(|(id, _)| id.as_str() == by.id);
    let found = found.filter(|(_, published)| {
        published.position == by.position && hex::encode(published.published.sha256) == by.sha256
    });
    let Some((_, published)) = found else {
        return Err(refuted(
            format!("指标所称的政策{}不是当时有效的", by.id),
            format!("the policy {} that the figure names was not the one in force", by.id),
        ));
    };
    let unread = |_| {
        Trouble::Said(Say::new(
            format!("本程序无法读取政策{}", by.id),
            format!("this program can't read the policy {}", by.id),
        ))
    };
    parse(&published.published.text).map(Some).map_err(unread)
}

fn unread(args: &RecomputeArgs, fault: &IssueFault) -> Trouble {
    let place = args.issued.display();
    let zh = match fault {
        IssueFault::Version { found, have, .. } => {
            format!("{place}：由第{found}版算法得出，本程序为第{have}版，无法重算")
        }
        IssueFault::NoPolicy | IssueFault::Json(_) => format!("{place}：不是签发的指标"),
    };
    Trouble::Said(Say::new(zh, format!("{place}: {fault}")))
}

/// Number of the first line that differs; none: the texts are the same bytes.
fn first_difference(one: &str, other: &str) -> Option<usize> {
    if one == other {
        return None;
    }
    let same = one.split('\n').zip(other.split('\n')).take_while(|(one, other)| one == other).count();
    Some(same + 1)
}
