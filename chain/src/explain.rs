//! Receipts in words.

use std::fmt::Write;

use bessemer_types::revert::Revert;

use crate::receipt::{Failure, Receipt, Status};

/// One sentence that says how a transaction ended, and why if it failed.
///
/// Names of functions are those of the contract's symbols; revert data of other kinds than
/// `Error(string)` and `Panic(uint256)` is shown as it is.
pub fn sentence(receipt: &Receipt) -> String {
    if let Some(reason) = &receipt.diagnosis.refused {
        return format!("the transaction did nothing: {reason}");
    }
    let mut text = format!("{} {}", receipt.to, receipt.status);
    match receipt.diagnosis.failures.last() {
        Some(last) if last.depth == 1 => describe(&mut text, last, &receipt.output),
        Some(last) => describe(&mut text, last, &last.excerpt),
        None => describe_output(&mut text, receipt.status, &receipt.output),
    }
    if let [first, .., _] = receipt.diagnosis.failures.as_slice() {
        text.push_str(", after ");
        let _ = write!(text, "{} {}", first.contract, first.status);
        describe(&mut text, first, &first.excerpt);
        let _ = write!(text, " at call depth {}", first.depth);
    }
    text
}

fn describe(text: &mut String, failure: &Failure, output: &[u8]) {
    if let Some(trap) = &failure.trap {
        let _ = write!(text, ": {trap}");
    }
    describe_output(text, failure.status, output);
    if let Some(function) = &failure.function {
        let _ = write!(text, " in {function}");
    }
}

fn describe_output(text: &mut String, status: Status, output: &[u8]) {
    if status != Status::Revert || output.is_empty() {
        return;
    }
    match Revert::decode(output) {
        Some(Revert::Error(message)) => {
            let _ = write!(text, ": {message}");
            return;
        }
        Some(Revert::Panic(code)) => {
            let _ = write!(text, ": panic {code:#x}");
            return;
        }
        None => {}
    }
    let shown = &output[..output.len().min(68)];
    let _ = write!(text, ": {}", hex::encode_prefixed(shown));
    if output.len() > 68 {
        let _ = write!(text, "... ({} bytes)", output.len());
    }
}
