//! Files that no table should look like.

use crate::dice::Dice;

const TABLE: &[u8] = b"city,age,joined\nBergen,41,2020-01-02\nLima,39,2021-03-04\nOslo,,\n";

/// Beginnings of files that are no tables, whatever their name says.
const MAGICS: &[&[u8]] = &[
    b"PK\x03\x04\x14\x00\x06\x00",
    b"\x7fELF\x02\x01\x01\x00",
    b"MZ\x90\x00\x03\x00\x00\x00",
    b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n",
    b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR",
    b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03",
    b"BZh91AY&SY",
    b"\xfd7zXZ\x00\x00\x04",
    b"\x28\xb5\x2f\xfd\x04\x58",
    b"SQLite format 3\x00",
    b"PAR1\x15\x04\x15\x00",
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
    b"GANTRYMODEL",
    b"#!/bin/sh\nrm -rf \"$HOME\"\n",
    b"<!doctype html><script>alert(1)</script>",
];

/// A file with something wrong in it; often enough it is a table all the same.
pub fn spoiled_file(dice: &mut Dice) -> Vec<u8> {
    match dice.roll(16) {
        0 => prefixed(dice),
        1 => utf16(dice),
        2 => with_marks(dice),
        3 => with_nul_bytes(dice),
        4 => odd_header(dice),
        5 => ragged(dice),
        6 => odd_quotes(dice),
        7 => odd_line_ends(dice),
        8 => deep_json(dice),
        9 => broken_json_lines(dice),
        10 => not_utf8(dice),
        11 => {
            let count = dice.within(1..3_000);
            dice.bytes(count)
        }
        12 => dice
            .pick(&[&b"\n"[..], b",", b"\r\r\r", b"\"", b"a", b"{", b"[]\n", b" ", b"\t\t\n"])
            .to_vec(),
        13 => odd_numbers(dice),
        14 => "a".repeat(dice.within(1..200_000)).into_bytes(),
        _ => {
            let mut bytes = TABLE.to_vec();
            dice.flip(&mut bytes);
            bytes.truncate(dice.within(1..bytes.len() + 1));
            bytes
        }
    }
}

/// The magic of another kind of file, with a table or noise behind.
fn prefixed(dice: &mut Dice) -> Vec<u8> {
    let mut bytes = dice.pick(MAGICS).to_vec();
    let count = dice.roll(2_000);
    let rest = if dice.roll(2) == 0 { TABLE.to_vec() } else { dice.bytes(count) };
    bytes.extend(rest);
    bytes
}

fn utf16(dice: &mut Dice) -> Vec<u8> {
    let text = "stad,alder\nBergen,41\nÅlesund,\u{1F600}\n";
    let little = dice.roll(2) == 0;
    let mut bytes = match (dice.roll(3), little) {
        (0, _) => Vec::new(),
        (_, true) => vec![0xFF, 0xFE],
        (_, false) => vec![0xFE, 0xFF],
    };
    for unit in text.encode_utf16() {
        bytes.extend(if little { unit.to_le_bytes() } else { unit.to_be_bytes() });
    }
    // Half a unit, or half a pair of surrogates, at the end.
    bytes.truncate(bytes.len() - dice.roll(4));
    bytes
}

fn with_marks(dice: &mut Dice) -> Vec<u8> {
    let mut bytes = b"\xEF\xBB\xBF".repeat(dice.within(1..4));
    if dice.roll(3) > 0 {
        bytes.extend(TABLE);
    }
    let place = dice.roll(bytes.len());
    bytes.splice(place..place, *b"\xEF\xBB\xBF");
    bytes
}

fn with_nul_bytes(dice: &mut Dice) -> Vec<u8> {
    let mut bytes = TABLE.to_vec();
    for _ in 0..=dice.roll(5) {
        let place = dice.roll(bytes.len());
        bytes.insert(place, 0);
    }
    bytes
}

fn odd_header(dice: &mut Dice) -> Vec<u8> {
    let columns = dice.within(1..3_000);
    let header = match dice.roll(6) {
        0 => vec!["same"; columns].join(","),
        1 => ",".repeat(columns),
        2 => format!("{},b", "x".repeat(dice.within(1..100_000))),
        3 => (0..columns).map(|column| format!("c{column}")).collect::<Vec<_>>().join(";"),
        4 => "\u{202e}gnp.exe,\u{0}\u{7}\u{1b}[31m,=cmd|' /C calc'!A0".to_owned(),
        _ => "__proto__,constructor,../../etc/passwd,<script>,%00".to_owned(),
    };
    let row = vec!["1"; dice.within(1..6)].join(",");
    format!("{header}\n{row}\n{row}\n").into_bytes()
}

/// Rows that are longer or shorter than the header.
fn ragged(dice: &mut Dice) -> Vec<u8> {
    let mut text = "a,b,c\n1,2,3\n".to_owned();
    for _ in 0..dice.within(1..6) {
        let most = if dice.roll(10) == 0 { 20_000 } else { 9 };
        let fields = dice.roll(most);
        text.push_str(&"7,".repeat(fields));
        text.push('\n');
    }
    text.into_bytes()
}

fn odd_quotes(dice: &mut Dice) -> Vec<u8> {
    let mut text = "a,b\n".to_owned();
    for _ in 0..dice.within(1..9) {
        text.push_str(dice.pick(&[
            "\"open,1\n",
            "x\"y\",2\n",
            "\"\"\"\",3\n",
            "\"a\nb\",4\n",
            "'1',\"\n",
            "1,2\n",
        ]));
    }
    text.into_bytes()
}

fn odd_line_ends(dice: &mut Dice) -> Vec<u8> {
    let end = dice.pick(&["\r", "\r\n", "\n\r", "\n\n\n", "\u{2028}", "\u{b}", "\u{85}"]);
    TABLE_ROWS.join(end).into_bytes()
}

const TABLE_ROWS: &[&str] = &["city,age", "Bergen,41", "Lima,39", ""];

fn deep_json(dice: &mut Dice) -> Vec<u8> {
    let depth = dice.within(1..20_000);
    let open = dice.pick(&["[", "{\"a\":", "[{\"a\":["]);
    let mut text = format!("{{\"a\":{}", open.repeat(depth));
    if dice.roll(2) == 0 {
        text.push('\n');
        text.push_str("{\"a\":1}\n");
    }
    text.into_bytes()
}

fn broken_json_lines(dice: &mut Dice) -> Vec<u8> {
    let mut text = String::new();
    for _ in 0..dice.within(1..6) {
        text.push_str(dice.pick(&[
            "{\"a\":1}\n",
            "{\"a\":\"\\ud800\"}\n",
            "{\"a\":1e999}\n",
            "{\"a\":{\"b\":[1,2]}}\n",
            "{\"a\":1,\"a\":2}\n",
            "[1,2]\n",
            "null\n",
            "{\"\":null}\n",
            "{\"a\":\"\\u0000\"}\n",
            "{'a':1}\n",
            "{\"a\":tru",
        ]));
    }
    text.into_bytes()
}

fn not_utf8(dice: &mut Dice) -> Vec<u8> {
    let mut bytes = TABLE.to_vec();
    let bad = dice.pick(&[
        &b"\xff"[..],
        b"\xc3\x28",
        b"\xed\xa0\x80",
        b"\xf8\x88\x80\x80\x80",
        b"\xc0\xaf",
        b"\xe2\x82",
    ]);
    let place = dice.roll(bytes.len());
    bytes.splice(place..place, bad.iter().copied());
    bytes
}

fn odd_numbers(dice: &mut Dice) -> Vec<u8> {
    let mut text = "n,d\n".to_owned();
    for _ in 0..dice.within(2..30) {
        text.push_str(dice.pick(&[
            "1e999,2020-13-45\n",
            "-1e-999,0000-00-00\n",
            "NaN,9999-12-31\n",
            "inf,-1-01-01\n",
            "0x10,1970-01-01T00:00:00+99:99\n",
            "99999999999999999999999999999999999999,1\n",
            "1.797693134862315708e308,\n",
            "-0.0,2020-02-30\n",
            "1_000,२०२०-०१-०१\n",
        ]));
    }
    text.into_bytes()
}
