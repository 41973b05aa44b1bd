//! Files that hold a program and its native code.

use std::borrow::Cow;

use bessemer_translator::{Artifact, MAC_LEN, Note, ReadError};

use crate::{Engine, Error, Module};

/// A program file made by [`PortableFile::write`]: the program, and native code for machines and
/// builds like the one that made it.
///
/// Such a file goes from machine to machine, so that its code is executed only where the secret of the
/// engine's cache says that it was made: elsewhere the program in it is compiled anew.
#[derive(Clone, Debug)]
pub struct PortableFile<'a> {
    bytes: &'a [u8],
    image: Cow<'a, [u8]>,
}

/// Why the code of a file is not used. Its program can be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AotError {
    /// The engine has no secret to authenticate with.
    #[error("there is no secret to authenticate its code with")]
    NoSecret,
    /// It was not sealed with the secret of this node.
    #[error("its code was not made by this node")]
    Foreign,
    /// It was made by another build, or with other settings.
    #[error("its code was made by another version or with other settings")]
    Stale,
    /// It is not an artifact after all.
    #[error(transparent)]
    Read(#[from] ReadError),
}

impl<'a> PortableFile<'a> {
    /// Reads a file; `None` if it is none of this kind, but, for example, a program.
    ///
    /// Nothing in it is believed: the program in it is as good as any other.
    pub fn parse(bytes: &'a [u8]) -> Option<Self> {
        let note = Note::parse(bytes).ok()?;
        let rest = bytes.get(note.code_range().end..bytes.len().checked_sub(MAC_LEN)?)?;
        let image = rest.get(note.image_range()).filter(|image| !image.is_empty())?;
        Some(Self { bytes, image: image.into() })
    }

    /// The program's own file.
    pub fn image(&self) -> &[u8] {
        &self.image
    }

    /// The module of the program, with the code in the file if that may be used; the error says why it
    /// was not.
    ///
    /// # Errors
    ///
    /// As [`Module::new`].
    pub fn module(&self, engine: &Engine) -> Result<(Module, Option<AotError>), Error> {
        match self.artifact(engine) {
            Ok(artifact) => {
                let loaded =
                    engine.provider().module_from(engine.rules(), &self.image, &artifact)?;
                Ok((Module::from_loaded(engine, loaded), None))
            }
            Err(reason) => Ok((Module::new(engine, &self.image)?, Some(reason))),
        }
    }

    /// The artifact in the file, if this node made it with these settings.
    fn artifact(&self, engine: &Engine) -> Result<Artifact, AotError> {
        let store = engine.provider().store().ok_or(AotError::NoSecret)?;
        if !store.is_sealed(self.bytes) {
            return Err(AotError::Foreign);
        }
        let (note, artifact) = Artifact::read(&self.bytes[..self.bytes.len() - MAC_LEN])?;
        let key = engine.cache().and_then(|cache| cache.key(&self.image));
        if key.is_none_or(|key| *key.as_bytes() != note.key) {
            return Err(AotError::Stale);
        }
        Ok(artifact)
    }

    /// Compiles a program and makes a file of it. The engine must have a cache directory: its secret
    /// seals the file.
    ///
    /// # Errors
    ///
    /// As [`Module::new`] with [`Backend::Jit`](crate::Backend::Jit); and
    /// [`ErrorKind::NoSecret`](crate::ErrorKind::NoSecret) without a secret.
    pub fn write(engine: &Engine, elf: &[u8]) -> Result<Vec<u8>, Error> {
        engine.provider().portable(engine.rules(), elf)
    }
}
