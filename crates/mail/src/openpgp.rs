//! OpenPGP keys: the project's own, and those of vendors (RFC 9580).

use std::io::{Cursor, Read as _};

use jiff::Timestamp;
use pgp::composed::{
    ArmorOptions, Deserializable as _, EncryptionCaps, KeyType, Message, MessageBuilder, SecretKeyParamsBuilder,
    SignedPublicKey, SignedSecretKey, SubkeyParamsBuilder,
};
use pgp::crypto::ecc_curve::ECCCurve;
use pgp::crypto::sym::SymmetricKeyAlgorithm;
use pgp::types::{KeyDetails as _, Password};
use rand::rngs::OsRng;
use secrecy::{ExposeSecret as _, SecretString};
use thiserror::Error;

/// How many layers of compression are taken off.
const MOST_LAYERS: usize = 3;

/// Why a key or a message could not be used. The texts carry nothing of either.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum KeyError {
    /// Not a key.
    #[error("this is no OpenPGP key that can be read")]
    Unreadable,
    /// Its own signatures do not hold it together.
    #[error("the key's signatures do not hold")]
    Unbound,
    /// Nothing can be encrypted to it.
    #[error("the key has no part that can be encrypted to, or it has expired or was revoked")]
    CannotEncrypt,
    /// The passphrase does not open it.
    #[error("the passphrase does not open the key")]
    Passphrase,
    /// Not a message, or not for this key.
    #[error("it is not for this key, or is damaged")]
    Foreign,
    /// It would become more than is taken.
    #[error("it becomes larger than is taken")]
    TooLarge,
    /// It could not be encrypted.
    #[error("it could not be encrypted")]
    Failed,
}

/// The project's own key. It is never shown.
pub struct PrivateKey {
    key: SignedSecretKey,
    passphrase: Password,
}

impl std::fmt::Debug for PrivateKey {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("PrivateKey(…)")
    }
}

impl PrivateKey {
    /// Reads an armoured or binary key, which the passphrase must open.
    pub fn read(key: &SecretString, passphrase: Option<&SecretString>) -> Result<Self, KeyError> {
        let (key, _) = SignedSecretKey::from_reader_single(Cursor::new(key.expose_secret().as_bytes()))
            .map_err(|_| KeyError::Unreadable)?;
        key.verify_bindings().map_err(|_| KeyError::Unbound)?;
        let passphrase = passphrase.map_or_else(Password::empty, |text| Password::from(text.expose_secret()));
        let opens = key.unlock(&passphrase, |_, _| Ok(()));
        if !matches!(opens, Ok(Ok(()))) {
            return Err(KeyError::Passphrase);
        }
        Ok(Self { key, passphrase })
    }

    /// Makes a key for somebody, as people have them: a part to sign with, and one to encrypt to.
    pub fn generate(user: &str) -> Result<Self, KeyError> {
        let subkey = SubkeyParamsBuilder::default()
            .key_type(KeyType::ECDH(ECCCurve::Curve25519Legacy))
            .can_encrypt(EncryptionCaps::All)
            .build()
            .map_err(|_| KeyError::Failed)?;
        let key = SecretKeyParamsBuilder::default()
            .key_type(KeyType::Ed25519Legacy)
            .can_certify(true)
            .can_sign(true)
            .primary_user_id(user.to_owned())
            .subkeys(vec![subkey])
            .build()
            .map_err(|_| KeyError::Failed)?;
        Ok(Self {
            key: key.generate(OsRng).map_err(|_| KeyError::Failed)?,
            passphrase: Password::empty(),
        })
    }

    /// The public half.
    pub fn public(&self) -> Result<PublicKey, KeyError> {
        let key = SignedPublicKey::from(self.key.clone());
        PublicKey::of(key)
    }

    /// What was encrypted to it, in at most so many bytes.
    pub fn decrypt(&self, ciphertext: &[u8], most: u64) -> Result<Vec<u8>, KeyError> {
        let (message, _) = Message::from_reader(Cursor::new(ciphertext.to_vec())).map_err(|_| KeyError::Foreign)?;
        let mut message = message
            .decrypt(&self.passphrase, &self.key)
            .map_err(|_| KeyError::Foreign)?;
        for _ in 0..MOST_LAYERS {
            if !message.is_compressed() {
                break;
            }
            message = message.decompress().map_err(|_| KeyError::Foreign)?;
        }
        let mut plain = Vec::new();
        // A few bytes of compressed text can become gigabytes: reading ends one byte after what is taken.
        message
            .take(most.saturating_add(1))
            .read_to_end(&mut plain)
            .map_err(|_| KeyError::Foreign)?;
        match u64::try_from(plain.len()) {
            Ok(length) if length <= most => Ok(plain),
            _ => Err(KeyError::TooLarge),
        }
    }
}

/// The key of somebody who gets encrypted mail.
#[derive(Debug, Clone)]
pub struct PublicKey(SignedPublicKey);

impl PublicKey {
    /// Reads an armoured or binary key whose own signatures hold.
    pub fn read(key: &[u8]) -> Result<Self, KeyError> {
        let (key, _) = SignedPublicKey::from_reader_single(Cursor::new(key)).map_err(|_| KeyError::Unreadable)?;
        Self::of(key)
    }

    fn of(key: SignedPublicKey) -> Result<Self, KeyError> {
        key.verify_bindings().map_err(|_| KeyError::Unbound)?;
        Ok(Self(key))
    }

    /// The key as people exchange it.
    pub fn armoured(&self) -> Result<String, KeyError> {
        self.0
            .to_armored_string(ArmorOptions::default())
            .map_err(|_| KeyError::Failed)
    }

    /// Its fingerprint, hexadecimal.
    pub fn fingerprint(&self) -> String {
        self.0.fingerprint().to_string()
    }

    /// Whether something could be encrypted to it at an instant.
    pub fn usable(&self, now: Timestamp) -> Result<(), KeyError> {
        match self.0.details.revocation_signatures.is_empty() && self.subkey(now).is_some() {
            true => Ok(()),
            false => Err(KeyError::CannotEncrypt),
        }
    }

    /// The newest subkey for encryption that is neither revoked nor expired.
    fn subkey(&self, now: Timestamp) -> Option<&pgp::composed::SignedPublicSubKey> {
        use pgp::packet::SignatureType;
        let usable = |subkey: &&pgp::composed::SignedPublicSubKey| {
            let binding = subkey
                .signatures
                .iter()
                .filter(|signature| signature.typ() == Some(SignatureType::SubkeyBinding))
                .max_by_key(|signature| signature.created());
            let revoked = subkey
                .signatures
                .iter()
                .any(|signature| signature.typ() == Some(SignatureType::SubkeyRevocation));
            let may = binding.is_some_and(|signature| {
                let flags = signature.key_flags();
                flags.encrypt_comms() || flags.encrypt_storage()
            });
            let lasts = binding
                .and_then(|signature| signature.key_expiration_time())
                .is_none_or(|seconds| {
                    let made = i64::from(subkey.key.created_at().as_secs());
                    seconds.as_secs() == 0 || now.as_second() < made + i64::from(seconds.as_secs())
                });
            may && lasts && !revoked && subkey.algorithm().can_encrypt()
        };
        self.0
            .public_subkeys
            .iter()
            .filter(usable)
            .max_by_key(|subkey| subkey.key.created_at())
    }

    /// Encrypts something to it, armoured.
    pub fn encrypt(&self, plain: &[u8], now: Timestamp) -> Result<String, KeyError> {
        self.usable(now)?;
        let subkey = self.subkey(now).ok_or(KeyError::CannotEncrypt)?;
        // Version 1 of the container: every OpenPGP program in use reads it.
        let mut builder = MessageBuilder::from_bytes("", plain.to_vec()).seipd_v1(OsRng, SymmetricKeyAlgorithm::AES256);
        builder
            .encrypt_to_key(OsRng, subkey)
            .map_err(|_| KeyError::CannotEncrypt)?;
        builder
            .to_armored_string(OsRng, ArmorOptions::default())
            .map_err(|_| KeyError::Failed)
    }
}
