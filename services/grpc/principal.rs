//! Who asks. Until identity is built, a header names the principal; what stands before this server must set it.

use super::status;
use crate::domain::{Reason, Refusal};
use crate::engine::{PRINCIPAL_BYTES_MAX, Principal};
use tonic::Status;
use tonic::metadata::MetadataMap;

/// Header that names the principal: 1 to 128 visible ASCII characters.
pub const PRINCIPAL_HEADER: &str = "incubation-principal";
/// Header that names on whose behalf it asks; absent: for itself.
pub const ON_BEHALF_OF_HEADER: &str = "incubation-on-behalf-of";

const BYTES_MAX: usize = PRINCIPAL_BYTES_MAX;

/// The principal of a command; UNAUTHENTICATED without one.
pub fn required(metadata: &MetadataMap) -> Result<Principal, Status> {
    let refused = |reason, header: &str| {
        let message = format!("the header {header} holds 1 to {BYTES_MAX} visible ASCII characters");
        status::refused(&Refusal::new(reason, message).with("header", header))
    };
    let id =
        visible(metadata, PRINCIPAL_HEADER).flatten().ok_or_else(|| refused(Reason::NoPrincipal, PRINCIPAL_HEADER))?;
    let on_behalf_of = match visible(metadata, ON_BEHALF_OF_HEADER) {
        None => String::new(),
        Some(Some(id)) => id,
        Some(None) => return Err(refused(Reason::MalformedName, ON_BEHALF_OF_HEADER)),
    };
    Ok(Principal { id, on_behalf_of })
}

/// None: no such header; inner none: it can't be an id.
fn visible(metadata: &MetadataMap, header: &str) -> Option<Option<String>> {
    let mut values = metadata.get_all(header).iter();
    let value = values.next()?;
    let text = value.to_str().ok().filter(|text| (1..=BYTES_MAX).contains(&text.len()));
    let text = text.filter(|text| text.bytes().all(|byte| byte.is_ascii_graphic()));
    Some(text.filter(|_| values.next().is_none()).map(str::to_owned))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_of_visible_ascii_names_the_principal() {
        let mut metadata = MetadataMap::new();
        assert_eq!(required(&metadata).unwrap_err().code(), tonic::Code::Unauthenticated);
        metadata.insert(PRINCIPAL_HEADER, "clerk-7".parse().unwrap());
        assert_eq!(required(&metadata).unwrap(), Principal { id: "clerk-7".into(), on_behalf_of: String::new() });
        metadata.insert(ON_BEHALF_OF_HEADER, "bureau".parse().unwrap());
        assert_eq!(required(&metadata).unwrap().on_behalf_of, "bureau");
        metadata.insert(ON_BEHALF_OF_HEADER, "two words".parse().unwrap());
        assert_eq!(required(&metadata).unwrap_err().code(), tonic::Code::InvalidArgument);
        metadata.remove(ON_BEHALF_OF_HEADER);
        for bad in ["", "a b", &"x".repeat(129)] {
            metadata.insert(PRINCIPAL_HEADER, bad.parse().unwrap());
            assert_eq!(required(&metadata).unwrap_err().code(), tonic::Code::Unauthenticated, "{bad:?}");
        }
    }
}
