//! Writes the page of a report.

use super::{Align, Block, KeyFigure, Report, Table};
use crate::chart::{Palette, Theme, ThemeMode, escape};

/// Sections from which on the page gets a list of contents.
const CONTENTS_FROM: usize = 3;

/// Everything that does not depend on colours.
const LAYOUT: &str = "*{box-sizing:border-box}body{margin:0;font:16px/1.5 system-ui,\
-apple-system,'Segoe UI',Roboto,sans-serif;font-variant-numeric:tabular-nums}\
main{max-width:60rem;margin:0 auto;padding:1.5rem 1rem 4rem}\
h1{font-size:1.75rem;line-height:1.25;margin:0 0 .25rem}\
h2{font-size:1.375rem;line-height:1.3;margin:2.5rem 0 .75rem}\
h1,h2,p,li,td,th,dt,dd{overflow-wrap:anywhere}p,ul{margin:0 0 1rem}\
.sub{margin:0 0 1.5rem}nav ul{padding-left:1.25rem}\
.figures{display:grid;grid-template-columns:repeat(auto-fit,minmax(9rem,1fr));gap:.75rem;\
margin:0 0 1rem}.figures div{border-width:1px;border-style:solid;border-radius:8px;\
padding:.75rem 1rem}.figures dt{font-size:.875rem}\
.figures dd{margin:0;font-size:1.375rem;font-weight:600}\
.figures dd.note{font-size:.8125rem;font-weight:400}\
.scroll{overflow-x:auto;margin:0 0 1rem;border-width:1px;border-style:solid;border-radius:8px}\
table{border-collapse:collapse;width:100%;font-size:.875rem}\
caption{text-align:left;padding:.5rem .75rem;font-weight:600}\
th,td{text-align:left;padding:.4rem .75rem;border-top-width:1px;border-top-style:solid;\
vertical-align:top;overflow-wrap:normal}th{font-weight:600;white-space:nowrap}\
.n{text-align:right}.warning{border-left-width:4px;border-left-style:solid;\
border-radius:4px;padding:.75rem 1rem;margin:0 0 1rem}\
figure{margin:0 0 1rem}figure svg{display:block;border-width:1px;border-style:solid;\
border-radius:8px;width:40rem}figcaption{font-size:.875rem;margin-top:.25rem;max-width:40rem}\
@media print{h2{break-after:avoid}figure,tr,.figures div{break-inside:avoid}}";

/// The whole page of a report.
pub(super) fn write_page(report: &Report, theme: &Theme) -> String {
    let title = escape(&report.title);
    let scheme = match theme.mode {
        ThemeMode::Auto => "light dark",
        ThemeMode::Light => "light",
        ThemeMode::Dark => "dark",
    };
    let mut page = format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\
         <meta name=\"color-scheme\" content=\"{scheme}\">\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; \
         style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'\">\
         <title>{title}</title><style>{LAYOUT}{}{}</style></head>\n<body><main>\n<h1>{title}</h1>\n",
        theme.derive_rules(write_colours),
        theme.to_css(),
    );
    if !report.subtitle.is_empty() {
        page.push_str(&format!("<p class=\"sub\">{}</p>\n", escape(&report.subtitle)));
    }
    write_contents(&mut page, report);
    let mut sections = 0;
    for block in &report.blocks {
        if let Block::Section { heading } = block {
            if sections > 0 {
                page.push_str("</section>\n");
            }
            sections += 1;
            page.push_str(&format!(
                "<section aria-labelledby=\"s{sections}\"><h2 id=\"s{sections}\">{}</h2>\n",
                escape(heading)
            ));
        } else {
            write_block(&mut page, block);
        }
    }
    if sections > 0 {
        page.push_str("</section>\n");
    }
    page.push_str("</main></body></html>\n");
    page
}

fn write_colours(palette: &Palette) -> String {
    let Palette { canvas, surface, line, text, muted, link, warn, .. } = palette;
    format!(
        "body{{background:{canvas};color:{text}}}a{{color:{link}}}\
         .sub,.figures dt,.note,figcaption{{color:{muted}}}\
         .figures div,.scroll,.warning{{background:{surface}}}\
         .figures div,.scroll,th,td,figure svg{{border-color:{line}}}\
         .warning{{border-left-color:{warn}}}.warning strong{{color:{warn}}}"
    )
}

fn write_contents(page: &mut String, report: &Report) {
    let headings: Vec<_> = report
        .blocks
        .iter()
        .filter_map(|block| match block {
            Block::Section { heading } => Some(heading),
            Block::Paragraph { .. }
            | Block::List { .. }
            | Block::Warning { .. }
            | Block::KeyFigures { .. }
            | Block::Table { .. }
            | Block::Chart { .. } => None,
        })
        .collect();
    if headings.len() < CONTENTS_FROM {
        return;
    }
    page.push_str("<nav aria-label=\"Contents\"><ul>");
    for (index, heading) in headings.iter().enumerate() {
        page.push_str(&format!("<li><a href=\"#s{}\">{}</a></li>", index + 1, escape(heading)));
    }
    page.push_str("</ul></nav>\n");
}

fn write_block(page: &mut String, block: &Block) {
    match block {
        Block::Section { .. } => {}
        Block::Paragraph { text } => page.push_str(&format!("<p>{}</p>\n", escape(text))),
        Block::List { items } => {
            page.push_str("<ul>");
            for item in items {
                page.push_str(&format!("<li>{}</li>", escape(item)));
            }
            page.push_str("</ul>\n");
        }
        Block::Warning { text } => page.push_str(&format!(
            "<div class=\"warning\" role=\"note\"><strong>Note:</strong> {}</div>\n",
            escape(text)
        )),
        Block::KeyFigures { figures } => write_figures(page, figures),
        Block::Table { table } => write_table(page, table),
        Block::Chart { chart } => page.push_str(&format!(
            "<figure>{}<figcaption>{}</figcaption></figure>\n",
            chart.to_element(),
            escape(chart.description())
        )),
    }
}

fn write_figures(page: &mut String, figures: &[KeyFigure]) {
    page.push_str("<dl class=\"figures\">");
    for KeyFigure { label, value, note } in figures {
        let (label, value) = (escape(label), escape(value));
        page.push_str(&format!("<div><dt>{label}</dt><dd>{value}</dd>"));
        if !note.is_empty() {
            page.push_str(&format!("<dd class=\"note\">{}</dd>", escape(note)));
        }
        page.push_str("</div>");
    }
    page.push_str("</dl>\n");
}

fn write_table(page: &mut String, table: &Table) {
    let caption = escape(&table.caption);
    // A region that scrolls must be reachable by keyboard and have a name.
    page.push_str(&format!(
        "<div class=\"scroll\" role=\"region\" tabindex=\"0\" aria-label=\"{caption}\">\
         <table><caption>{caption}</caption><thead><tr>"
    ));
    let class = |align: Align| match align {
        Align::Start => "",
        Align::End => " class=\"n\"",
    };
    for column in &table.columns {
        let title = escape(&column.title);
        page.push_str(&format!("<th scope=\"col\"{}>{title}</th>", class(column.align)));
    }
    page.push_str("</tr></thead><tbody>");
    for row in &table.rows {
        page.push_str("<tr>");
        for (index, column) in table.columns.iter().enumerate() {
            let cell = row.get(index).map_or(String::new(), |cell| escape(cell));
            page.push_str(&format!("<td{}>{cell}</td>", class(column.align)));
        }
        page.push_str("</tr>");
    }
    page.push_str("</tbody></table></div>\n");
}
