//! Key derivation in counter, feedback and double-pipeline mode (SP 800-108; PKCS#11 v3.2 section 6.42).

use std::sync::Arc;

use engine::mechanism::{Bases, Can, DeriveSeveral, Key, MechanismRow, Several, StartSign};
use engine::policy::Inheritance;
use pkcs11::constants::{
    CK_SP800_108_DKM_LENGTH_SUM_OF_KEYS, CK_SP800_108_DKM_LENGTH_SUM_OF_SEGMENTS, CKM_AES_CMAC,
    CKM_DES3_CMAC, CKM_SHA_1_HMAC, CKM_SHA3_224_HMAC, CKM_SHA3_256_HMAC, CKM_SHA3_384_HMAC,
    CKM_SHA3_512_HMAC, CKM_SHA224_HMAC, CKM_SHA256_HMAC, CKM_SHA384_HMAC, CKM_SHA512_HMAC,
    CKM_SP800_108_COUNTER_KDF, CKM_SP800_108_DOUBLE_PIPELINE_KDF, CKM_SP800_108_FEEDBACK_KDF,
};
use pkcs11::encode::Writer;
use pkcs11::{
    Attributes, Error, Mechanism, MechanismType, Parameters, PrfData, Result, Secret, Sp800108Parameters,
    Template,
};

use crate::aws_lc::{aes, des};
use crate::block::mac;
use crate::digest::HASHES;
use crate::secret::{self, LONGEST};
use crate::{hmac, value_of};

/// The mechanisms of this family.
pub(crate) const MECHANISMS: &[MechanismRow] = &[
    row(CKM_SP800_108_COUNTER_KDF),
    row(CKM_SP800_108_FEEDBACK_KDF),
    row(CKM_SP800_108_DOUBLE_PIPELINE_KDF),
];

const CAN: &[Can] = &[Can::DeriveSeveral(DeriveSeveral {
    bases: (1, LONGEST as u64),
    inheritance: Inheritance::AsBase,
    templates,
    derive,
})];

const fn row(mechanism: MechanismType) -> MechanismRow {
    // In bits (section 6.42).
    MechanismRow {
        mechanism,
        key_types: secret::DERIVABLE,
        sizes: (8, 8 * LONGEST as u64),
        flags: 0,
        can: CAN,
    }
}

/// The HMACs among the pseudo-random functions (section 6.42.2, the table of their identifiers).
const HMACS: [MechanismType; 9] = [
    CKM_SHA_1_HMAC,
    CKM_SHA224_HMAC,
    CKM_SHA256_HMAC,
    CKM_SHA384_HMAC,
    CKM_SHA512_HMAC,
    CKM_SHA3_224_HMAC,
    CKM_SHA3_256_HMAC,
    CKM_SHA3_384_HMAC,
    CKM_SHA3_512_HMAC,
];

fn parameters(mechanism: &Mechanism) -> Result<&Sp800108Parameters> {
    match &mechanism.parameters {
        Parameters::Sp800108(parameters) => Ok(parameters),
        _ => Err(Error::MechanismParamInvalid("the parameters of SP 800-108 are needed")),
    }
}

/// The call's own key comes first (section 6.42.6).
fn templates(mechanism: &Mechanism, template: Template) -> Result<Vec<Option<Template>>> {
    let further = parameters(mechanism)?.additional.iter().cloned();
    Ok(std::iter::once(template).chain(further).map(Some).collect())
}

fn derive(mechanism: &Mechanism, bases: &Bases<'_>, keys: &[Option<Attributes>]) -> Result<Several> {
    let parameters = parameters(mechanism)?;
    let mode = Mode::of(mechanism.mechanism_type)?;
    mode.check(&parameters.data)?;
    let prf = Prf::new(parameters.prf, bases.key)?;
    let keys: Vec<_> = keys.iter().flatten().collect();
    let mut lens = Vec::with_capacity(keys.len());
    for (index, key) in keys.iter().enumerate() {
        lens.push(secret::wanted_len(key).map_err(|error| error.of_derived_key(index))?);
    }
    let segments: usize = lens.iter().map(|len| len.div_ceil(prf.len)).sum();
    let (keys_len, segments_len) = (lens.iter().sum::<usize>(), segments * prf.len);
    secret::room_for_copies(keys_len)?;
    let named = bases.named.iter().map(value_of).collect::<Result<Vec<_>>>()?;
    let mut stream = Stream {
        prf,
        mode,
        data: &parameters.data,
        named,
        lens: (keys_len, segments_len),
        counter: 0,
        chained: Secret::default(),
    };
    stream.chained = stream.start(&parameters.iv)?;
    let mut made = Vec::with_capacity(keys.len());
    for (index, (key, len)) in keys.iter().zip(lens).enumerate() {
        // No segment is used for two keys.
        let value = stream.take(len)?;
        let key = secret::made(key, value.expose()).map_err(|error| error.of_derived_key(index))?;
        made.push(Some(key));
    }
    Ok(Several { keys: made, told: Vec::new() })
}

/// A MAC under the base key, that stands for a random function.
struct Prf<'a> {
    mechanism: Mechanism,
    start: StartSign,
    key: &'a Arc<dyn Key>,
    /// Length of the result in bytes.
    len: usize,
}

impl<'a> Prf<'a> {
    /// # Errors
    /// [`Error::MechanismParamInvalid`] for a function that is none of these; [`Error::KeyTypeInconsistent`] for a key that
    /// it does not take.
    fn new(prf: MechanismType, key: &'a Arc<dyn Key>) -> Result<Self> {
        let start: StartSign = match prf {
            CKM_AES_CMAC => mac::cmac_sign::<aes::Key, { aes::BLOCK }>,
            CKM_DES3_CMAC => mac::cmac_sign::<des::Key, { des::BLOCK }>,
            _ if HMACS.contains(&prf) && HASHES.iter().any(|row| row.hmac == prf) => hmac::sign,
            _ => return Err(Error::MechanismParamInvalid("prfType is not offered")),
        };
        let mechanism = Mechanism { mechanism_type: prf, parameters: Parameters::None };
        let len = start(&mechanism, key)?.signature_len();
        Ok(Self { mechanism, start, key, len })
    }

    fn of(&self, input: &[u8]) -> Result<Secret> {
        let mut running = (self.start)(&self.mechanism, self.key)?;
        running.update(input)?;
        let mut out = Secret::zeroed(self.len);
        running.finish(out.as_mut())?;
        Ok(out)
    }
}

/// What is handed from step to step.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    /// A counter alone.
    Counter,
    /// The segment before.
    Feedback,
    /// A second chain of the same function.
    DoublePipeline,
}

impl Mode {
    fn of(mechanism: MechanismType) -> Result<Self> {
        match mechanism {
            CKM_SP800_108_COUNTER_KDF => Ok(Self::Counter),
            CKM_SP800_108_FEEDBACK_KDF => Ok(Self::Feedback),
            CKM_SP800_108_DOUBLE_PIPELINE_KDF => Ok(Self::DoublePipeline),
            other => Err(Error::MechanismInvalid(other)),
        }
    }

    /// Whether the data are those that the section's table of the mode asks for: the iteration variable once in the mode's
    /// own form, a counter of its own at most once and in the chained modes alone, the length at most once.
    fn check(self, data: &[PrfData]) -> Result<()> {
        let count = |which: fn(&PrfData) -> bool| data.iter().filter(|one| which(one)).count();
        let variables = count(|one| matches!(one, PrfData::IterationVariable(_)));
        let formatted = count(|one| matches!(one, PrfData::IterationVariable(Some(_))));
        let counters = count(|one| matches!(one, PrfData::Counter(_)));
        let lengths = count(|one| matches!(one, PrfData::DkmLength(_)));
        let empty = count(|one| matches!(one, PrfData::Bytes(bytes) if bytes.is_empty()));
        let chained = self != Self::Counter;
        let good = variables == 1
            && (formatted == 0) == chained
            && counters <= usize::from(chained)
            && lengths <= 1
            && empty == 0;
        if good { Ok(()) } else { Err(Error::MechanismParamInvalid("data that this mode does not take")) }
    }
}

/// Segments of output, one after the other.
struct Stream<'a> {
    prf: Prf<'a>,
    mode: Mode,
    data: &'a [PrfData],
    /// The values of the keys among the data, in their order.
    named: Vec<&'a Secret>,
    /// Bytes of all keys, and of all segments.
    lens: (usize, usize),
    counter: u64,
    /// What the next step starts from: the segment before, or the second chain.
    chained: Secret,
}

impl Stream<'_> {
    /// What the chained modes start from.
    fn start(&self, iv: &[u8]) -> Result<Secret> {
        match self.mode {
            Mode::Counter => Ok(Secret::default()),
            Mode::Feedback => Ok(Secret::from(iv)),
            Mode::DoublePipeline => self.input(None),
        }
    }

    /// The data in their order; what changes from step to step is left out where there is no step yet.
    fn input(&self, step: Option<&Secret>) -> Result<Secret> {
        let mut named = self.named.iter();
        let mut input = Writer::new();
        for one in self.data {
            match (one, step) {
                (PrfData::IterationVariable(_) | PrfData::Counter(_), None) => {}
                (PrfData::IterationVariable(None), Some(chained)) => {
                    input.raw(chained.expose());
                }
                (PrfData::IterationVariable(Some(format)) | PrfData::Counter(format), Some(_)) => {
                    let counter = number(self.counter, format.width_bits, 32, format.little_endian)?;
                    input.raw(&counter.ok_or(Error::KeySizeRange)?);
                }
                (PrfData::DkmLength(format), _) => {
                    let len = match format.method {
                        CK_SP800_108_DKM_LENGTH_SUM_OF_KEYS => self.lens.0,
                        CK_SP800_108_DKM_LENGTH_SUM_OF_SEGMENTS => self.lens.1,
                        _ => return Err(Error::MechanismParamInvalid("dkmLengthMethod is not offered")),
                    };
                    let bits = number(8 * len as u64, format.width_bits, 64, format.little_endian)?;
                    input.raw(&bits.ok_or(Error::MechanismParamInvalid("a length beyond its own width"))?);
                }
                (PrfData::Bytes(bytes), _) => {
                    input.try_raw(bytes)?;
                }
                (PrfData::Key(_), _) => {
                    let key = named.next().ok_or(Error::Bug("a key among the data is missing"))?;
                    input.try_raw(key.expose())?;
                }
            }
        }
        Ok(input.finish())
    }

    fn segment(&mut self) -> Result<Secret> {
        self.counter += 1;
        if self.mode == Mode::DoublePipeline {
            self.chained = self.prf.of(self.chained.expose())?;
        }
        let segment = self.prf.of(self.input(Some(&self.chained))?.expose())?;
        if self.mode == Mode::Feedback {
            self.chained = segment.clone();
        }
        Ok(segment)
    }

    /// The next whole segments, cut to a key's length.
    fn take(&mut self, len: usize) -> Result<Secret> {
        let mut key = Secret::zeroed(len);
        for place in key.as_mut().chunks_mut(self.prf.len) {
            let segment = self.segment()?;
            place.iter_mut().zip(segment.expose()).for_each(|(place, byte)| *place = *byte);
        }
        Ok(key)
    }
}

/// A number in a width of whole bytes, at most `widest` bits; nothing where it does not fit.
fn number(value: u64, width_bits: u64, widest: u64, little_endian: bool) -> Result<Option<Vec<u8>>> {
    if width_bits == 0 || width_bits > widest || !width_bits.is_multiple_of(8) {
        return Err(Error::MechanismParamInvalid("a width that is no number of whole bytes"));
    }
    if width_bits < 64 && value >> width_bits != 0 {
        return Ok(None);
    }
    let len = usize::try_from(width_bits / 8).unwrap_or(8);
    let mut bytes: Vec<u8> = value.to_le_bytes().into_iter().take(len).collect();
    if !little_endian {
        bytes.reverse();
    }
    Ok(Some(bytes))
}

#[cfg(test)]
mod tests;
