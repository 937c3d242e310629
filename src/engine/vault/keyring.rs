//! Keyrings: a person's secrets, sealed under the key that his PIN opens.

use pkcs11::encode::{Record, Writer};
use pkcs11::{Error, Result, Secret};

use super::escrow::EscrowShare;
use super::row::{DeviceKey, Life, describe};
use crate::primitives::{PinCost, Primitives};
use crate::store::{Header, SealedRow};

/// Length of a person's random id in bytes.
pub const PERSON_ID: usize = 16;
/// A person's random id.
pub type PersonId = [u8; PERSON_ID];
/// SHA-384 of a link of the roster's chain.
pub type LinkHash = [u8; 48];

/// The link of the roster that a keyring has seen last: nothing older is believed again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RosterPin {
    /// The link's version.
    pub version: u64,
    /// The link's hash.
    pub hash: LinkHash,
}

/// A person's secrets, open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Keyring {
    /// P-384 scalar that signs links, approvals, checkpoints.
    pub signing: Secret,
    /// P-384 scalar to which shares and recoveries are sealed.
    pub sealing: Secret,
    /// Officers: shares of the escrow key, by epoch.
    pub shares: Vec<EscrowShare>,
    /// Users: vault keys, numbered from 1, the newest last.
    pub vault_keys: Vec<(u32, Secret)>,
    /// Seed of a second factor that is a code.
    pub factor_seed: Option<Secret>,
    /// What this keyring believes of the roster.
    pub pin: RosterPin,
}

const SIGNING: u16 = 1;
const SEALING: u16 = 2;
const SHARES: u16 = 3;
const VAULT_KEYS: u16 = 4;
const FACTOR_SEED: u16 = 5;
const PIN_VERSION: u16 = 6;
const PIN_HASH: u16 = 7;

impl Keyring {
    /// The canonical form.
    #[must_use]
    pub fn encode(&self) -> Secret {
        let numbered =
            |number: u64, secret: &Secret| Writer::new().number(1, number).field(2, secret.expose()).finish();
        let mut writer = Writer::new();
        writer.field(SIGNING, self.signing.expose()).field(SEALING, self.sealing.expose());
        writer.list(SHARES, self.shares.iter().map(|s| numbered(s.epoch, &s.share)));
        writer.list(VAULT_KEYS, encode_vault_keys(&self.vault_keys));
        writer.optional(FACTOR_SEED, self.factor_seed.as_ref().map(Secret::expose));
        writer.number(PIN_VERSION, self.pin.version).field(PIN_HASH, &self.pin.hash);
        writer.finish()
    }

    /// Reads the canonical form.
    ///
    /// # Errors
    /// [`Error::Encoding`]
    pub fn decode(bytes: &[u8]) -> Result<Self> {
        let known = [SIGNING, SEALING, SHARES, VAULT_KEYS, FACTOR_SEED, PIN_VERSION, PIN_HASH];
        let record = Record::read(bytes, &known)?;
        let mut shares = Vec::new();
        for item in record.list(SHARES)? {
            let share = Record::read(item, &[1, 2])?;
            shares.push(EscrowShare { epoch: share.number(1)?, share: Secret::from(share.bytes(2)?) });
        }
        Ok(Self {
            signing: Secret::from(record.bytes(SIGNING)?),
            sealing: Secret::from(record.bytes(SEALING)?),
            shares,
            vault_keys: decode_vault_keys(&record.list(VAULT_KEYS)?)?,
            factor_seed: record.optional(FACTOR_SEED).map(Secret::from),
            pin: RosterPin { version: record.number(PIN_VERSION)?, hash: record.array(PIN_HASH)? },
        })
    }
}

/// Vault keys as items of a list.
#[must_use]
pub fn encode_vault_keys(keys: &[(u32, Secret)]) -> Vec<Secret> {
    keys.iter()
        .map(|(n, key)| Writer::new().number(1, u64::from(*n)).field(2, key.expose()).finish())
        .collect()
}

/// Reads [`encode_vault_keys`].
///
/// # Errors
/// [`Error::Encoding`]
pub fn decode_vault_keys(items: &[&[u8]]) -> Result<Vec<(u32, Secret)>> {
    let mut keys = Vec::new();
    for item in items {
        let record = Record::read(item, &[1, 2])?;
        keys.push((record.number32(1)?, Secret::from(record.array::<32>(2)?)));
    }
    Ok(keys)
}

/// What stands in clear in a keyring's row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyringLock {
    /// Whose it is.
    pub person: PersonId,
    /// Cost of the PIN.
    pub cost: PinCost,
    /// Salt of the PIN: 32 random bytes.
    pub salt: [u8; 32],
    /// A second factor whose ECDH result is part of the key; opaque until it is offered.
    pub factor: Option<Vec<u8>>,
}

const PERSON: u16 = 1;
const KDF: u16 = 2;
const MEMORY: u16 = 3;
const PASSES: u16 = 4;
const LANES: u16 = 5;
const SALT: u16 = 6;
const FACTOR: u16 = 7;
/// Argon2id, version 0x13.
const KDF_ARGON2ID: u64 = 1;

const LOCK: u16 = 1;
const BOX: u16 = 2;
const MAC: u16 = 3;

impl KeyringLock {
    fn encode(&self) -> Secret {
        let mut writer = Writer::new();
        writer.field(PERSON, &self.person).number(KDF, KDF_ARGON2ID);
        writer.number(MEMORY, u64::from(self.cost.memory)).number(PASSES, u64::from(self.cost.passes));
        writer.number(LANES, u64::from(self.cost.lanes)).field(SALT, &self.salt);
        writer.optional(FACTOR, self.factor.as_deref()).finish()
    }

    fn decode(bytes: &[u8]) -> Result<Self> {
        let record = Record::read(bytes, &[PERSON, KDF, MEMORY, PASSES, LANES, SALT, FACTOR])?;
        if record.number(KDF)? != KDF_ARGON2ID {
            return Err(Error::Encoding("a keyring with an unknown key derivation"));
        }
        Ok(Self {
            person: record.array(PERSON)?,
            cost: PinCost {
                memory: record.number32(MEMORY)?,
                passes: record.number32(PASSES)?,
                lanes: record.number32(LANES)?,
            },
            salt: record.array(SALT)?,
            factor: record.optional(FACTOR).map(<[u8]>::to_vec),
        })
    }
}

/// What a PIN gives at its cost and salt, before it meets the device key. Wiped when dropped.
pub struct PinKey(Secret);

impl PinKey {
    /// Stretches a PIN: about 150 ms at the default cost. Never call it under a lock.
    ///
    /// # Errors
    /// [`Error::Primitive`] for a cost out of bounds, [`Error::HostMemory`].
    pub fn stretch(primitives: &dyn Primitives, pin: &[u8], lock: &KeyringLock) -> Result<Self> {
        Ok(Self(primitives.argon2id(pin, &lock.salt, lock.cost)?))
    }
}

/// Where keyrings are sealed and opened: the life of a token and its device key.
#[derive(Clone, Copy)]
pub struct KeyringPlace<'a> {
    /// The primitives.
    pub primitives: &'a dyn Primitives,
    /// Token and incarnation.
    pub life: &'a Life,
    /// The device key of that incarnation.
    pub device: &'a DeviceKey,
}

impl KeyringPlace<'_> {
    /// Seals a keyring into a row; the row's version is the keyring's.
    ///
    /// # Errors
    /// [`Error::Primitive`]
    pub fn seal(
        &self,
        header: Header,
        lock: &KeyringLock,
        pin: &PinKey,
        keyring: &Keyring,
    ) -> Result<SealedRow> {
        let key = self.key(&header, lock, pin);
        let clear = lock.encode();
        let associated = [self.life.associated(&header).as_slice(), clear.expose()].concat();
        let sealed = self.primitives.seal(&key, &associated, keyring.encode().expose())?;
        let mac = self.mac(&header, clear.expose(), &sealed);
        let body = Writer::new().field(LOCK, clear.expose()).field(BOX, &sealed).field(MAC, &mac).finish();
        Ok(SealedRow { header, body: body.expose().to_vec() })
    }

    /// Reads what stands in clear, after its check value.
    ///
    /// # Errors
    /// [`Error::Forged`] when the row was not written with this device key at this place.
    pub fn lock(&self, row: &SealedRow) -> Result<KeyringLock> {
        let refuse = |reason| Error::Forged { what: describe(&row.header), reason };
        self.life.check(&row.header)?;
        let record = Record::read(&row.body, &[LOCK, BOX, MAC])
            .map_err(|_| refuse("it is not in the form of a keyring"))?;
        let clear = record.bytes(LOCK)?;
        let mac = self.mac(&row.header, clear, record.bytes(BOX)?);
        if !self.primitives.equal(&mac, record.bytes(MAC)?) {
            return Err(refuse("its check value is not that of the device key"));
        }
        KeyringLock::decode(clear)
    }

    /// Opens the keyring; `None` for another PIN.
    ///
    /// # Errors
    /// [`Error::Forged`], [`Error::Encoding`] for what this version cannot read.
    pub fn open(&self, row: &SealedRow, lock: &KeyringLock, pin: &PinKey) -> Result<Option<Keyring>> {
        let record = Record::read(&row.body, &[LOCK, BOX, MAC])?;
        let key = self.key(&row.header, lock, pin);
        let associated = [self.life.associated(&row.header).as_slice(), record.bytes(LOCK)?].concat();
        let plain = self.primitives.open(&key, &associated, record.bytes(BOX)?);
        plain.map(|plain| Keyring::decode(plain.expose())).transpose()
    }

    fn key(&self, header: &Header, lock: &KeyringLock, pin: &PinKey) -> Secret {
        let info: [&[u8]; 5] = [
            b"claviger/1 keyring",
            &self.life.token.0,
            &lock.person,
            &self.life.incarnation.to_be_bytes(),
            &header.version.to_be_bytes(),
        ];
        self.primitives.hkdf_sha384(self.device.salt(), &[pin.0.expose()], &info)
    }

    fn mac(&self, header: &Header, clear: &[u8], sealed: &[u8]) -> [u8; 32] {
        let key = self.device.keyring_key(self.primitives, self.life);
        let lens = u64::try_from(clear.len()).unwrap_or(u64::MAX).to_be_bytes();
        self.primitives.hmac_sha256(key.expose(), &[&self.life.associated(header), &lens, clear, sealed])
    }
}
