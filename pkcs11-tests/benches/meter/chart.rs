//! A chart of a group: bars in parts of the fastest, one for each contender, as SVG. Readable on light and on dark
//! ground, in the colours of Okabe and Ito, which most eyes tell apart.

use std::fmt::Write as _;

use crate::page::grouped;
use crate::results::{BARE, Results, Row};

const WIDTH: usize = 860;
/// Where bars begin, and how long the longest is.
const LEFT: usize = 250;
const LONGEST: f64 = 500.0;
const BAR: usize = 11;
const TOP: usize = 64;

/// Draws the rows of a group.
pub(crate) fn draw(title: &str, contenders: &[&'static str], rows: &[&Row], results: &Results) -> String {
    let mut who = vec![BARE];
    who.extend(contenders);
    let step = BAR * who.len() + 12;
    let height = TOP + step * rows.len() + 8;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" \
         font-family=\"sans-serif\" font-size=\"11\">\n<title>{title}: operations a second</title>\n{STYLE}\
         <text x=\"8\" y=\"22\" font-size=\"15\">{title}: operations a second, bars in parts of the fastest</text>\n"
    );
    for (place, name) in who.iter().enumerate() {
        let x = 8 + 110 * place;
        let _ = writeln!(svg, "<rect class=\"c{place}\" x=\"{x}\" y=\"34\" width=\"12\" height=\"12\"/>");
        let _ = writeln!(svg, "<text x=\"{}\" y=\"44\">{name}</text>", x + 17);
    }
    for (place, row) in rows.iter().enumerate() {
        draw_row(&mut svg, TOP + step * place, row, &who, results);
    }
    svg.push_str("</svg>\n");
    svg
}

const STYLE: &str = "<style>\
text{fill:#1f2328}.c0{fill:#8c959f}.c1{fill:#0072b2}.c2{fill:#e69f00}.c3{fill:#009e73}\
@media(prefers-color-scheme:dark){text{fill:#e6edf3}.c0{fill:#6e7681}.c1{fill:#56b4e9}.c2{fill:#e69f00}}\
</style>\n";

fn draw_row(svg: &mut String, top: usize, row: &Row, who: &[&'static str], results: &Results) {
    let name = row.name.split_once('/').map_or(row.name.as_str(), |(_, name)| name);
    let keys = if row.keys == "session" { ", session key" } else { "" };
    let _ = writeln!(
        svg,
        "<text x=\"{}\" y=\"{}\" text-anchor=\"end\">{name}{keys}, {} thr.</text>",
        LEFT - 8,
        top + 15,
        row.threads
    );
    let fastest = who.iter().filter_map(|name| results.rate(row, name)).fold(f64::MIN_POSITIVE, f64::max);
    for (place, name) in who.iter().enumerate() {
        let Some(rate) = results.rate(row, name) else { continue };
        let (y, length) = (top + BAR * place, LONGEST * rate / fastest);
        let _ = writeln!(
            svg,
            "<rect class=\"c{place}\" x=\"{LEFT}\" y=\"{y}\" width=\"{length:.1}\" height=\"{}\"/>",
            BAR - 2
        );
        let _ = writeln!(
            svg,
            "<text x=\"{:.0}\" y=\"{}\">{}</text>",
            LEFT as f64 + length + 5.0,
            y + 9,
            grouped(rate)
        );
    }
}
