//! Keys for an App of the sandbox, made anew each time.

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der, PublicKeyX509Der};
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::KeyPair as _;

use crate::SandboxError;

/// An RSA key for an App: private and public half, PEM.
pub fn app_keys() -> Result<(String, String), SandboxError> {
    let pair = KeyPair::generate(KeySize::Rsa2048).map_err(|_| SandboxError::Key)?;
    let private: Pkcs8V1Der<'_> = pair.as_der().map_err(|_| SandboxError::Key)?;
    let public: PublicKeyX509Der<'_> = pair.public_key().as_der().map_err(|_| SandboxError::Key)?;
    let text = |tag: &str, bytes: &[u8]| pem::encode(&pem::Pem::new(tag, bytes));
    Ok((
        text("PRIVATE KEY", private.as_ref()),
        text("PUBLIC KEY", public.as_ref()),
    ))
}
