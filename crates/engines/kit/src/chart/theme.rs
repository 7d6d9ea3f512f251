//! The colours of charts and reports, light and dark.

/// Whether a file follows the reader's setting or keeps one look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ThemeMode {
    /// Light or dark as the reader's system says.
    #[default]
    Auto,
    /// Always light, for print.
    Light,
    /// Always dark.
    Dark,
}

/// The colours of one look, as `#rrggbb`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Palette {
    /// Behind everything.
    pub canvas: &'static str,
    /// Behind charts, tables and figures.
    pub surface: &'static str,
    /// Grid lines and borders.
    pub line: &'static str,
    /// Text.
    pub text: &'static str,
    /// Text of less weight.
    pub muted: &'static str,
    /// Fill of the strongest cells of a heat map; white text is legible on it.
    pub accent: &'static str,
    /// Links.
    pub link: &'static str,
    /// Warnings.
    pub warn: &'static str,
    /// Series in order; each has a contrast of at least 3 to the surface.
    pub series: [&'static str; 6],
}

/// Colours of both looks, and which of them a file uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Theme {
    /// The light look.
    pub light: Palette,
    /// The dark look.
    pub dark: Palette,
    /// Which look.
    pub mode: ThemeMode,
}

impl Default for Theme {
    fn default() -> Self {
        Self {
            light: Palette {
                canvas: "#f7f8f8",
                surface: "#ffffff",
                line: "#dfe3e6",
                text: "#14181b",
                muted: "#5b6570",
                accent: "#0f766e",
                link: "#0f766e",
                warn: "#a16207",
                series: ["#0f766e", "#b45309", "#4f46e5", "#be185d", "#475569", "#4d7c0f"],
            },
            dark: Palette {
                canvas: "#101314",
                surface: "#181c1e",
                line: "#2b3135",
                text: "#e8ecee",
                muted: "#a3adb8",
                accent: "#0f766e",
                link: "#3bc8b5",
                warn: "#facc15",
                series: ["#3bc8b5", "#fbbf24", "#a5b4fc", "#f9a8d4", "#cbd5e1", "#a3e635"],
            },
            mode: ThemeMode::Auto,
        }
    }
}

impl Theme {
    /// The default colours in one fixed look.
    #[must_use]
    pub fn fixed(mode: ThemeMode) -> Self {
        Self { mode, ..Self::default() }
    }

    /// The look that holds where the reader's system says nothing.
    pub(crate) fn base(&self) -> &Palette {
        match self.mode {
            ThemeMode::Auto | ThemeMode::Light => &self.light,
            ThemeMode::Dark => &self.dark,
        }
    }

    /// Writes rules for the base look and, where it follows the reader, for the dark one.
    pub(crate) fn derive_rules(&self, rules: impl Fn(&Palette) -> String) -> String {
        let mut css = rules(self.base());
        if self.mode == ThemeMode::Auto {
            let dark = rules(&self.dark);
            css.push_str(&format!("@media(prefers-color-scheme:dark){{{dark}}}"));
        }
        css
    }

    /// The rules that charts need.
    pub(crate) fn to_css(self) -> String {
        let mut css = String::from(
            ".gk{max-width:100%;height:auto}.gk text{font-family:system-ui,-apple-system,\
             'Segoe UI',Roboto,sans-serif;font-size:13px;font-variant-numeric:tabular-nums}\
             .gk .gk-h{font-size:15px;font-weight:600}.gk .gk-e{text-anchor:end}\
             .gk .gk-c{text-anchor:middle}.gk polyline{fill:none;stroke-width:2;\
             stroke-linejoin:round}.gk line{stroke-width:1}",
        );
        css.push_str(&self.derive_rules(|palette| {
            let Palette { surface, line, text, muted, accent, .. } = palette;
            let mut rules = format!(
                ".gk-s{{fill:{surface}}}.gk-t{{fill:{text}}}.gk-m{{fill:{muted}}}\
                 .gk-g{{stroke:{line}}}.gk-a{{stroke:{muted}}}.gk-x{{fill:{accent}}}\
                 .gk-w{{fill:#ffffff}}"
            );
            for (index, colour) in palette.series.iter().enumerate() {
                rules.push_str(&format!(".gk-f{index}{{fill:{colour}}}"));
                rules.push_str(&format!(".gk-l{index}{{stroke:{colour}}}"));
            }
            rules
        }));
        css
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn luminance(colour: &str) -> f64 {
        let channel = |at: usize| {
            let value = f64::from(u8::from_str_radix(&colour[at..at + 2], 16).unwrap()) / 255.0;
            if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5)
    }

    fn contrast(a: &str, b: &str) -> f64 {
        let (a, b) = (luminance(a), luminance(b));
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    #[test]
    fn every_colour_is_legible() {
        let theme = Theme::default();
        for palette in [theme.light, theme.dark] {
            for text in [palette.text, palette.muted, palette.link, palette.warn] {
                assert!(contrast(text, palette.surface) >= 4.5, "{text}");
                assert!(contrast(text, palette.canvas) >= 4.5, "{text}");
            }
            for series in palette.series {
                assert!(contrast(series, palette.surface) >= 3.0, "{series}");
            }
            assert!(contrast("#ffffff", palette.accent) >= 4.5);
        }
    }

    #[test]
    fn a_fixed_look_has_no_second_one() {
        assert!(Theme::default().to_css().contains("prefers-color-scheme"));
        assert!(!Theme::fixed(ThemeMode::Light).to_css().contains("prefers-color-scheme"));
    }
}
