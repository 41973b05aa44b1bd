//! The examples of this crate do what they say.

#[path = "../examples/own_state.rs"]
mod own_state;

#[test]
fn an_embedder_can_bring_a_store_and_host_calls() {
    own_state::main().unwrap();
}
