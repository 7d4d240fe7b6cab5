//! The public page of the process, and what machines read of it, made from the configuration: so page and behaviour cannot
//! differ.

mod process;
mod rules;
mod security_txt;

pub use process::Process;
pub use rules::{Rule, rules};
pub use security_txt::{SecurityTxtError, security_txt};

/// The page as Markdown; it can be a project's SECURITY.md.
pub fn markdown(process: &Process) -> String {
    let mut text = format!("# Security process of {}\n", inert(&process.project));
    let mut chapter = "";
    for rule in rules(process) {
        if rule.chapter != chapter {
            chapter = rule.chapter;
            text.push_str(&format!("\n## {chapter}\n"));
        }
        text.push_str(&format!("\n{}\n", rule.text));
    }
    text
}

/// The page as a whole HTML document without scripts.
pub fn html(process: &Process) -> String {
    let markdown = markdown(process);
    let mut body = String::new();
    pulldown_cmark::html::push_html(&mut body, pulldown_cmark::Parser::new(&markdown));
    let title = escaped(&format!("Security process of {}", process.project));
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>{title}</title>\n</head>\n<body>\n<main>\n\
         {body}</main>\n</body>\n</html>\n"
    )
}

/// Text of the configuration within Markdown: nothing of it is markup.
pub(crate) fn inert(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        if "\\`*_{}[]<>()#+!|~&".contains(c) {
            out.push('\\');
        }
        out.push(if c.is_control() { ' ' } else { c });
    }
    out
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
