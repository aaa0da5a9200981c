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
        let request_id = $crate::ctl::write::request_id(&$deed.act);
        let request = v1::$request {
            $($field: $value,)*
            request_id: request_id.clone(),
            etag: $deed.etag,
            validate_only: $deed.act.validate_only,
            documents: $deed.act.documents,
        };
        match $session.$service().$method(request).await {
            Err(status) => Err($crate::ctl::trouble::Trouble::Request { status: Box::new(status), request_id }),
            Ok(reply) => {
                let reply = reply.into_inner();
                let resource = reply.$resource.as_ref();
                let resource = resource.map_or(serde_json::Value::Null, |it| $crate::ctl::message::json($type, it));
                Ok($crate::ctl::write::Written {
                    request_id,
                    validate_only: $deed.act.validate_only,
                    position: reply.position,
                    duplicate: reply.duplicate,
                    warnings: reply.warnings,
                    resource: (stringify!($resource), resource),
                })
            }
        }
    }};
}
pub(super) use deed;
