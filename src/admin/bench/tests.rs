use super::*;
use crate::tests::{Bench as Place, PIN, keeps_its_form};

const SHORT: [&str; 5] = ["bench", "--seconds", "0.01", "--threads", "2"];

#[test]
fn every_operation_is_measured_with_one_thread_and_with_several() {
    let done = Place::with_token("web").claviger(&SHORT, &[PIN]);
    assert_eq!((done.code, done.err.as_str()), (0, ""));
    let mut lines = done.out.lines();
    assert_eq!(lines.next().unwrap().split("  ").filter(|cell| !cell.is_empty()).count(), 3);
    for row in OPERATIONS {
        let cells = lines.next().unwrap().strip_prefix(row.name).unwrap();
        assert_eq!(cells.split_whitespace().count(), 2, "{}", row.name);
    }
    assert_eq!(lines.next(), None);
}

#[test]
fn json_has_each_operation_by_its_threads() {
    let done = Place::with_token("web").claviger(&[&SHORT[..], &["--json"]].concat(), &[PIN]);
    assert_eq!((done.code, done.err.as_str()), (0, ""));
    keeps_its_form("bench/report.json", &done.out);
    let told: serde_json::Value = serde_json::from_str(&done.out).unwrap();
    assert_eq!((&told["token"], &told["seconds"]), (&"web".into(), &0.01.into()));
    let results = told["results"].as_array().unwrap();
    assert_eq!(results.len(), 2 * OPERATIONS.len());
    for result in results {
        assert!(result["per_second"].as_f64().unwrap() > 0.0, "{result}");
        assert!(result["operation"].is_string() && result["threads"].is_u64(), "{result}");
    }
}

#[test]
fn nothing_is_left_in_the_token() {
    let place = Place::with_token("web");
    assert_eq!(place.claviger(&SHORT, &[PIN]).code, 0);
    let listed = place.claviger(&["object", "list", "--json"], &[PIN]);
    assert_eq!(
        serde_json::from_str::<serde_json::Value>(&listed.out).unwrap()["objects"],
        serde_json::json!([])
    );
}

#[test]
fn a_wrong_pin_and_a_time_out_of_bounds_are_told_apart() {
    let place = Place::with_token("web");
    assert_eq!(place.claviger(&SHORT, &["not-the-pin"]).code, 3);
    for line in [["bench", "--seconds", "0"], ["bench", "--seconds", "NaN"], ["bench", "--threads", "0"]] {
        assert_eq!(place.claviger(&line, &[]).code, 2, "{line:?}");
    }
}

#[test]
fn rates_are_grouped_by_thousands() {
    assert_eq!(
        [0.25, 99.94, 100.0, 1234.5, 1_234_567.0].map(grouped),
        ["0.2", "99.9", "100", "1,234", "1,234,567"]
    );
}
