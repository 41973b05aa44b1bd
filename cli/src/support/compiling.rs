//! Options that say where native code is kept and which process compiles.

use std::env;
use std::path::PathBuf;

use bessemer_runtime::Config;

use crate::support::failure::Failure;

/// The folder for artifacts and the file of the secret.
#[derive(Debug, clap::Args)]
pub(crate) struct CacheArgs {
    /// The cache directory; without it BESSEMER_CACHE_DIR, or bessemer in the user's folder for caches
    #[arg(long, value_name = "DIR")]
    pub(crate) cache_dir: Option<PathBuf>,
    /// The file of the secret that authenticates native code; without it bessemer/secret in the
    /// user's folder for state
    #[arg(long, value_name = "FILE")]
    secret: Option<PathBuf>,
}

impl CacheArgs {
    /// Settings with the cache.
    pub(crate) fn config(&self, config: Config) -> Result<Config, Failure> {
        let directory = match &self.cache_dir {
            Some(path) => path.clone(),
            None => match env::var_os("BESSEMER_CACHE_DIR").filter(|path| !path.is_empty()) {
                Some(path) => path.into(),
                None => user_folder("XDG_CACHE_HOME", ".cache")?.join("bessemer"),
            },
        };
        let secret = match &self.secret {
            Some(path) => path.clone(),
            None => user_folder("XDG_STATE_HOME", ".local/state")?.join("bessemer/secret"),
        };
        Ok(config.cache_dir(directory).cache_secret(secret))
    }
}

/// Which process compiles.
#[derive(Clone, Copy, Debug, clap::Args)]
pub(crate) struct CompilerArgs {
    /// Compiles in this process, not in a child process with limits
    #[arg(long)]
    compile_in_process: bool,
}

impl CompilerArgs {
    /// Settings with this compiler.
    pub(crate) fn config(self, config: Config) -> Config {
        if self.compile_in_process {
            return config.compile_in_process();
        }
        // the running program, also if its file has been replaced meanwhile
        config.compiler_command(["/proc/self/exe", COMPILER])
    }
}

/// The hidden command that child processes execute.
pub(crate) const COMPILER: &str = "serve-compiler";

/// A folder that the environment names, or one in the user's home.
pub(crate) fn user_folder(variable: &str, below_home: &str) -> Result<PathBuf, Failure> {
    let absolute = |path: &PathBuf| path.is_absolute();
    if let Some(folder) = env::var_os(variable).map(PathBuf::from).filter(absolute) {
        return Ok(folder);
    }
    let home = env::var_os("HOME").map(PathBuf::from).filter(absolute);
    home.map(|home| home.join(below_home)).ok_or_else(|| {
        let message = "neither HOME nor XDG_CACHE_HOME and XDG_STATE_HOME are set: name places with \
                       --cache-dir and --secret";
        Failure::Usage(message.to_owned())
    })
}
