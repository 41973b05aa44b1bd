//! Programs, bytecode and their sizes.

use std::sync::Arc;

use bessemer_image::CodeHash;

use super::{Journal, JournalError, Undo};
use crate::key::StateKey;
use crate::size::CodeSize;
use crate::store::{StoreError, View};
use crate::value::Value;

impl Journal {
    /// The file of a contract that exists.
    ///
    /// It follows from the contract's account, so it is neither declared nor listed: what a node
    /// has in its caches must not show. Whether code exists at all is asked by
    /// [`Journal::has_code`].
    ///
    /// # Errors
    ///
    /// If the view fails.
    pub fn code(&mut self, hash: &CodeHash) -> Result<Option<Arc<[u8]>>, JournalError> {
        let found = self.codes.peek(hash, || load_code(&*self.view, hash))?;
        Ok(found.clone())
    }

    /// The sizes of the file of a contract, if they are recorded. They follow from the file, so they
    /// are neither declared nor listed.
    ///
    /// # Errors
    ///
    /// If the view fails.
    pub fn code_size(&mut self, hash: &CodeHash) -> Result<Option<CodeSize>, JournalError> {
        Ok(*self.sizes.peek(hash, || load_size(&*self.view, hash))?)
    }

    /// Records the sizes of the file of a contract, unless they are.
    ///
    /// # Errors
    ///
    /// If the view fails.
    pub fn put_code_size(&mut self, hash: CodeHash, size: CodeSize) -> Result<(), JournalError> {
        let id = self.sizes.find(&hash, || Ok(()), || load_size(&*self.view, &hash))?;
        if self.sizes.value(id).is_none() {
            self.sizes.write(id, Some(size));
            self.undo.push(Undo::Size(id));
        }
        Ok(())
    }

    /// Whether the file of a contract is stored.
    ///
    /// # Errors
    ///
    /// If it was not declared, or the view fails.
    pub fn has_code(&mut self, hash: &CodeHash) -> Result<bool, JournalError> {
        // a file is large, and its sizes stand beside it
        let id = self.sizes.find(
            hash,
            || self.allowed.read(|| StateKey::Code(*hash)),
            || load_size(&*self.view, hash),
        )?;
        Ok(self.sizes.value(id).is_some() || self.code(hash)?.is_some())
    }

    /// Stores the file of a contract, unless it is stored.
    ///
    /// # Errors
    ///
    /// If it was not declared to be written, or the view fails.
    pub fn put_code(&mut self, hash: CodeHash, bytes: Arc<[u8]>) -> Result<(), JournalError> {
        self.allowed.write(|| StateKey::Code(hash))?;
        let id = self.find_code(&hash)?;
        let stored = self.codes.value(id).clone();
        let new = stored.is_none();
        self.codes.write(id, stored.or(Some(bytes)));
        if new {
            self.undo.push(Undo::Code(id));
        }
        Ok(())
    }

    /// EVM bytecode of an account that exists.
    ///
    /// # Errors
    ///
    /// If the view fails.
    pub fn bytecode(&mut self, hash: &CodeHash) -> Result<Option<Arc<[u8]>>, JournalError> {
        let found = self.bytecodes.peek(hash, || load_bytecode(&*self.view, hash))?;
        Ok(found.clone())
    }

    /// Stores EVM bytecode, unless it is stored.
    ///
    /// # Errors
    ///
    /// If it was not declared to be written, or the view fails.
    pub fn put_bytecode(&mut self, hash: CodeHash, bytes: Arc<[u8]>) -> Result<(), JournalError> {
        self.allowed.write(|| StateKey::Bytecode(hash))?;
        let id = self.bytecodes.find(
            &hash,
            || Ok::<_, JournalError>(()),
            || load_bytecode(&*self.view, &hash),
        )?;
        if self.bytecodes.value(id).is_none() {
            self.bytecodes.write(id, Some(bytes));
            self.undo.push(Undo::Bytecode(id));
        }
        Ok(())
    }

    fn find_code(&mut self, hash: &CodeHash) -> Result<u32, JournalError> {
        self.codes.find(
            hash,
            || self.allowed.read(|| StateKey::Code(*hash)),
            || load_code(&*self.view, hash),
        )
    }
}

fn load_size(view: &dyn View, hash: &CodeHash) -> Result<Option<CodeSize>, JournalError> {
    let found = view.get(&StateKey::CodeSize(*hash))?;
    Ok(found.map(|bytes| CodeSize::decode(&bytes)).transpose().map_err(StoreError::from)?)
}

fn load_code(view: &dyn View, hash: &CodeHash) -> Result<Option<Arc<[u8]>>, JournalError> {
    Ok(view.get(&StateKey::Code(*hash))?.map(Value::into_shared))
}

fn load_bytecode(view: &dyn View, hash: &CodeHash) -> Result<Option<Arc<[u8]>>, JournalError> {
    Ok(view.get(&StateKey::Bytecode(*hash))?.map(Value::into_shared))
}
