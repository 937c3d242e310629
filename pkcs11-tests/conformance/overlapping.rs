//! Section 5.2: input and output "can be in the same place", whole or shifted, for every function that has both.

use cryptoki_sys::{
    CK_MECHANISM, CKA_VALUE, CKG_MGF1_SHA256, CKK_AES, CKM_AES_CBC, CKM_AES_CBC_PAD, CKM_AES_ECB,
    CKM_AES_GCM, CKM_AES_KEY_WRAP, CKM_AES_KEY_WRAP_KWP, CKM_AES_KEY_WRAP_PAD, CKM_RSA_PKCS,
    CKM_RSA_PKCS_OAEP, CKM_SHA256, CKM_SHA256_HMAC, CKO_SECRET_KEY, CKR_OK,
};
use pkcs11_tests::keys::{Kind, Pair, attribute, generate};
use pkcs11_tests::raw::parameters::{claiming, ctr, gcm, oaep, with};
use pkcs11_tests::{Module, Out, Sent, Test, assert_rv, mechanism, on_claviger};

use crate::secret_keys::{ENCRYPTION, Step, aes, generic, open_aes, opened, whole};
use crate::wrapping::kind;

on_claviger!(
    every_function_with_both_takes_one_memory_for_them,
    rsa_encryption_takes_one_memory_for_both,
    a_mechanisms_parameter_may_lie_where_the_output_goes,
);

/// Where the output starts, seen from the input's start.
const SHIFTS: [isize; 7] = [0, 1, 8, 16, -1, -8, -16];

struct Bench<'a> {
    m: &'a Module,
    session: u64,
    aes: u64,
    mac: u64,
    pair: Pair,
}

type Start<'a> = Box<dyn Fn(&Bench<'_>) + 'a>;

/// Runs the function over separate memory, then over one memory with each shift.
fn same_in_one_memory(b: &Bench<'_>, start: &Start<'_>, step: Step, input: &[u8], what: &str) {
    start(b);
    let mut apart = [0; 512];
    let (rv, len) = step(b.m, b.session, Sent::from(input), Out::buffer(&mut apart));
    assert_rv!(rv, CKR_OK, "{what}");
    let len = usize::try_from(len).unwrap();
    for shift in SHIFTS {
        start(b);
        let mut memory = vec![0; 1024];
        let from = 256usize;
        let to = from.checked_add_signed(shift).unwrap();
        memory[from..from + input.len()].copy_from_slice(input);

        let start_of = memory.as_mut_ptr();
        let (rv, written) = b.step_in(step, start_of, (from, input.len()), to);
        assert_rv!(rv, CKR_OK, "{what} shifted by {shift}");
        assert_eq!(usize::try_from(written).unwrap(), len, "{what} shifted by {shift}");
        assert_eq!(&memory[to..to + len], &apart[..len], "{what} shifted by {shift}");
    }
}

impl Bench<'_> {
    fn step_in(&self, step: Step, memory: *mut u8, (from, len): (usize, usize), to: usize) -> (u64, u64) {
        let input = Sent::at(memory.wrapping_add(from), len as u64);
        step(self.m, self.session, input, Out::over(Sent::at(memory.wrapping_add(to), 0), 512))
    }
}

fn restart(b: &Bench<'_>, begins: &[(&str, CK_MECHANISM)]) {
    for end in ["encrypt", "decrypt", "sign", "verify", "digest", "sign recover", "verify recover"] {
        begin(b, end, None);
    }
    for (kind, by) in begins {
        begin(b, kind, Some(by));
    }
}

fn begin(b: &Bench<'_>, kind: &str, by: Option<&CK_MECHANISM>) {
    let rsa = by.is_some_and(|by| [CKM_RSA_PKCS, CKM_RSA_PKCS_OAEP].contains(&by.mechanism));
    let pick = |rsa_key, other| if rsa { rsa_key } else { other };
    let rv = match kind {
        "encrypt" => b.m.encrypt_init(b.session, by, pick(b.pair.public, b.aes)),
        "decrypt" => b.m.decrypt_init(b.session, by, pick(b.pair.private, b.aes)),
        "sign" => b.m.sign_init(b.session, by, pick(b.pair.private, b.mac)),
        "verify" => b.m.verify_init(b.session, by, pick(b.pair.public, b.mac)),
        "sign recover" => b.m.sign_recover_init(b.session, by, b.pair.private),
        "verify recover" => b.m.verify_recover_init(b.session, by, b.pair.public),
        _ => b.m.digest_init(b.session, by),
    };
    assert_rv!(rv, CKR_OK, "{kind}");
}

fn output(b: &Bench<'_>, begins: &[(&str, CK_MECHANISM)], step: Step, input: &[u8]) -> Vec<u8> {
    restart(b, begins);
    let mut out = vec![0; 512];
    let (rv, len) = step(b.m, b.session, Sent::from(input), Out::buffer(&mut out));
    assert_rv!(rv, CKR_OK);
    out.truncate(usize::try_from(len).unwrap());
    out
}

/// SoftHSM refuses the null mechanism (`CKR_ARGUMENTS_BAD`) by which v3.0 ends an operation: section 5.8.1.
fn every_function_with_both_takes_one_memory_for_them(t: &Test) {
    let session = t.token().user_session();
    let m = t.module;
    let pair = generate(m, session, Kind::Rsa, false, "pair");
    let b = Bench { m, session, aes: aes(m, session, &[1; 32]), mac: generic(m, session, &[2; 32]), pair };
    let (counter, iv) = (ctr(128, [5; 16]), [6; 16]);
    let sealing = gcm(Sent::from(&iv), Sent::null(0), 128);
    let input: Vec<u8> = (0..80).collect();
    let ciphers = [
        mechanism(CKM_AES_ECB),
        with(CKM_AES_CBC, &iv),
        with(CKM_AES_CBC_PAD, &iv),
        counter.mechanism(),
        sealing.mechanism(),
        mechanism(CKM_RSA_PKCS),
        mechanism(CKM_AES_KEY_WRAP),
        mechanism(CKM_AES_KEY_WRAP_PAD),
        mechanism(CKM_AES_KEY_WRAP_KWP),
    ];
    let run = |begins: &[(&'static str, CK_MECHANISM)], step: Step, input: &[u8], what: &str| {
        let begins = begins.to_vec();
        let start: Start<'_> = Box::new(move |b| restart(b, &begins));
        same_in_one_memory(&b, &start, step, input, what);
    };
    for by in ciphers {
        let sealed = output(&b, &[("encrypt", by)], Module::encrypt, &input);
        let what = format!("{:#x}", by.mechanism);
        if by.mechanism != CKM_RSA_PKCS {
            run(&[("encrypt", by)], Module::encrypt, &input, &what);
            run(&[("encrypt", by)], Module::encrypt_update, &input, &what);
        }
        run(&[("decrypt", by)], Module::decrypt, &sealed, &what);
        if by.mechanism != CKM_AES_GCM {
            run(&[("decrypt", by)], Module::decrypt_update, &sealed, &what);
        }
    }
    let (block, hash, mac) = (ciphers[1], mechanism(CKM_SHA256), mechanism(CKM_SHA256_HMAC));
    run(&[("digest", hash)], Module::digest, &input, "digest");
    run(&[("sign", mac)], Module::sign, &input, "sign");
    run(&[("sign", ciphers[5])], Module::sign, &input, "sign with RSA");
    run(&[("sign recover", ciphers[5])], Module::sign_recover, &input, "sign recover");
    let signature = output(&b, &[("sign recover", ciphers[5])], Module::sign_recover, &input);
    run(&[("verify recover", ciphers[5])], Module::verify_recover, &signature, "verify recover");
    run(&[("digest", hash), ("encrypt", block)], Module::digest_encrypt_update, &input, "digest, encrypt");
    run(&[("digest", hash), ("decrypt", block)], Module::decrypt_digest_update, &input, "decrypt, digest");
    run(&[("sign", mac), ("encrypt", block)], Module::sign_encrypt_update, &input, "sign, encrypt");
    run(&[("verify", mac), ("decrypt", block)], Module::decrypt_verify_update, &input, "decrypt, verify");
}

/// What RSA encrypts is another each time: it must come back. Wrapping has no input beside its output: a key is a handle.
/// SoftHSM refuses the null mechanism (`CKR_ARGUMENTS_BAD`) by which v3.0 ends an operation: section 5.8.1.
fn rsa_encryption_takes_one_memory_for_both(t: &Test) {
    let session = t.token().user_session();
    let m = t.module;
    let pair = generate(m, session, Kind::Rsa, false, "pair");
    let b = Bench { m, session, aes: aes(m, session, &[1; 32]), mac: generic(m, session, &[2; 32]), pair };
    let label: [u8; 5] = *b"label";
    let padded = oaep(CKM_SHA256, CKG_MGF1_SHA256, Sent::from(&label));
    let input: Vec<u8> = (1..=80).collect();
    for by in [mechanism(CKM_RSA_PKCS), padded.mechanism()] {
        for shift in SHIFTS {
            restart(&b, &[("encrypt", by)]);
            let mut memory = vec![0; 1024];
            let from = 256usize;
            let to = from.checked_add_signed(shift).unwrap();
            memory[from..from + input.len()].copy_from_slice(&input);
            let start_of = memory.as_mut_ptr();
            let (rv, written) = b.step_in(Module::encrypt, start_of, (from, input.len()), to);
            assert_rv!(rv, CKR_OK, "{:#x} shifted by {shift}", by.mechanism);
            assert_eq!(written, 256);
            let sealed = memory[to..to + 256].to_vec();
            assert_eq!(output(&b, &[("decrypt", by)], Module::decrypt, &sealed), input, "{shift}");
            // And back, the ciphertext where the text goes.
            restart(&b, &[("decrypt", by)]);
            let mut memory = vec![0; 1024];
            memory[from..from + 256].copy_from_slice(&sealed);
            let start_of = memory.as_mut_ptr();
            let (rv, written) = b.step_in(Module::decrypt, start_of, (from, 256), to);
            assert_rv!(rv, CKR_OK, "{:#x} shifted by {shift}", by.mechanism);
            assert_eq!(&memory[to..to + usize::try_from(written).unwrap()], input, "{shift}");
        }
    }
}

/// Memory that holds a parameter and is written over later.
struct Shared(Vec<u8>);

impl Shared {
    /// With the parameter at its start, in room for any output.
    fn of(parameter: &[u8]) -> Self {
        let mut memory = parameter.to_vec();
        memory.resize(1024, 0);
        Self(memory)
    }

    fn sent(&mut self, len: usize) -> Sent<'static> {
        Sent::at(self.0.as_mut_ptr(), len as u64)
    }

    fn out(&mut self) -> Out<'static> {
        Out::over(Sent::at(self.0.as_mut_ptr(), 0), 512)
    }
}

/// A parameter is read when an operation begins, or before C_WrapKey writes: the output may lie over it.
/// SoftHSM does not wrap by CKM_AES_CBC_PAD (`CKR_MECHANISM_INVALID`); the table of section 6.10 lists it.
fn a_mechanisms_parameter_may_lie_where_the_output_goes(t: &Test) {
    let session = t.token().user_session();
    let m = t.module;
    let key = aes(m, session, &[1; 32]);
    let wanted = open_aes(m, session, &[3; 32]);
    let pair = generate(m, session, Kind::Rsa, false, "pair");
    let iv = [6; 16];
    let text = [9; 48];
    let apart = whole(m, ENCRYPTION, session, &with(CKM_AES_CBC_PAD, &iv), key, &text).unwrap();
    let mut shared = Shared::of(&iv);
    let by = claiming(CKM_AES_CBC_PAD, shared.sent(16));
    assert_rv!(m.encrypt_init(session, Some(&by), key), CKR_OK);
    let (rv, len) = m.encrypt(session, Sent::from(&text), shared.out());
    assert_rv!(rv, CKR_OK);
    assert_eq!(&shared.0[..usize::try_from(len).unwrap()], apart, "C_Encrypt over its vector");

    let mut room = vec![0; 512];
    let by = with(CKM_AES_CBC_PAD, &iv);
    let (rv, len) = m.wrap_key(session, Some(&by), key, wanted, Out::buffer(&mut room));
    assert_rv!(rv, CKR_OK);
    let mut shared = Shared::of(&iv);
    let by = claiming(CKM_AES_CBC_PAD, shared.sent(16));
    let (rv, written) = m.wrap_key(session, Some(&by), key, wanted, shared.out());
    assert_rv!(rv, CKR_OK);
    assert_eq!(written, len);
    assert_eq!(shared.0[..512], room, "C_WrapKey over its vector");

    let mut shared = Shared::of(&iv);
    let sealing = gcm(shared.sent(12), Sent::null(0), 128);
    assert_rv!(m.encrypt_init(session, Some(&sealing.mechanism()), key), CKR_OK);
    let (rv, len) = m.encrypt(session, Sent::from(&text), shared.out());
    assert_rv!(rv, CKR_OK);
    let sealing = gcm(Sent::from(&iv[..12]), Sent::null(0), 128);
    let apart = whole(m, ENCRYPTION, session, &sealing.mechanism(), key, &text).unwrap();
    assert_eq!(&shared.0[..usize::try_from(len).unwrap()], apart, "C_Encrypt over GCM's vector");

    let label = *b"a label";
    let mut shared = Shared::of(&label);
    let over = oaep(CKM_SHA256, CKG_MGF1_SHA256, shared.sent(label.len()));
    let (rv, len) = m.wrap_key(session, Some(&over.mechanism()), pair.public, wanted, shared.out());
    assert_rv!(rv, CKR_OK);
    let blob = shared.0[..usize::try_from(len).unwrap()].to_vec();
    let apart = oaep(CKM_SHA256, CKG_MGF1_SHA256, Sent::from(&label));
    let template = opened(kind(CKO_SECRET_KEY, CKK_AES));
    let (rv, back) =
        m.unwrap_key(session, Some(&apart.mechanism()), pair.private, Sent::from(&blob), &template);
    assert_rv!(rv, CKR_OK, "C_WrapKey over OAEP's label");
    assert_eq!(attribute(m, session, back, CKA_VALUE), [3; 32]);
}
