//! How fast AWS-LC signs here, bare: what no path through the C interface can beat.
//!
//! `primitive_speed [seconds] [threads]` prints a line for each algorithm with one thread and with `threads`:
//! its name, the number of threads, and all signatures in a second.

use std::process::ExitCode;
use std::sync::Barrier;
use std::time::{Duration, Instant};

use claviger_mechanisms::aws_lc::{ec, rsa};
use pkcs11::Result;

/// A `DigestInfo` of SHA-256 has this length, and its contents do not matter for speed.
const DIGEST_INFO: [u8; 51] = [0x30; 51];

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let seconds = arguments.next().map_or(Ok(2.0), |argument| argument.parse().map_err(drop));
    let duration = seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).map_err(drop));
    let threads = arguments.next().map_or(Ok(2), |argument| argument.parse::<usize>().map_err(drop));
    let (Ok(duration), Ok(threads @ 1..=1024)) = (duration, threads) else {
        eprintln!("primitive_speed [seconds] [threads]");
        return ExitCode::FAILURE;
    };
    match measure_all(duration, threads) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn measure_all(duration: Duration, threads: usize) -> Result<()> {
    let made = rsa::generate(2048, &[1, 0, 1])?;
    let components = rsa::Components {
        n: made.n.expose(),
        e: made.e.expose(),
        d: made.d.expose(),
        p: made.p.expose(),
        q: made.q.expose(),
        dp: made.dp.expose(),
        dq: made.dq.expose(),
        qinv: made.qinv.expose(),
    };
    let scalar = ec::generate(ec::Curve::P256)?.scalar;
    let mut counts = vec![1, threads];
    counts.dedup();
    for count in counts {
        let rsa_key = || {
            let key = rsa::PrivateKey::new(&components)?;
            let mut signature = vec![0; key.signature_len()];
            Ok(move || key.sign_pkcs1(&DIGEST_INFO, &mut signature))
        };
        println!("rsa2048_sign {count} {:.0}", measure(duration, count, rsa_key)?);
        let ec_key = || {
            let key = ec::PrivateKey::from_scalar(ec::Curve::P256, scalar.expose())?;
            let mut signature = [0; 64];
            Ok(move || key.sign(&[0x5a; 32], &mut signature))
        };
        println!("p256_sign {count} {:.0}", measure(duration, count, ec_key)?);
    }
    Ok(())
}

/// Operations a second over all threads; each makes its own key, so that they share nothing.
fn measure<M, S>(duration: Duration, threads: usize, make: M) -> Result<f64>
where
    M: Fn() -> Result<S> + Sync,
    S: FnMut() -> Result<()>,
{
    let start = Barrier::new(threads);
    let one = || {
        let prepared = make().and_then(|mut sign| sign().map(|()| sign));
        start.wait();
        let mut sign = prepared?;
        let (begin, mut count) = (Instant::now(), 0u32);
        while begin.elapsed() < duration {
            for _ in 0..16 {
                sign()?;
            }
            count += 16;
        }
        Ok(f64::from(count) / begin.elapsed().as_secs_f64())
    };
    std::thread::scope(|scope| {
        let running: Vec<_> = (0..threads).map(|_| scope.spawn(one)).collect();
        let joined = running.into_iter().map(|thread| thread.join());
        joined
            .map(|rate| rate.unwrap_or(Err(pkcs11::Error::Bug("a thread of the measurement panicked"))))
            .sum()
    })
}
