//! Acts about money: steps of claims, budgets, accounts, calendars. They take nothing back, and their day is that on which they
//! are recorded; what else they say is their own.

use super::write::args::Act;
use clap::Args;

/// What acts about money have in common.
#[derive(Debug, Args)]
pub struct Deed {
    /// Names of the act, its proofs.
    #[command(flatten)]
    pub act: Act,
    /// Record only if the resource still has this etag.
    #[arg(long, default_value = "", hide_default_value = true)]
    pub etag: String,
}

/// Sends an act whose own fields are given; answers `Written`.
macro_rules! deed {
    ($session:expr, $deed:expr, $service:ident.$method:ident, $request:ident { $($field:ident: $value:expr),* $(,)? },
     $resource:ident: $type:literal) => {{
        let request = v1::$request {
            $($field: $value,)*
            request_id: $crate::ctl::write::request_id(&$deed.act),
            etag: $deed.etag,
            validate_only: $deed.act.validate_only,
            documents: $deed.act.documents,
        };
        $crate::ctl::write::written!($session, $service.$method, request, $resource: $type)
    }};
}
pub(super) use deed;
