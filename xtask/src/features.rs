//! The features of a package.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use cargo_metadata::MetadataCommand;

/// Lists of features, each separated by commas: none, and the default ones without each.
pub(crate) fn without_each(root: &Path, package: &str) -> Result<Vec<String>> {
    let metadata = MetadataCommand::new().current_dir(root).no_deps().exec()?;
    let mut packages = metadata.packages.iter();
    let found = packages.find(|found| found.name.as_str() == package);
    let found = found.with_context(|| format!("there is no package {package}"))?;
    let default = found.features.get("default").map(Vec::as_slice).unwrap_or_default();
    ensure!(!default.is_empty(), "{package} has no default features");
    let mut lists = vec![String::new()];
    for left_out in default {
        let kept: Vec<&str> =
            default.iter().filter(|&feature| feature != left_out).map(String::as_str).collect();
        lists.push(kept.join(","));
    }
    Ok(lists)
}
