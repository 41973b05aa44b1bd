//! Tells crates that depend on this one where its sources are: the translator's build id covers them.

fn main() {
    let folder = std::env::var("CARGO_MANIFEST_DIR").expect("cargo sets it");
    println!("cargo::metadata=sources={folder}/src");
    println!("cargo::rerun-if-changed=build.rs");
}
