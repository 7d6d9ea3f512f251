//! CONVERT: units of measurement.

use super::{Args, Function, scalar};
use crate::value::{ErrorKind, Value};

pub(super) const TABLE: &[Function] = &[scalar("CONVERT", (3, 3), convert)];

/// Name, group, size in the group's base unit, and 1 where decimal prefixes are allowed, 2 where
/// binary ones are too.
type Unit = (&'static str, u8, f64, u8);

/// A printer's point in metres.
const PICA: f64 = 0.0254 / 72.0;

const UNITS: &[Unit] = &[
    ("g", 0, 1.0, 1),
    ("sg", 0, 14_593.902_937_206_4, 0),
    ("lbm", 0, 453.592_37, 0),
    ("u", 0, 1.660_538_782_83e-24, 1),
    ("ozm", 0, 28.349_523_125, 0),
    ("grain", 0, 0.064_798_91, 0),
    ("cwt", 0, 45_359.237, 0),
    ("shweight", 0, 45_359.237, 0),
    ("uk_cwt", 0, 50_802.345_44, 0),
    ("lcwt", 0, 50_802.345_44, 0),
    ("hweight", 0, 50_802.345_44, 0),
    ("stone", 0, 6_350.293_18, 0),
    ("ton", 0, 907_184.74, 0),
    ("uk_ton", 0, 1_016_046.908_8, 0),
    ("LTON", 0, 1_016_046.908_8, 0),
    ("brton", 0, 1_016_046.908_8, 0),
    ("m", 1, 1.0, 1),
    ("mi", 1, 1609.344, 0),
    ("Nmi", 1, 1852.0, 0),
    ("in", 1, 0.0254, 0),
    ("ft", 1, 0.3048, 0),
    ("yd", 1, 0.9144, 0),
    ("ang", 1, 1e-10, 1),
    ("ell", 1, 1.143, 0),
    ("ly", 1, 9_460_730_472_580_800.0, 1),
    ("parsec", 1, 30_856_775_814_671_900.0, 1),
    ("pc", 1, 30_856_775_814_671_900.0, 1),
    ("Picapt", 1, 0.0254 / 72.0, 0),
    ("Pica", 1, 0.0254 / 72.0, 0),
    ("pica", 1, 0.0254 / 6.0, 0),
    ("survey_mi", 1, 1_609.347_218_694_44, 0),
    ("yr", 2, 31_557_600.0, 0),
    ("day", 2, 86_400.0, 0),
    ("d", 2, 86_400.0, 0),
    ("hr", 2, 3600.0, 0),
    ("mn", 2, 60.0, 0),
    ("min", 2, 60.0, 0),
    ("sec", 2, 1.0, 1),
    ("s", 2, 1.0, 1),
    ("Pa", 3, 1.0, 1),
    ("p", 3, 1.0, 1),
    ("atm", 3, 101_325.0, 1),
    ("at", 3, 101_325.0, 1),
    ("mmHg", 3, 133.322, 1),
    ("psi", 3, 6_894.757_293_168_36, 0),
    ("Torr", 3, 101_325.0 / 760.0, 0),
    ("N", 4, 1.0, 1),
    ("dyn", 4, 1e-5, 1),
    ("dy", 4, 1e-5, 1),
    ("lbf", 4, 4.448_221_615_260_5, 0),
    ("pond", 4, 0.009_806_65, 1),
    ("J", 5, 1.0, 1),
    ("e", 5, 1e-7, 1),
    ("c", 5, 4.184, 1),
    ("cal", 5, 4.1868, 1),
    ("eV", 5, 1.602_176_487e-19, 1),
    ("ev", 5, 1.602_176_487e-19, 1),
    ("HPh", 5, 2_684_519.537_696_173, 0),
    ("hh", 5, 2_684_519.537_696_173, 0),
    ("Wh", 5, 3600.0, 1),
    ("wh", 5, 3600.0, 1),
    ("flb", 5, 1.355_817_948_331_4, 0),
    ("BTU", 5, 1_055.055_852_62, 0),
    ("btu", 5, 1_055.055_852_62, 0),
    ("HP", 6, 745.699_871_582_27, 0),
    ("h", 6, 745.699_871_582_27, 0),
    ("PS", 6, 735.498_75, 0),
    ("W", 6, 1.0, 1),
    ("w", 6, 1.0, 1),
    ("T", 7, 1.0, 1),
    ("ga", 7, 1e-4, 1),
    ("tsp", 9, 4.928_921_593_75e-6, 0),
    ("tspm", 9, 5e-6, 0),
    ("tbs", 9, 1.478_676_478_125e-5, 0),
    ("oz", 9, 2.957_352_956_25e-5, 0),
    ("cup", 9, 2.365_882_365e-4, 0),
    ("pt", 9, 4.731_764_73e-4, 0),
    ("us_pt", 9, 4.731_764_73e-4, 0),
    ("uk_pt", 9, 5.682_612_5e-4, 1),
    ("qt", 9, 9.463_529_46e-4, 0),
    ("uk_qt", 9, 1.136_522_5e-3, 0),
    ("gal", 9, 3.785_411_784e-3, 0),
    ("uk_gal", 9, 4.546_09e-3, 0),
    ("l", 9, 1e-3, 1),
    ("L", 9, 1e-3, 1),
    ("lt", 9, 1e-3, 1),
    ("ang3", 9, 1e-30, 1),
    ("ang^3", 9, 1e-30, 1),
    ("barrel", 9, 0.158_987_294_928, 0),
    ("bushel", 9, 0.035_239_070_166_88, 0),
    ("ft3", 9, 0.028_316_846_592, 0),
    ("ft^3", 9, 0.028_316_846_592, 0),
    ("in3", 9, 1.638_706_4e-5, 0),
    ("in^3", 9, 1.638_706_4e-5, 0),
    ("ly3", 9, 8.467_866_646_237_151e47, 0),
    ("ly^3", 9, 8.467_866_646_237_151e47, 0),
    ("m3", 9, 1.0, 1),
    ("m^3", 9, 1.0, 1),
    ("mi3", 9, 4_168_181_825.440_579_6, 0),
    ("mi^3", 9, 4_168_181_825.440_579_6, 0),
    ("yd3", 9, 0.764_554_857_984, 0),
    ("yd^3", 9, 0.764_554_857_984, 0),
    ("Nmi3", 9, 6_352_182_208.0, 0),
    ("Nmi^3", 9, 6_352_182_208.0, 0),
    ("Picapt3", 9, PICA * PICA * PICA, 0),
    ("Picapt^3", 9, PICA * PICA * PICA, 0),
    ("Pica3", 9, PICA * PICA * PICA, 0),
    ("Pica^3", 9, PICA * PICA * PICA, 0),
    ("GRT", 9, 2.831_684_659_2, 0),
    ("regton", 9, 2.831_684_659_2, 0),
    ("MTON", 9, 1.132_673_863_68, 0),
    ("uk_acre", 10, 4_046.856_422_4, 0),
    ("us_acre", 10, 4_046.872_609_874_25, 0),
    ("ang2", 10, 1e-20, 1),
    ("ang^2", 10, 1e-20, 1),
    ("ar", 10, 100.0, 1),
    ("ft2", 10, 0.092_903_04, 0),
    ("ft^2", 10, 0.092_903_04, 0),
    ("ha", 10, 10_000.0, 0),
    ("in2", 10, 6.4516e-4, 0),
    ("in^2", 10, 6.4516e-4, 0),
    ("ly2", 10, 8.950_542_104_749_01e31, 0),
    ("ly^2", 10, 8.950_542_104_749_01e31, 0),
    ("m2", 10, 1.0, 1),
    ("m^2", 10, 1.0, 1),
    ("Morgen", 10, 2500.0, 0),
    ("mi2", 10, 2_589_988.110_336, 0),
    ("mi^2", 10, 2_589_988.110_336, 0),
    ("Nmi2", 10, 3_429_904.0, 0),
    ("Nmi^2", 10, 3_429_904.0, 0),
    ("Picapt2", 10, PICA * PICA, 0),
    ("Pica2", 10, PICA * PICA, 0),
    ("Pica^2", 10, PICA * PICA, 0),
    ("Picapt^2", 10, PICA * PICA, 0),
    ("yd2", 10, 0.836_127_36, 0),
    ("yd^2", 10, 0.836_127_36, 0),
    ("bit", 11, 1.0, 2),
    ("byte", 11, 8.0, 2),
    ("admkn", 12, 0.514_773_333_333_333, 0),
    ("kn", 12, 1852.0 / 3600.0, 0),
    ("m/h", 12, 1.0 / 3600.0, 1),
    ("m/hr", 12, 1.0 / 3600.0, 1),
    ("m/s", 12, 1.0, 1),
    ("m/sec", 12, 1.0, 1),
    ("mph", 12, 0.447_04, 1),
];

const PREFIXES: &[(&str, f64)] = &[
    ("Y", 1e24),
    ("Z", 1e21),
    ("E", 1e18),
    ("P", 1e15),
    ("T", 1e12),
    ("G", 1e9),
    ("M", 1e6),
    ("k", 1e3),
    ("h", 1e2),
    ("da", 1e1),
    ("e", 1e1),
    ("d", 1e-1),
    ("c", 1e-2),
    ("m", 1e-3),
    ("u", 1e-6),
    ("n", 1e-9),
    ("p", 1e-12),
    ("f", 1e-15),
    ("a", 1e-18),
    ("z", 1e-21),
    ("y", 1e-24),
];

const BINARY: &[(&str, i32)] = &[
    ("ki", 10),
    ("Mi", 20),
    ("Gi", 30),
    ("Ti", 40),
    ("Pi", 50),
    ("Ei", 60),
    ("Zi", 70),
    ("Yi", 80),
];

/// Group and size of a unit with its prefix.
fn find_unit(name: &str) -> Option<(u8, f64)> {
    if let Some(unit) = UNITS.iter().find(|u| u.0 == name) {
        return Some((unit.1, unit.2));
    }
    let with = |prefix: &str, scale: f64, least: u8| {
        let rest = name.strip_prefix(prefix)?;
        let unit = UNITS.iter().find(|u| u.0 == rest && u.3 >= least)?;
        // A prefix counts once for each dimension: square and cubic metres.
        let power = if rest.ends_with('2') {
            2
        } else if rest.ends_with('3') {
            3
        } else {
            1
        };
        Some((unit.1, unit.2 * scale.powi(power)))
    };
    let binary = BINARY.iter().find_map(|(p, e)| with(p, 2f64.powi(*e), 2));
    binary.or_else(|| PREFIXES.iter().find_map(|(p, s)| with(p, *s, 1)))
}

/// A temperature as kelvin: scale and zero.
fn find_temperature(name: &str) -> Option<(f64, f64)> {
    Some(match name {
        "C" | "cel" => (1.0, 273.15),
        "F" | "fah" => (5.0 / 9.0, 273.15 - 32.0 * 5.0 / 9.0),
        "Rank" => (5.0 / 9.0, 0.0),
        "Reau" => (1.25, 273.15),
        _ => (find_kelvin(name)?, 0.0),
    })
}

/// Kelvin, the one unit of temperature that takes prefixes.
fn find_kelvin(name: &str) -> Option<f64> {
    let prefix = name.strip_suffix("kel").or_else(|| name.strip_suffix('K'))?;
    let scale = |(known, scale): &(&str, f64)| (*known == prefix).then_some(*scale);
    if prefix.is_empty() { Some(1.0) } else { PREFIXES.iter().find_map(scale) }
}

fn convert(a: &Args<'_>) -> Result<Value, ErrorKind> {
    let (x, from, to) = (a.number(0)?, a.text(1)?, a.text(2)?);
    if let (Some(f), Some(t)) = (find_temperature(&from), find_temperature(&to)) {
        if from == to {
            return Ok(x.into());
        }
        return Ok(((x * f.0 + f.1 - t.1) / t.0).into());
    }
    let (f, t) = (find_unit(&from).ok_or(ErrorKind::Na)?, find_unit(&to).ok_or(ErrorKind::Na)?);
    if f.0 != t.0 { Err(ErrorKind::Na) } else { Ok((x * f.1 / t.1).into()) }
}
