//! An inspector that writes down the frames of a transaction.

use bessemer_chain::{Address, Call, CallKind, End, Inspector, Status};

/// One frame of a transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) depth: u32,
    pub(crate) kind: CallKind,
    pub(crate) from: Address,
    pub(crate) to: Address,
    pub(crate) gas: u64,
    /// How it ended, and the gas that it used; `None` while it runs.
    pub(crate) end: Option<(Status, u64)>,
    /// The data that it returned or reverted with.
    pub(crate) output: Vec<u8>,
}

/// All frames in the order in which they began.
#[derive(Default)]
pub(crate) struct Frames(pub Vec<Seen>);

impl Seen {
    /// The gas that it used, its callees' included.
    pub(crate) fn used(&self) -> u64 {
        self.end.expect("the frame ended").1
    }

    /// How it ended.
    pub(crate) fn status(&self) -> Status {
        self.end.expect("the frame ended").0
    }
}

impl Inspector for Frames {
    fn on_call(&mut self, call: &Call<'_>) {
        let Call { depth, kind, from, to, gas, .. } = *call;
        self.0.push(Seen { depth, kind, from, to, gas, end: None, output: Vec::new() });
    }

    fn on_return(&mut self, end: &End<'_>) {
        let running = self.0.iter_mut().rev().find(|frame| frame.end.is_none());
        let frame = running.expect("a frame that ends began");
        assert_eq!(frame.depth, end.depth, "frames end in reverse order");
        assert!(end.gas_used <= frame.gas, "a frame used more than it got");
        frame.end = Some((end.status, end.gas_used));
        frame.output = end.output.to_vec();
    }
}
