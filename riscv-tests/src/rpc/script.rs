//! The form of the files: lines `>>` with a request, lines `<<` with its answer, comments `//`.

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

/// A file.
pub(super) struct Script {
    /// Whether only the shape of answers is compared.
    pub(super) shape_only: bool,
    pub(super) exchanges: Vec<Exchange>,
}

/// A request, and the answer that is expected.
pub(super) struct Exchange {
    pub(super) request: String,
    pub(super) answer: Value,
}

impl Script {
    pub(super) fn parse(text: &str) -> Result<Self> {
        let mut script = Self { shape_only: false, exchanges: Vec::new() };
        let mut request: Option<String> = None;
        for (index, line) in text.lines().map(str::trim).enumerate() {
            let number = index + 1;
            if let Some(comment) = line.strip_prefix("//") {
                script.shape_only |= comment.trim_start().starts_with("speconly");
            } else if let Some(json) = line.strip_prefix(">>") {
                ensure!(request.is_none(), "line {number}: a second request without an answer");
                request = Some(json.trim().to_owned());
            } else if let Some(json) = line.strip_prefix("<<") {
                let request = request
                    .take()
                    .with_context(|| format!("line {number}: an answer to nothing"))?;
                let answer = serde_json::from_str(json)
                    .with_context(|| format!("line {number}: the answer is not JSON"))?;
                script.exchanges.push(Exchange { request, answer });
            } else if !line.is_empty() {
                bail!("line {number}: neither a request, nor an answer, nor a comment");
            }
        }
        ensure!(request.is_none(), "the last request has no answer");
        ensure!(!script.exchanges.is_empty(), "the file has no request");
        Ok(script)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_read_and_damaged_ones_refused() {
        let script =
            Script::parse("// a test\n// speconly: x\n>> {}\n<< {\"result\":1}\n").unwrap();
        assert!(script.shape_only);
        assert_eq!(script.exchanges.len(), 1);
        for damaged in ["", ">> {}", "<< {}", ">> {}\n>> {}", ">> {}\n<< {", "x"] {
            assert!(Script::parse(damaged).is_err(), "{damaged:?}");
        }
    }
}
