//! Blocks that several places of a unit jump to.

use cranelift_codegen::ir::{Block, Type};
use cranelift_frontend::FunctionBuilder;

/// Blocks with the same content, for places that share it. Each serves a limited number of them: the
/// register allocator's time for the parameters of a block grows with the square of that number.
#[derive(Debug, Default)]
pub(super) struct Shared {
    blocks: Vec<Block>,
    /// Places that the last block serves.
    served: usize,
}

/// Places that a block serves.
const MOST: usize = 32;

impl Shared {
    /// The block for one place more.
    pub(super) fn serve(&mut self, create: impl FnOnce() -> Block) -> Block {
        if self.served == MOST {
            self.served = 0;
        }
        if self.served == 0 {
            self.blocks.push(create());
        }
        self.served += 1;
        self.blocks[self.blocks.len() - 1]
    }

    /// The blocks, to be filled.
    pub(super) fn take(&mut self) -> Vec<Block> {
        self.served = 0;
        std::mem::take(&mut self.blocks)
    }
}

/// A block with parameters of these types.
pub(super) fn shared_block(builder: &mut FunctionBuilder<'_>, parameters: &[Type]) -> Block {
    let block = builder.create_block();
    for &parameter in parameters {
        builder.append_block_param(block, parameter);
    }
    block
}
