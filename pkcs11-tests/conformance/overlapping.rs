//! Section 5.2: input and output "can be in the same place", whole or shifted, for every function that has both.

use cryptoki_sys::{
    CK_MECHANISM, CKM_AES_CBC, CKM_AES_CBC_PAD, CKM_AES_ECB, CKM_AES_GCM, CKM_RSA_PKCS, CKM_SHA256,
    CKM_SHA256_HMAC, CKR_OK,
};
use pkcs11_tests::keys::{Kind, Pair, generate};
use pkcs11_tests::raw::parameters::{ctr, gcm, with};
use pkcs11_tests::{Module, Out, Sent, Test, assert_rv, mechanism, on_claviger};

use crate::secret_keys::{Step, aes, generic};

on_claviger!(every_function_with_both_takes_one_memory_for_them);

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
    let rsa = by.is_some_and(|by| by.mechanism == CKM_RSA_PKCS);
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
