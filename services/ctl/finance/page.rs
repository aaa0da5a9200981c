//! An explanation as a page to print: one file, nothing beside it, black on white, with lines to sign on.

use crate::ctl::lang::Lang;
use crate::wire::v1;
use std::fmt::Write as _;

const STYLE: &str = "body{font:11pt/1.5 'Noto Serif CJK SC','SimSun',serif;max-width:48em;margin:2em auto;color:#000}\
h1{font-size:14pt}ul{list-style:none;margin:0;padding-left:1.4em;border-left:1px solid #bbb}li{break-inside:avoid}\
.basis,footer{font-size:9pt;color:#444}footer{margin-top:3em;display:flex;gap:6em}@page{size:A4;margin:18mm}";

/// The page.
pub fn html(heading: &str, basis: &str, trees: &[&v1::ExplanationNode], lang: Lang) -> String {
    let mut list = String::new();
    trees.iter().for_each(|tree| put(tree, &mut list));
    let (code, prepared, checked) = lang.pick(("zh-CN", "经办", "复核"), ("en", "Prepared by", "Checked by"));
    let (heading, basis) = (escaped(heading), escaped(basis));
    format!(
        "<!doctype html>\n<html lang=\"{code}\">\n<meta charset=\"utf-8\">\n<title>{heading}</title>\n\
         <style>{STYLE}</style>\n<h1>{heading}</h1>\n<p class=\"basis\">{basis}</p>\n<ul>\n{list}</ul>\n\
         <footer><span>{prepared}：</span><span>{checked}：</span></footer>\n</html>\n"
    )
}

fn put(node: &v1::ExplanationNode, out: &mut String) {
    // Writing to a text can't fail.
    let _ = write!(out, "<li>{}", escaped(&node.sentence));
    if !node.children.is_empty() {
        out.push_str("\n<ul>\n");
        node.children.iter().for_each(|child| put(child, out));
        out.push_str("</ul>\n");
    }
    out.push_str("</li>\n");
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_from_outside_are_text() {
        let child = v1::ExplanationNode { sentence: "<b>\"企业\" & 园区</b>".into(), ..Default::default() };
        let tree = v1::ExplanationNode { sentence: "合计".into(), children: vec![child], ..Default::default() };
        let page = html("a < b", "截至", &[&tree], Lang::Zh);
        assert!(page.contains("<li>合计\n<ul>\n<li>&lt;b&gt;&quot;企业&quot; &amp; 园区&lt;/b&gt;</li>"), "{page}");
        assert!(page.contains("<title>a &lt; b</title>"));
    }
}
