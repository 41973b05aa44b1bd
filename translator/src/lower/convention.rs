//! How units call each other and the host.

use cranelift_codegen::ir::types::{I32, I64};
use cranelift_codegen::ir::{AbiParam, Signature};
use cranelift_codegen::isa::CallConv;

use crate::flow::PASSED;

/// What units get and give back besides: the meter, and the passed registers behind it.
const CARRIED: usize = 1 + PASSED.len();

/// What a unit returns.
pub(crate) struct Results<V> {
    /// The next pc, zero-extended, or `HOST_EXIT`.
    pub(crate) next: V,
    /// The pc of the jump to it if that is unchecked, else 0.
    pub(crate) from: V,
    /// Meter and passed registers.
    pub(crate) carried: [V; CARRIED],
}

impl<V: Copy> Results<V> {
    /// In the order of the signature. It is one in which meter, stack pointer, a0, a1 and a2 come
    /// back in the host registers in which they are passed, so that calls in a row move nothing.
    pub(crate) fn to_array(&self) -> [V; 2 + CARRIED] {
        let [meter, sp, a0, a1, a2] = self.carried;
        [self.next, a0, sp, meter, self.from, a1, a2]
    }

    /// The inverse of [`Results::to_array`]; `None` if that is not the number of results.
    pub(crate) fn from_slice(results: &[V]) -> Option<Self> {
        let &[next, a0, sp, meter, from, a1, a2] = results else { return None };
        Some(Self { next, from, carried: [meter, sp, a0, a1, a2] })
    }
}

/// The signature of every unit: entry number, meter and the passed registers in; [`Results`] out.
pub(crate) fn unit_signature() -> Signature {
    let results = Results { next: I64, from: I32, carried: [I64; CARRIED] };
    let mut signature = Signature::new(CallConv::Tail);
    signature.params.extend([I32].into_iter().chain([I64; CARRIED]).map(AbiParam::new));
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
