//! The limits and prices of a program.

use bessemer_image::Limits;
use bessemer_isa::GasSchedule;

use super::ImageHash;

/// The limits that programs are loaded within, and the prices that they pay. Engines that share
/// everything else may differ in them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Rules {
    pub(crate) limits: Limits,
    pub(crate) schedule: GasSchedule,
    /// Tells them from others of the same resources.
    pub(crate) number: u32,
}

/// A file under the rules that it is loaded by: the same file under others is another program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Identity {
    image: ImageHash,
    rules: u32,
}

impl Rules {
    /// The identity of a file under these rules.
    pub(crate) fn identity(&self, image: ImageHash) -> Identity {
        Identity { image, rules: self.number }
    }
}
