//! `bessemer new`: a project with a contract that works.

use std::fs;
use std::path::{Path, PathBuf};

use clap::ValueEnum;
use serde_json::json;

use crate::support::failure::Failure;
use crate::support::output::Output;
use crate::support::vendored;

/// Makes a folder with a contract, its tests, and everything that building it needs.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Args {
    /// The folder, whose name is that of the contract
    path: PathBuf,
    /// What to start from
    #[arg(long, value_enum, default_value = "counter")]
    template: Template,
    #[command(flatten)]
    source: Source,
}

/// Where the SDK comes from; the project carries it unless said.
#[derive(Debug, clap::Args)]
#[group(multiple = false)]
struct Source {
    /// The project carries the SDK of this tool, in its folder `vendor`; this is the default
    #[arg(long)]
    vendor: bool,
    /// The published version of the SDK that this tool has
    #[arg(long)]
    published: bool,
    /// A revision of the repository of the SDK
    #[arg(long, value_name = "REVISION")]
    git: Option<String>,
    /// The folder of bessemer-sdk, for those who change both: the path from the project is written, so they
    /// are moved together
    #[arg(long, value_name = "FOLDER")]
    sdk_path: Option<PathBuf>,
}

const AFTER_HELP: &str = "\
Templates and the SDK are part of the tool: nothing is downloaded. The first build
may fetch crates that the SDK uses, unless they are there already. No path of this
machine is in a project: it builds wherever it is copied to.

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
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    let parent = parent.unwrap_or(Path::new("."));
    let sdk = Sdk::new(&args.source, &parent.join(name))?;
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
    if matches!(sdk, Sdk::Vendored) {
        let folder = project.join(vendored::folder());
        for (file, text) in vendored::files() {
            let file = folder.join(file);
            let folder = file.parent().unwrap_or(&folder);
            fs::create_dir_all(folder)
                .and_then(|()| fs::write(&file, text))
                .and_then(|()| vendored::make_old(&file))
                .map_err(|source| Failure::file("write", &file, source))?;
        }
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

/// How the manifest names the SDK.
enum Sdk {
    Vendored,
    Published,
    Git(String),
    /// In this folder, from that of the project.
    Path(PathBuf),
}

impl Sdk {
    fn new(source: &Source, project: &Path) -> Result<Self, Failure> {
        if let Some(revision) = &source.git {
            let fits = |c: char| c.is_ascii_hexdigit();
            if !(7..=40).contains(&revision.len()) || !revision.chars().all(fits) {
                return Err(Failure::Usage(format!(
                    "--git: `{revision}` is not a revision: it has 7 to 40 hexadecimal digits"
                )));
            }
            return Ok(Self::Git(revision.clone()));
        }
        let Some(folder) = &source.sdk_path else {
            return Ok(if source.published { Self::Published } else { Self::Vendored });
        };
        if !folder.join("bessemer.ld").is_file() {
            return Err(Failure::Usage(format!(
                "--sdk-path: {} is not the folder of bessemer-sdk",
                folder.display()
            )));
        }
        let whole =
            |path: &Path| path.canonicalize().map_err(|source| Failure::file("find", path, source));
        let parent = project.parent().filter(|parent| !parent.as_os_str().is_empty());
        let project =
            whole(parent.unwrap_or(Path::new(".")))?.join(project.file_name().unwrap_or_default());
        Ok(Self::Path(vendored::relative(&project, &whole(folder)?)))
    }

    /// The contents of the manifest.
    fn dependency(&self) -> String {
        let place = match self {
            Self::Vendored => format!("path = \"{}/sdk\"", vendored::folder()),
            Self::Published => format!("version = \"{}\"", env!("CARGO_PKG_VERSION")),
            Self::Git(revision) => {
                format!("git = \"{}\", rev = \"{revision}\"", env!("CARGO_PKG_REPOSITORY"))
            }
            // a literal string, in which nothing is escaped, unless the path has its delimiter
            Self::Path(folder) => match folder.display().to_string() {
                path if path.contains('\'') => format!("path = {path:?}"),
                path => format!("path = '{path}'"),
            },
        };
        format!("{{ {place}, default-features = false }}")
    }

    /// The versions of what the SDK uses. Those of other sources are their own.
    fn lock(&self) -> Option<String> {
        matches!(self, Self::Vendored | Self::Path(_)).then(|| vendored::LOCK.to_owned())
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
