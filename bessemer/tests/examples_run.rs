//! The examples of this crate do what they say.

#[path = "../examples/plugins.rs"]
mod plugins;

#[path = "../examples/sequencer.rs"]
mod sequencer;

#[test]
fn plugins_share_an_engine_wait_and_end_at_a_deadline() {
    plugins::main().unwrap();
}

#[test]
fn a_sequencer_makes_blocks_while_queries_are_answered() {
    sequencer::run(None).unwrap();
}
