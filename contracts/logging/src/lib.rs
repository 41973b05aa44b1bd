//! Writes to the debug log, and emits events.

#![cfg_attr(not(test), no_std)]

use bessemer_sdk::prelude::*;

/// Has no state.
#[contract]
pub struct Logging {}

/// A remark, which the receipt keeps.
#[event]
pub struct Remark {
    /// Found by the hash of the text.
    #[indexed]
    pub topic: String,
    /// The text.
    pub text: String,
}

#[contract(events(Remark))]
impl Logging {
    /// Writes a line to the debug log, which the receipt does not keep.
    pub fn debug(&mut self, number: u64) {
        log!("the number is {number}, from {}", env::caller());
    }

    /// Emits an event.
    pub fn remark(&mut self, topic: String, text: String) {
        Remark { topic, text }.emit();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bessemer_sdk::testing;
    use bessemer_sdk::types::decode;

    #[test]
    fn lines_and_events_are_kept_apart() {
        let alice = testing::user("alice");
        testing::act_as(alice);
        let logging = LoggingClient::new(testing::deploy::<Logging>(&()).unwrap());
        logging.debug(7);
        assert_eq!(testing::log(), [format!("the number is 7, from {alice}")]);
        logging.remark("ore".into(), "rich".into());
        let events = testing::events();
        assert_eq!(events.len(), 1);
        assert_eq!(events[0].topics[1], crypto::keccak256(b"ore"));
        assert_eq!(decode::<(String,)>(&events[0].data), Ok(("rich".to_owned(),)));
    }
}
