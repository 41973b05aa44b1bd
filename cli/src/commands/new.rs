//! `bessemer new`: a project with a contract that works.

use std::fs;
use std::path::{Path, PathBuf};

use clap::ValueEnum;
use serde_json::json;

use crate::support::failure::Failure;
use crate::support::output::Output;

/// Makes a folder with a contract, its tests, and everything that building it needs.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Args {
    /// The folder, whose name is that of the contract
    path: PathBuf,
    /// What to start from
    #[arg(long, value_enum, default_value = "counter")]
    template: Template,
    /// The folder of bessemer-sdk; that of the clone that this tool was built from, if it is still
    /// there, else the published version
    #[arg(long, value_name = "FOLDER")]
    sdk_path: Option<PathBuf>,
}

const AFTER_HELP: &str = "\
Templates are part of the tool: nothing is downloaded. The first build may fetch
crates that the SDK uses, unless they are there already.

Examples:
  bessemer new counter
  bessemer new gold --template token
  bessemer new counter --sdk-path ../bessemer/sdk
";

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Template {
    /// Counts, and only its owner may start again
    Counter,
    /// A fungible token, ERC-20
    Token,
}

/// Makes the project that `args` describe.
pub(crate) fn run(args: &Args, output: Output) -> Result<u8, Failure> {
    let path = &args.path;
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    check_name(name)?;
    if path.exists() {
        return Err(Failure::Usage(format!(
            "{} exists already: choose another name, or remove it",
            path.display()
        )));
    }
    let sdk = Sdk::find(args.sdk_path.as_deref())?;
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    let parent = parent.unwrap_or(Path::new("."));
    // the folder appears complete or not at all
    let staging = tempfile::Builder::new()
        .prefix(".bessemer-new-")
        .tempdir_in(parent)
        .map_err(|source| Failure::file("make a folder in", parent, source))?;
    let project = staging.path().join(name);
    for (file, text) in args.template.files(name, &sdk) {
        let file = project.join(file);
        let folder = file.parent().unwrap_or(&project);
        fs::create_dir_all(folder)
            .and_then(|()| fs::write(&file, text))
            .map_err(|source| Failure::file("write", &file, source))?;
    }
    fs::rename(&project, path).map_err(|source| Failure::file("make", path, source))?;
    if output.json {
        output.document(&json!({
            "schema": "bessemer.new/1",
            "path": path.display().to_string(),
            "template": args.template.name(),
            "sdk": sdk.dependency(),
        }))?;
    } else {
        output.text(format!("{}\n", path.display()))?;
        let commands = args.template.commands(name).replace("$ ", "  ");
        output.note(format_args!("next:\n  cd {}\n  bessemer test\n{commands}", path.display()));
    }
    Ok(0)
}

/// Where the SDK comes from.
struct Sdk {
    folder: Option<PathBuf>,
}

impl Sdk {
    fn find(asked: Option<&Path>) -> Result<Self, Failure> {
        if let Some(folder) = asked {
            if !folder.join("bessemer.ld").is_file() {
                return Err(Failure::Usage(format!(
                    "--sdk-path: {} is not the folder of bessemer-sdk",
                    folder.display()
                )));
            }
            let folder =
                folder.canonicalize().map_err(|source| Failure::file("find", folder, source))?;
            return Ok(Self { folder: Some(folder) });
        }
        let built = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../sdk"));
        let folder =
            built.canonicalize().ok().filter(|folder| folder.join("bessemer.ld").is_file());
        Ok(Self { folder })
    }

    /// The contents of the manifest.
    fn dependency(&self) -> String {
        match &self.folder {
            // a literal string, in which nothing is escaped, unless the path has its delimiter
            Some(folder) => match folder.display().to_string() {
                path if path.contains('\'') => {
                    format!("{{ path = {path:?}, default-features = false }}")
                }
                path => format!("{{ path = '{path}', default-features = false }}"),
            },
            None => {
                let version = env!("CARGO_PKG_VERSION");
                format!("{{ version = \"{version}\", default-features = false }}")
            }
        }
    }

    /// The versions that the SDK's own contracts are built with, so that nothing newer is fetched.
    fn lock(&self) -> Option<String> {
        fs::read_to_string(self.folder.as_ref()?.join("../contracts/Cargo.lock")).ok()
    }
}

impl Template {
    fn name(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Token => "token",
        }
    }

    /// The sources are those of the contracts that the repository builds and tests.
    fn sources(self) -> (&'static str, Vec<(&'static str, &'static str)>) {
        match self {
            Self::Counter => (
                "Counter",
                vec![("src/lib.rs", include_str!("../../../contracts/counter/src/lib.rs"))],
            ),
            Self::Token => (
                "Erc20",
                vec![
                    ("src/lib.rs", include_str!("../../../contracts/erc20/src/lib.rs")),
                    ("src/tests.rs", include_str!("../../../contracts/erc20/src/tests.rs")),
                ],
            ),
        }
    }

    /// Commands to go on with, a line each.
    fn commands(self, name: &str) -> String {
        let lines: &[&str] = match self {
            Self::Counter => &["deploy {}", "call {} add --by 3", "query {} get"],
            Self::Token => &[
                "deploy {} --name Gold --symbol GLD --decimals 18 --supply 1e24",
                "call {} transfer --to bob --value 5e18",
                "query {} balanceOf bob",
            ],
        };
        let lines = lines.iter().map(|line| format!("$ bessemer {}", line.replace("{}", name)));
        lines.collect::<Vec<_>>().join("\n")
    }

    fn files(self, name: &str, sdk: &Sdk) -> Vec<(String, String)> {
        let (contract, sources) = self.sources();
        let fill = |text: &str| {
            text.replace("{{name}}", name)
                .replace("{{crate}}", &name.replace('-', "_"))
                .replace("{{contract}}", contract)
                .replace("{{sdk}}", &sdk.dependency())
                .replace("{{commands}}", &self.commands(name))
        };
        let mut files = vec![
            ("Cargo.toml".to_owned(), fill(include_str!("../../templates/manifest.toml"))),
            (".cargo/config.toml".to_owned(), fill(include_str!("../../templates/config.toml"))),
            (".gitignore".to_owned(), fill(include_str!("../../templates/gitignore"))),
            // a folder with nothing in it would not do: cargo looks for packages there
            ("contracts/README.md".to_owned(), fill(include_str!("../../templates/contracts.md"))),
            ("README.md".to_owned(), fill(include_str!("../../templates/README.md"))),
            ("src/main.rs".to_owned(), fill(include_str!("../../templates/main.rs"))),
        ];
        let sources = sources.into_iter().map(|(file, text)| (file.to_owned(), text.to_owned()));
        files.extend(sources);
        files.extend(sdk.lock().map(|lock| ("Cargo.lock".to_owned(), lock)));
        files
    }
}

/// Checks that cargo accepts the name for a package, Rust for a crate, and the tool for a contract.
fn check_name(name: &str) -> Result<(), Failure> {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_' || c == '-';
    let begins = name.starts_with(|c: char| c.is_ascii_lowercase());
    if !begins || !name.chars().all(fits) {
        return Err(Failure::Usage(format!(
            "`{name}` is not a name for a contract: use lower-case letters, digits, - and _"
        )));
    }
    // crates that the contract uses, words of Rust, and users of local chains
    let taken = ["core", "alloc", "std", "test", "main", "self", "super", "crate", "bessemer-sdk"];
    let word =
        ["as", "fn", "if", "in", "let", "mod", "use", "pub", "type", "impl", "enum", "struct"];
    if taken.contains(&name) || word.contains(&name) || crate::support::names::USERS.contains(&name)
    {
        return Err(Failure::Usage(format!("`{name}` is a reserved word: choose another name")));
    }
    Ok(())
}
