//! `bessemer size`: how many bytes each part of an image has.

use std::collections::BTreeMap;

use bessemer_image::{Limits, Program};
use object::{Object, ObjectSymbol, SymbolKind};
use serde_json::{Value, json};

use crate::support::abi::{Interface, printable};
use crate::support::build::Image;
use crate::support::failure::Failure;
use crate::support::functions::Functions;
use crate::support::images;
use crate::support::output::{self, Output, TITLE, grouped};
use crate::support::program::File;

/// Shows how large contracts are: parts of the image, crates, and the largest functions.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Args {
    /// Packages of the project or paths of images; all of the project unless said
    contracts: Vec<String>,
    /// How many functions are shown
    #[arg(long, value_name = "COUNT", default_value_t = 10)]
    functions: usize,
}

const AFTER_HELP: &str = "\
The whole file is stored on the chain and paid for by the byte. Crates and
functions are known of contracts that were built here, and instructions and gas of
those whose `bessemer test` ran.

Examples:
  bessemer size
  bessemer size token --functions 30
  bessemer size contracts/images/elf/erc20.elf --json
";

/// Shows the sizes that `args` name.
pub(crate) fn run(args: &Args, output: Output) -> Result<u8, Failure> {
    let images = images::all(&args.contracts, output)?;
    let sizes = images.iter().map(Sizes::of).collect::<Result<Vec<_>, _>>()?;
    if output.json {
        let list: Vec<_> = sizes.iter().map(Sizes::to_json).collect();
        output.document(&json!({ "schema": "bessemer.size/1", "contracts": list }))?;
    } else {
        output.text(sizes.iter().map(|sizes| sizes.to_text(args.functions)).collect::<String>())?;
    }
    Ok(0)
}

struct Sizes {
    name: String,
    /// Bytes of the image by part.
    parts: Vec<(&'static str, usize)>,
    file: usize,
    /// Bytes of code, the largest first.
    functions: Vec<(String, u64)>,
    /// Costs of functions in the last tests of this image.
    taken: Functions,
}

impl Sizes {
    fn of(image: &Image) -> Result<Self, Failure> {
        let elf = &image.file.bytes;
        let program = Program::parse(elf, &Limits::contract())
            .map_err(|error| Failure::program(&image.file.path, error.into()))?;
        let text = program.text().bytes().len();
        let loaded: usize = program.segments().iter().map(|segment| segment.bytes.len()).sum();
        let interface = Interface::of_image(elf).and_then(Result::ok);
        let interface = interface.map_or(0, |interface| interface.json.len());
        let data = loaded.saturating_sub(text);
        let rest = elf.len().saturating_sub(text + data + interface);
        let debug = image.debug.as_ref().map(|path| File::read(path)).transpose()?;
        let functions = debug.map(|file| functions(&file.bytes)).unwrap_or_default();
        Ok(Self {
            name: image.name.clone(),
            parts: vec![
                ("code", text),
                ("data", data),
                ("interface", interface),
                ("headers", rest),
            ],
            file: elf.len(),
            functions,
            taken: Functions::read(image),
        })
    }

    /// Bytes of code by crate, the largest first.
    fn crates(&self) -> Vec<(String, u64)> {
        let mut crates = BTreeMap::new();
        for (function, bytes) in &self.functions {
            *crates.entry(crate_of(function)).or_insert(0) += bytes;
        }
        let mut crates: Vec<_> = crates.into_iter().collect();
        crates.sort_by_key(|(_, bytes)| std::cmp::Reverse(*bytes));
        crates
    }

    fn to_text(&self, most: usize) -> String {
        let mut text =
            format!("{TITLE}{}{TITLE:#}  {} bytes\n", self.name, grouped(self.file as u64));
        let parts = self.parts.iter().map(|(name, bytes)| [grouped(*bytes as u64), (*name).into()]);
        text.push_str(&output::table(parts));
        for (title, list) in [("crates", self.crates()), ("functions", self.functions.clone())] {
            if list.is_empty() {
                continue;
            }
            text.push_str(&format!("{title}, bytes of code\n"));
            let rows =
                list.iter().take(most).map(|(name, bytes)| [grouped(*bytes), printable(name)]);
            text.push_str(&output::table(rows));
        }
        if !self.taken.is_empty() {
            text.push_str("in the last `bessemer test`\n");
            text.push_str(&self.taken.table());
        }
        text
    }

    fn to_json(&self) -> Value {
        let parts: serde_json::Map<_, _> =
            self.parts.iter().map(|(name, bytes)| ((*name).to_owned(), (*bytes).into())).collect();
        let list = |list: &[(String, u64)]| -> Vec<Value> {
            list.iter().map(|(name, bytes)| json!({ "name": name, "bytes": bytes })).collect()
        };
        json!({
            "name": self.name,
            "size": self.file,
            "parts": parts,
            "crates": list(&self.crates()),
            "functions": list(&self.functions),
            "tested": self.taken.to_json(),
        })
    }
}

/// Functions with their sizes, the largest first.
fn functions(elf: &[u8]) -> Vec<(String, u64)> {
    let Ok(file) = object::File::parse(elf) else { return Vec::new() };
    let text =
        file.symbols().filter(|symbol| symbol.kind() == SymbolKind::Text && symbol.size() > 0);
    let mut functions: Vec<_> = text
        .map(|symbol| {
            let name = symbol.name().unwrap_or("?");
            let name = addr2line::demangle_auto(name.into(), None).into_owned();
            (without_hash(&name).to_owned(), symbol.size())
        })
        .collect();
    functions.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    functions
}

/// A name without the compiler's hash behind it.
fn without_hash(name: &str) -> &str {
    match name.rsplit_once("::h") {
        Some((name, hash)) if hash.len() == 16 => name,
        _ => name,
    }
}

/// The crate of a function: the first word of its path.
fn crate_of(function: &str) -> String {
    let path = function.trim_start_matches(['<', '&', '*', '(']);
    let end = path.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(path.len());
    match path.get(end..end + 2) {
        Some("::") => path[..end].to_owned(),
        _ => "(others)".to_owned(),
    }
}
