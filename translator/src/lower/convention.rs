//! The calling convention of units.

use cranelift_codegen::ir::types::{I32, I64};
use cranelift_codegen::ir::{AbiParam, Signature};
use cranelift_codegen::isa::CallConv;

use crate::flow::PASSED;

/// The common part of parameters and results of units: the meter, and the passed registers behind
/// it.
pub(crate) const CARRIED: usize = 1 + PASSED.len();

/// What a unit gets. The order of the signature, and that of [`Results`], is one in which all that is
/// carried comes back in the host registers in which it is passed: calls in a row move nothing.
pub(crate) struct Arguments<V> {
    /// Number of the entry.
    pub(crate) local: V,
    /// Meter and passed registers.
    pub(crate) carried: [V; CARRIED],
}

/// The results of a unit.
pub(crate) struct Results<V> {
    /// The next pc, zero-extended, or `HOST_EXIT`. Whether the jump to it is still to be checked
    /// is in the context.
    pub(crate) next: V,
    /// Meter and passed registers.
    pub(crate) carried: [V; CARRIED],
}

impl<V: Copy> Arguments<V> {
    /// In the order of the signature.
    pub(crate) fn to_array(&self) -> [V; 1 + CARRIED] {
        let [meter, sp, a0, a1, s0] = self.carried;
        [a1, meter, sp, a0, s0, self.local]
    }

    /// The inverse of [`Arguments::to_array`]; `None` if that is not the number of arguments.
    pub(crate) fn from_slice(arguments: &[V]) -> Option<Self> {
        let &[a1, meter, sp, a0, s0, local] = arguments else { return None };
        Some(Self { local, carried: [meter, sp, a0, a1, s0] })
    }
}

impl<V: Copy> Results<V> {
    /// In the order of the signature.
    pub(crate) fn to_array(&self) -> [V; 1 + CARRIED] {
        let [meter, sp, a0, a1, s0] = self.carried;
        [self.next, a0, sp, meter, a1, s0]
    }

    /// The inverse of [`Results::to_array`]; `None` if that is not the number of results.
    pub(crate) fn from_slice(results: &[V]) -> Option<Self> {
        let &[next, a0, sp, meter, a1, s0] = results else { return None };
        Some(Self { next, carried: [meter, sp, a0, a1, s0] })
    }
}

/// The signature of every unit: [`Arguments`] in, [`Results`] out.
pub(crate) fn unit_signature() -> Signature {
    let mut signature = Signature::new(CallConv::Tail);
    let arguments = Arguments { local: I32, carried: [I64; CARRIED] };
    let results = Results { next: I64, carried: [I64; CARRIED] };
    signature.params.extend(arguments.to_array().map(AbiParam::new));
    signature.returns.extend(results.to_array().map(AbiParam::new));
    signature
}

/// The signature of the host call function in the context.
pub(crate) fn host_call_signature() -> Signature {
    let mut signature = Signature::new(CallConv::SystemV);
    signature.params.extend([I64, I32].map(AbiParam::new));
    signature.returns.push(AbiParam::new(I32));
    signature
}
