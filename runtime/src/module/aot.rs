//! Files that hold a program and its native code.

use std::borrow::Cow;

use bessemer_translator::{Artifact, MAC_LEN, Note, ReadError};

use crate::program::ImageHash;
use crate::{Engine, Error, Module};

/// A program file made by [`PortableFile::write`]: the program, and native code for machines and
/// builds like the one that made it.
///
/// Such a file goes from machine to machine, so its code is executed in two cases only: where the secret of the
/// engine's cache says that it was made ([`PortableFile::module`]), and where the embedder knows its hash
/// ([`PortableFile::module_with_hash`]). In all others the program in it is compiled anew.
///
/// A file that ships in the embedder's binary, or in a release that is signed:
///
/// ```
/// use bessemer_image::{ImageBuilder, Profile};
/// use bessemer_runtime::{Backend, Config, Engine, Origin, PortableFile};
///
/// // where the release is made: jal x0, 0
/// let elf = ImageBuilder::new(Profile::rv32(false)).text(0x1_0000, 0x6f_u32.to_le_bytes()).build();
/// let file = PortableFile::write_unsealed(&Engine::new(Config::new())?, &elf)?;
/// let hash = PortableFile::hash(&file);
///
/// // in the embedder's program: the file by `include_bytes!`, and the hash as a constant
/// let engine = Engine::new(Config::new().backend(Backend::Jit))?;
/// let file = PortableFile::parse(&file).ok_or("it is no such file")?;
/// let (module, reason) = file.module_with_hash(&engine, &hash)?;
/// assert_eq!((module.origin(), reason), (Some(Origin::File), None));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
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
    /// It has another hash than the one that is trusted.
    #[error("the file does not have the hash that is trusted")]
    Hash,
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
    /// Its contents are not trusted: the program in it is checked like any other.
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
        self.module_if(engine, self.is_of_this_node(engine))
    }

    /// Like [`PortableFile::module`], for a file whose hash the embedder knows from where nobody else can change
    /// it: its own binary, or a message whose signature it has checked. Trusting a hash says that the native code
    /// in the file may do what this process may. No secret and no cache directory are needed.
    ///
    /// # Errors
    ///
    /// As [`Module::new`].
    pub fn module_with_hash(
        &self,
        engine: &Engine,
        trusted: &[u8; 32],
    ) -> Result<(Module, Option<AotError>), Error> {
        let is_trusted = Self::hash(self.bytes) == *trusted;
        self.module_if(engine, if is_trusted { Ok(()) } else { Err(AotError::Hash) })
    }

    /// The BLAKE3 hash of all bytes of a file.
    pub fn hash(bytes: &[u8]) -> [u8; 32] {
        blake3::hash(bytes).into()
    }

    /// The module, with the code in the file if that is authentic and was made with these settings.
    fn module_if(
        &self,
        engine: &Engine,
        authentic: Result<(), AotError>,
    ) -> Result<(Module, Option<AotError>), Error> {
        match authentic.and_then(|()| self.artifact(engine)) {
            Ok(artifact) => {
                let loaded =
                    engine.provider().module_from(engine.rules(), &self.image, &artifact)?;
                Ok((Module::from_loaded(engine, loaded), None))
            }
            Err(reason) => Ok((Module::new(engine, &self.image)?, Some(reason))),
        }
    }

    /// Whether this node made the file.
    fn is_of_this_node(&self, engine: &Engine) -> Result<(), AotError> {
        let store = engine.provider().store().ok_or(AotError::NoSecret)?;
        if store.is_sealed(self.bytes) { Ok(()) } else { Err(AotError::Foreign) }
    }

    /// The artifact in the file, which is authentic, if it was made with these settings.
    fn artifact(&self, engine: &Engine) -> Result<Artifact, AotError> {
        let (note, artifact) = Artifact::read(&self.bytes[..self.bytes.len() - MAC_LEN])?;
        let key = engine.provider().key(engine.rules(), ImageHash::of(&self.image));
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
        engine.provider().portable(engine.rules(), elf, true)
    }

    /// Like [`PortableFile::write`], for a file that is to be trusted by its [hash](PortableFile::hash): no secret seals
    /// it.
    ///
    /// # Errors
    ///
    /// As [`Module::new`] with [`Backend::Jit`](crate::Backend::Jit).
    pub fn write_unsealed(engine: &Engine, elf: &[u8]) -> Result<Vec<u8>, Error> {
        engine.provider().portable(engine.rules(), elf, false)
    }
}
