//! Addresses as QR codes (ISO/IEC 18004), drawn as SVG.

use qrcodegen::{QrCode, QrCodeEcc};

/// The blank frame around a code, in modules, as the standard wants it.
const QUIET: i32 = 4;

/// A text as an SVG document; empty for a text that is too long for a code (about 2,900 bytes).
pub fn draw(text: &str) -> String {
    let Ok(code) = QrCode::encode_text(text, QrCodeEcc::Medium) else { return String::new() };
    let size = code.size() + 2 * QUIET;
    let dark = (0..code.size()).flat_map(|y| (0..code.size()).map(move |x| (x, y)));
    let squares: String = dark
        .filter(|(x, y)| code.get_module(*x, *y))
        .map(|(x, y)| format!("M{},{}h1v1h-1z", x + QUIET, y + QUIET))
        .collect();
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {size} {size}\" \
         shape-rendering=\"crispEdges\"><rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\
         <path d=\"{squares}\" fill=\"#000\"/></svg>"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_becomes_squares_in_a_frame() {
        let svg = draw("otpauth://totp/Gantry:ada?secret=ABC");
        assert!(svg.starts_with("<svg ") && svg.ends_with("</svg>"));
        // The corner of the first finder pattern.
        assert!(svg.contains("M4,4h1v1h-1z"), "{svg}");
        assert_eq!(draw(&"x".repeat(4_000)), "");
    }
}
