//! Explanations redone: what a tree says must follow from its leaves alone.

use incubator_registry::domain::{AsOf, Day, Registry};
use incubator_registry::policy::{Evaluation, Exact, Explained, Node, Policy, Source, Step};

/// What a node's value is by its children alone; `None` for grounds. Written from the words of `Step`, not from the code
/// that builds the tree.
pub fn redo(node: &Node) -> Option<Exact> {
    let values: Vec<Exact> = node.children.iter().filter_map(redo).collect();
    let value = match node.step {
        Step::Given => node.value.unwrap(),
        Step::Ground => return None,
        Step::Sum => values.iter().fold(Exact::ZERO, |sum, value| sum.plus(*value)),
        Step::Product => values.iter().fold(Exact::whole(1), |product, value| product.times(*value)),
        Step::Quotient => values[0].times(Exact::new(values[1].denominator(), values[1].numerator())),
        Step::AtLeastZero => values[0].max(Exact::ZERO),
        Step::HalfUp => {
            let (n, d) = (values[0].numerator(), values[0].denominator());
            Exact::whole((2 * n + d).div_euclid(2 * d))
        }
        Step::Least => values.iter().copied().min().unwrap(),
        Step::Remainder => {
            let rest = values[1..].iter().fold(values[0], |left, used| left.plus(used.negated()));
            rest.max(Exact::ZERO)
        }
        Step::Split { place } => split(values[0].numerator(), &values[1..])[place],
        Step::Outcome => values.first().copied().unwrap_or(Exact::ZERO),
    };
    assert_eq!(node.value, Some(value), "{node:#?}");
    Some(value)
}

/// Hands fen out one by one to whoever is furthest below its exact part.
fn split(total: i128, weights: &[Exact]) -> Vec<Exact> {
    let sum = weights.iter().fold(Exact::ZERO, |sum, weight| sum.plus(*weight));
    let exact = |weight: &Exact| weight.times(Exact::new(total, sum.numerator()));
    let floor = |value: Exact| value.numerator().div_euclid(value.denominator());
    let mut parts: Vec<i128> = weights.iter().map(|weight| floor(exact(weight))).collect();
    while parts.iter().sum::<i128>() < total {
        let below = |at: &usize| exact(&weights[*at]).plus(Exact::whole(-parts[*at]));
        let at = (0..parts.len()).max_by(|a, b| below(a).cmp(&below(b)).then(b.cmp(a))).unwrap();
        parts[at] += 1;
    }
    parts.into_iter().map(Exact::whole).collect()
}

fn facts(node: &Node, found: &mut Vec<(u64, Day)>) {
    if let Source::Fact { position, day } = node.source {
        found.push((position, day));
    }
    assert!(!node.sentence.is_empty());
    node.children.iter().for_each(|child| facts(child, found));
}

/// Every amount of a district on a day follows from its own tree, whose facts stand where it says.
pub fn follows(registry: &Registry, policy: &Policy, as_of: AsOf) {
    let evaluation = Evaluation::new(registry, policy, as_of);
    let explained = evaluation.all_explained();
    let lines: Vec<_> = explained.iter().map(|e| e.entitlement.clone()).collect();
    assert_eq!(lines, evaluation.all());
    for Explained { entitlement, tree } in &explained {
        assert_eq!(tree.step, Step::Outcome);
        assert_eq!(redo(tree), Some(Exact::whole(entitlement.amount_fen)), "{}", tree.sentence);
        let mut named = Vec::new();
        facts(tree, &mut named);
        assert!(!named.is_empty(), "{}", tree.sentence);
        for (position, day) in named {
            let entry = registry.entry_at(position).unwrap();
            assert_eq!(entry.day, day, "{position}");
            assert!(as_of.sees(&entry) || day > as_of.day, "{position}");
        }
    }
}

/// A tree as indented sentences.
pub fn told(node: &Node) -> String {
    fn write(node: &Node, depth: usize, text: &mut String) {
        text.push_str(&format!("{}{}\n", "  ".repeat(depth), node.sentence));
        node.children.iter().for_each(|child| write(child, depth + 1, text));
    }
    let mut text = String::new();
    write(node, 0, &mut text);
    text
}
