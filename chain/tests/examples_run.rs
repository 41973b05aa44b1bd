//! The examples of this crate do what they say.

#[path = "../examples/own_state.rs"]
mod own_state;

#[path = "../examples/embedding.rs"]
mod embedding;

#[test]
fn a_program_can_use_the_runtime_and_a_chain() {
    embedding::main().unwrap();
}

#[test]
fn an_embedder_can_bring_a_store_and_host_calls() {
    own_state::main().unwrap();
}
