//! A chart of a group: bars in parts of the longest of their row, one for each contender, as SVG on a ground of its own,
//! light or dark as the reader has it, in the colours of Okabe and Ito, which most eyes tell apart.

use std::fmt::Write as _;

use crate::cases::Group;
use crate::page::grouped;
use crate::results::{BARE, Results, Row};

const WIDTH: usize = 860;
/// Where bars begin, and how long the longest is.
const LEFT: usize = 265;
const LONGEST: f64 = 490.0;
const BAR: usize = 12;
/// Between the bars of two rows.
const GAP: usize = 12;
const TOP: usize = 84;

/// Draws the rows of a group: those of token keys where there are two of a kind, which the table has both of.
pub(crate) fn draw(group: &Group, contenders: &[&'static str], rows: &[&Row], results: &Results) -> String {
    let with_bare = rows.iter().any(|row| results.rate(row, BARE).is_some());
    // Each has its colour, whoever else is there.
    let who: Vec<(usize, &'static str)> = [BARE]
        .into_iter()
        .chain(contenders.iter().copied())
        .enumerate()
        .filter(|(_, name)| with_bare || *name != BARE)
        .collect();
    // Where nobody has a figure there is nothing to draw: the table says why.
    let measured = |row: &&Row| who.iter().any(|(_, name)| results.rate(row, name).is_some());
    let shown: Vec<&Row> =
        rows.iter().copied().filter(|row| row.keys != "session").filter(measured).collect();
    let step = BAR * who.len() + GAP;
    let height = TOP + step * shown.len() + 4;
    let (title, unit) = (group.title, group.unit);
    let better = if group.is_rate() { "longer is better" } else { "shorter is better" };
    let left_out = if rows.iter().any(|row| row.keys == "session") {
        "; token keys, session keys are in the table"
    } else {
        ""
    };
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" \
         font-family=\"sans-serif\" font-size=\"11\">\n<title>{title}: {unit}</title>\n{STYLE}\
         <rect class=\"g\" width=\"{WIDTH}\" height=\"{height}\"/>\n\
         <text x=\"12\" y=\"24\" font-size=\"15\">{title}: {unit}</text>\n\
         <text x=\"12\" y=\"42\" class=\"n\">bars in parts of the longest of each row, {better}{left_out}</text>\n"
    );
    for (place, (colour, name)) in who.iter().enumerate() {
        let x = LEFT + 110 * place;
        let _ = writeln!(svg, "<rect class=\"c{colour}\" x=\"{x}\" y=\"54\" width=\"12\" height=\"12\"/>");
        let _ = writeln!(svg, "<text x=\"{}\" y=\"64\">{name}</text>", x + 17);
    }
    for (place, row) in shown.iter().enumerate() {
        draw_row(&mut svg, TOP + step * place, row, &who, results);
    }
    svg.push_str("</svg>\n");
    svg
}

const STYLE: &str = "<style>\
.g{fill:#fff}text{fill:#1f2328}.n{fill:#59636e}\
.c0{fill:#8c959f}.c1{fill:#0072b2}.c2{fill:#e69f00}.c3{fill:#009e73}\
@media(prefers-color-scheme:dark){.g{fill:#0d1117}text{fill:#e6edf3}.n{fill:#9198a1}\
.c0{fill:#6e7681}.c1{fill:#56b4e9}.c2{fill:#e69f00}.c3{fill:#2dbd93}}\
</style>\n";

fn draw_row(svg: &mut String, top: usize, row: &Row, who: &[(usize, &'static str)], results: &Results) {
    let name = row.name.split_once('/').map_or(row.name.as_str(), |(_, name)| name);
    let threads = if row.threads == 1 { String::new() } else { format!(", {} threads", row.threads) };
    let _ = writeln!(
        svg,
        "<text x=\"{}\" y=\"{}\" text-anchor=\"end\">{name}{threads}</text>",
        LEFT - 8,
        top + (BAR * who.len()) / 2 + 3,
    );
    let longest =
        who.iter().filter_map(|(_, name)| results.rate(row, name)).fold(f64::MIN_POSITIVE, f64::max);
    for (place, (colour, name)) in who.iter().enumerate() {
        let y = top + BAR * place;
        let (length, text) = match (results.rate(row, name), results.refusal(row, name)) {
            (_, Some(why)) => (0.0, format!("{name}: {why}")),
            (Some(rate), None) => (LONGEST * rate / longest, grouped(rate)),
            (None, None) => continue,
        };
        let _ = writeln!(
            svg,
            "<rect class=\"c{colour}\" x=\"{LEFT}\" y=\"{y}\" width=\"{length:.1}\" height=\"{}\"/>",
            BAR - 2
        );
        let x = LEFT as f64 + length + 5.0;
        let _ = writeln!(svg, "<text x=\"{x:.0}\" y=\"{}\">{text}</text>", y + 9);
    }
}
