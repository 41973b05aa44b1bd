//! The replacement of the compiler in builds without it.

use bessemer_image::{Charges, Program};

use crate::identity::Target;
use crate::{Artifact, Options, TranslateError};

pub(crate) fn translate(_: &Program, _: &Charges, _: &Options) -> Result<Artifact, TranslateError> {
    Err(TranslateError::NoCompiler)
}

pub(crate) fn clif(
    _: &Program,
    _: &Charges,
    _: &Options,
) -> Result<Vec<(u32, String)>, TranslateError> {
    Err(TranslateError::NoCompiler)
}

pub(crate) fn describe_target(_: &Options) -> Result<Target, TranslateError> {
    Err(TranslateError::NoCompiler)
}
