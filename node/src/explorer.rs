//! The page for browsers: files that are part of the program, and how they are served.

use jsonrpsee::server::{HttpBody, HttpResponse};

/// What the page may do: run and load what the node serves, and talk to it. Nothing from elsewhere, and no
/// script or style within the page.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
                      img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const SCRIPT: &str = "text/javascript; charset=utf-8";
const STYLE: &str = "text/css; charset=utf-8";
const HTML: &str = "text/html; charset=utf-8";

macro_rules! files {
    ($($path:literal: $kind:expr, $name:literal;)*) => {
        /// Path, type and contents of each file.
        const FILES: &[(&str, &str, &str)] =
            &[$(($path, $kind, include_str!(concat!("../explorer/", $name)))),*];
    };
}

files! {
    "/": HTML, "index.html";
    "/explorer/style.css": STYLE, "style.css";
    "/explorer/dom.js": SCRIPT, "dom.js";
    "/explorer/eventlist.js": SCRIPT, "eventlist.js";
    "/explorer/format.js": SCRIPT, "format.js";
    "/explorer/functions.js": SCRIPT, "functions.js";
    "/explorer/interfaces.js": SCRIPT, "interfaces.js";
    "/explorer/live.js": SCRIPT, "live.js";
    "/explorer/main.js": SCRIPT, "main.js";
    "/explorer/rpc.js": SCRIPT, "rpc.js";
    "/explorer/search.js": SCRIPT, "search.js";
    "/explorer/sender.js": SCRIPT, "sender.js";
    "/explorer/transactions.js": SCRIPT, "transactions.js";
    "/explorer/values.js": SCRIPT, "values.js";
    "/explorer/views/account.js": SCRIPT, "views/account.js";
    "/explorer/views/accounts.js": SCRIPT, "views/accounts.js";
    "/explorer/views/block.js": SCRIPT, "views/block.js";
    "/explorer/views/blocks.js": SCRIPT, "views/blocks.js";
    "/explorer/views/deploy.js": SCRIPT, "views/deploy.js";
    "/explorer/views/events.js": SCRIPT, "views/events.js";
    "/explorer/views/transaction.js": SCRIPT, "views/transaction.js";
}

/// The file at a path of the page; `None` for all other paths.
pub(crate) fn file(path: &str) -> Option<HttpResponse> {
    let (_, kind, text) = FILES.iter().find(|(name, _, _)| *name == path)?;
    let response = HttpResponse::builder()
        .header("content-type", *kind)
        .header("content-security-policy", POLICY)
        .header("x-content-type-options", "nosniff")
        .header("referrer-policy", "no-referrer")
        .header("cache-control", "no-cache")
        .body(HttpBody::from(*text));
    Some(response.expect("the headers are constants"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_is_small_and_complete() {
        let bytes: usize = FILES.iter().map(|(_, _, text)| text.len()).sum();
        assert!(bytes < 300_000, "{bytes}");
        for (path, _, text) in FILES {
            assert!(file(path).is_some());
            assert!(!text.contains("innerHTML") && !text.contains("http://"), "{path}");
            // what a script imports is there
            for line in text.lines().filter(|line| line.starts_with("import ")) {
                let name = line.split('"').nth(1).expect("an import names a file");
                let folder = path.rsplit_once('/').expect("paths begin with /").0;
                let whole = match name.strip_prefix("../") {
                    Some(name) => {
                        format!("{}/{name}", folder.rsplit_once('/').expect("it is nested").0)
                    }
                    None => format!("{folder}/{}", name.trim_start_matches("./")),
                };
                assert!(file(&whole).is_some(), "{path} imports {whole}");
            }
        }
        assert!(file("/explorer/../Cargo.toml").is_none());
    }

    #[test]
    fn each_file_of_the_folder_is_served() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("explorer");
        let count = |folder: &std::path::Path| {
            let entries = std::fs::read_dir(folder).expect("the folder is there");
            entries.filter(|entry| entry.as_ref().is_ok_and(|it| it.path().is_file())).count()
        };
        assert_eq!(count(&folder) + count(&folder.join("views")), FILES.len());
    }
}
