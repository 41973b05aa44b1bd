//! How much a trace may hold.

use crate::rpc::error::RpcError;

/// Memory that the traces of one answer may use together. What they hold can grow much faster than the
/// gas that it costs: a call with an input of a megabyte that is passed on costs a hundred gas.
#[derive(Debug)]
pub(super) struct Room(Option<usize>);

impl Room {
    /// The most bytes of one answer's traces.
    pub(super) const BYTES: usize = 256 << 20;

    pub(super) fn new() -> Self {
        Self(Some(Self::BYTES))
    }

    /// Takes so many bytes; `false` if there was too little now or before.
    pub(super) fn take(&mut self, bytes: usize) -> bool {
        self.0 = self.0.and_then(|left| left.checked_sub(bytes));
        self.0.is_some()
    }

    /// Refuses an answer that would be incomplete.
    pub(super) fn check(&self) -> Result<(), RpcError> {
        self.0.map(drop).ok_or_else(|| {
            RpcError::new(
                -32005,
                format!(
                    "the trace needs more than {} MiB; ask for less: limit, disableStack, \
                     disableStorage, or callTracer with onlyTopCall",
                    Self::BYTES >> 20
                ),
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_did_not_fit_once_is_refused_for_good() {
        let mut room = Room::new();
        assert!(room.take(Room::BYTES - 1) && room.check().is_ok());
        assert!(!room.take(2) && !room.take(0) && room.check().is_err());
    }
}
