//! Why one entitlement is what it is. A tree of thousands of receipts is told in parts: a node has so many children at most,
//! an answer so many nodes, and where something is left out there is a token for it.

use super::seen::Seen;
use super::wire;
use crate::domain::{Reason, Refusal};
use crate::grpc::Districts;
use crate::grpc::convert::Reader;
use crate::grpc::page::{Listing, Page};
use crate::grpc::read::{View, wait_of};
use crate::grpc::status;
use crate::policy::{Beneficiary, Node, Scheme, Told};
use crate::projections::standing::explain;
use crate::wire::v1;
use tonic::{Request, Response, Status};

/// Children of a node in one answer.
const CHILDREN_MAX: i32 = 200;
/// Nodes of one answer.
const NODES_MAX: usize = 2000;

impl Listing for v1::ExplainEntitlementRequest {
    fn parent(&self) -> &str {
        &self.parent
    }

    fn page_size(&self) -> i32 {
        children(self.page_size)
    }

    fn page_token(&self) -> &str {
        &self.page_token
    }

    fn filter(&self) -> &str {
        ""
    }

    fn order_by(&self) -> &str {
        ""
    }
}

/// Children of a node in one answer, as asked for.
pub fn children(page_size: i32) -> i32 {
    if page_size == 0 { CHILDREN_MAX } else { page_size.min(CHILDREN_MAX) }
}

/// Which entitlement.
struct Which {
    scheme: Scheme,
    beneficiary: Beneficiary,
    period: String,
}

/// Answers it.
pub async fn run(
    districts: &Districts,
    request: Request<v1::ExplainEntitlementRequest>,
) -> Result<Response<v1::ExplainEntitlementResponse>, Status> {
    let wait = wait_of(request.metadata());
    let ask = request.into_inner();
    let (engine, ((page, which), policy)) = {
        let mut reader = Reader::new(districts);
        let parent = reader.parent("parent", &ask.parent);
        let policy = reader.optional_policy("policy", &ask.policy);
        let which = reader.which(&ask);
        let cut = format!("{}\0{}\0{}\0{}", ask.policy, ask.scheme, ask.beneficiary, ask.period);
        let page = reader.page("explanation", "", cut.as_bytes(), &ask);
        reader.finish(parent.and(page.zip(which).zip(policy)))?
    };
    let view = page.view(engine, wait).await?;
    let kept = districts.clone();
    let drawn = view.draw(districts, move |view| {
        let basis = kept.kept().basis(view, policy.as_ref())?;
        let wanted = (which.scheme, &which.beneficiary, which.period.as_str());
        let cut = Cut::of(&page)?;
        let told = Some(Told { size: page.size(), from: cut.from, path: &cut.path });
        // What is not the caller's to see is as if it were not there.
        let seen = Seen::by(view);
        if !seen.sees(which.scheme, &which.beneficiary, &which.period) {
            return Err(unknown(&which, basis.day()));
        }
        let explained = explain(&view.whole.registry, &basis.file.policy, basis.as_of, wanted, told);
        let told = explained.ok_or_else(|| unknown(&which, basis.day()))?;
        let district = view.scene().district;
        Ok::<_, Status>(v1::ExplainEntitlementResponse {
            entitlement: Some(seen.wire(district, &told.standing)),
            tree: Some(part(&page, view, &told.tree)?),
            stacking: told
                .stacking
                .as_ref()
                .filter(|_| view.sees.scope().is_none())
                .map(|node| wire::whole_node(district, node)),
            basis: Some(basis.wire(district)),
        })
    });
    Ok(Response::new(drawn.await??))
}

fn unknown(which: &Which, day: crate::domain::Day) -> Status {
    let Which { scheme, beneficiary, period } = which;
    let message = format!("there is no {} of {beneficiary} for {period:?} on {day}", scheme.key());
    status::refused(&Refusal::new(Reason::UnknownEntitlement, message))
}

impl Reader<'_> {
    fn which(&mut self, ask: &v1::ExplainEntitlementRequest) -> Option<Which> {
        let scheme = self.word("scheme", ask.scheme, wire::scheme);
        let (field, name) = ("beneficiary", &ask.beneficiary);
        let beneficiary = match name.split('/').nth(2) {
            Some("incubators") => self.incubator(field, name).map(Beneficiary::Incubator),
            Some("intermediaries") => self.intermediary(field, name).map(Beneficiary::Intermediary),
            Some("platforms") => self.platform(field, name).map(Beneficiary::Platform),
            Some("instruments") => self.instrument(field, name).map(Beneficiary::Instrument),
            _ => self.firm(field, name).map(Beneficiary::Firm),
        };
        let period = self.optional_text("period", &ask.period);
        Some(Which { scheme: scheme?, beneficiary: beneficiary?, period: period? })
    }
}

/// Where a part of a tree begins: at which node, and from which of its children on.
#[derive(Default)]
struct Cut {
    path: Vec<usize>,
    from: usize,
}

impl Cut {
    fn of(page: &Page) -> Result<Self, Status> {
        let Some((path, from)) = page.after().split_once('/') else { return Ok(Self::default()) };
        let number = |text: &str| text.parse::<usize>().map_err(|_| gone());
        let path = path.split('.').filter(|place| !place.is_empty()).map(number).collect::<Result<_, _>>()?;
        Ok(Self { path, from: number(from)? })
    }
}

/// The part of the tree that is asked for: all from the root, or a node's further children.
pub fn part(page: &Page, view: &View, root: &Node) -> Result<v1::ExplanationNode, Status> {
    let Cut { path, from } = Cut::of(page)?;
    let mut node = root;
    for place in &path {
        node = node.children.get(*place).ok_or_else(gone)?;
    }
    Ok(Telling { page, view, left: NODES_MAX, path }.tell(node, from))
}

/// A token is of one position and one text, so its node is there unless the program reads it otherwise than the one before.
fn gone() -> Status {
    status::fault(Reason::MalformedPageToken, "page_token", "the tree is not the one that this token was given for")
}

struct Telling<'a> {
    page: &'a Page,
    view: &'a View,
    left: usize,
    path: Vec<usize>,
}

impl Telling<'_> {
    fn tell(&mut self, node: &Node, from: usize) -> v1::ExplanationNode {
        let mut told = wire::node(self.view.scene().district, node);
        let mut next = from;
        for child in node.children.iter().skip(from).take(self.page.size()) {
            if self.left == 0 {
                break;
            }
            self.left -= 1;
            self.path.push(next);
            told.children.push(self.tell(child, 0));
            self.path.pop();
            next += 1;
        }
        if next < node.children.len() {
            let path: Vec<String> = self.path.iter().map(usize::to_string).collect();
            told.next_children_token = self.page.token(self.view, format!("{}/{next}", path.join(".")));
        }
        told
    }
}
