//! A pull reader of XML that keeps what the loader needs: bounded depth, bounded text, entities
//! resolved, prefixes dropped, and errors that name the part.

use std::io::BufRead;

use quick_xml::events::{BytesStart, Event};
use quick_xml::reader::Reader;

use super::limits::{Limits, LoadError};
use super::package::TOO_MUCH;

/// An opening tag.
#[derive(Debug, Clone, Default)]
pub(super) struct Tag {
    pub name: String,
    pub attributes: Vec<(String, String)>,
    /// Whether the element ends with this tag.
    pub empty: bool,
}

/// The value of a tag's attribute; of prefixed ones by the name behind the prefix.
pub(super) fn attribute<'a>(tag: &'a Tag, name: &str) -> Option<&'a str> {
    tag.attributes.iter().find(|a| a.0 == name).map(|a| a.1.as_str())
}

/// What the reader meets.
pub(super) enum Item {
    Start(Tag),
    End,
    Text(String),
}

pub(super) struct Xml<R> {
    reader: Reader<R>,
    part: String,
    buffer: Vec<u8>,
    depth: usize,
    max_depth: usize,
    max_text: usize,
    unpacked: u64,
}

impl<R: BufRead> Xml<R> {
    pub(super) fn new(reader: R, part: &str, limits: &Limits) -> Self {
        Self {
            reader: Reader::from_reader(reader),
            part: part.to_owned(),
            buffer: Vec::new(),
            depth: 0,
            max_depth: limits.depth,
            max_text: limits.text_bytes,
            unpacked: limits.unpacked_bytes,
        }
    }

    /// The error that this part is damaged.
    pub(super) fn corrupt(&self, detail: impl ToString) -> LoadError {
        LoadError::Corrupt { part: self.part.clone(), detail: detail.to_string() }
    }

    /// The next tag or text; nothing at the end of the part.
    pub(super) fn next(&mut self) -> Result<Option<Item>, LoadError> {
        loop {
            self.buffer.clear();
            let event = match self.reader.read_event_into(&mut self.buffer) {
                Ok(event) => event,
                Err(e) => return Err(self.failed(&e)),
            };
            match event {
                Event::Start(tag) => {
                    self.depth += 1;
                    if self.depth > self.max_depth {
                        let limit = self.max_depth as u64;
                        return Err(LoadError::TooLarge { what: "nested elements", limit });
                    }
                    return Ok(Some(Item::Start(tag_of(&tag, false))));
                }
                Event::Empty(tag) => return Ok(Some(Item::Start(tag_of(&tag, true)))),
                Event::End(_) => {
                    self.depth = self.depth.saturating_sub(1);
                    return Ok(Some(Item::End));
                }
                Event::Text(text) => return Ok(Some(Item::Text(text.replace("\r\n", "\n")))),
                Event::CData(text) => return Ok(Some(Item::Text(text.to_string()))),
                Event::GeneralRef(name) => {
                    let text = format!("&{};", &*name);
                    let text = quick_xml::escape::unescape(&text).map(|t| t.into_owned());
                    return Ok(Some(Item::Text(text.unwrap_or_default())));
                }
                Event::Eof => {
                    return if self.depth == 0 {
                        Ok(None)
                    } else {
                        Err(self.corrupt("the part ends too early"))
                    };
                }
                Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::DocType(_) => {}
            }
        }
    }

    fn failed(&self, error: &quick_xml::Error) -> LoadError {
        if let quick_xml::Error::Io(e) = error
            && e.to_string() == TOO_MUCH
        {
            return LoadError::TooLarge { what: "unpacked bytes", limit: self.unpacked };
        }
        self.corrupt(error)
    }

    /// The next opening tag at any depth.
    pub(super) fn next_start(&mut self) -> Result<Option<Tag>, LoadError> {
        loop {
            match self.next()? {
                Some(Item::Start(tag)) => return Ok(Some(tag)),
                Some(Item::End | Item::Text(_)) => {}
                None => return Ok(None),
            }
        }
    }

    /// The text up to the end of the element whose tag was just read, inner elements included.
    pub(super) fn text(&mut self, tag: &Tag) -> Result<String, LoadError> {
        let mut text = String::new();
        if tag.empty {
            return Ok(text);
        }
        let mut inside = 0usize;
        while let Some(item) = self.next()? {
            match item {
                Item::Start(t) if !t.empty => inside += 1,
                Item::Start(_) => {}
                Item::Text(t) => self.append(&mut text, &t)?,
                Item::End if inside == 0 => break,
                Item::End => inside -= 1,
            }
        }
        Ok(text)
    }

    fn append(&self, text: &mut String, more: &str) -> Result<(), LoadError> {
        if text.len() + more.len() > self.max_text {
            return Err(LoadError::TooLarge {
                what: "bytes of text in a cell",
                limit: self.max_text as u64,
            });
        }
        text.push_str(more);
        Ok(())
    }

    /// The shown text of a string item: its runs, without the phonetic hints.
    pub(super) fn rich_text(&mut self, tag: &Tag) -> Result<String, LoadError> {
        let mut text = String::new();
        if tag.empty {
            return Ok(text);
        }
        let mut inside: Vec<String> = Vec::new();
        while let Some(item) = self.next()? {
            match item {
                Item::Start(t) if !t.empty => inside.push(t.name),
                Item::Start(_) => {}
                Item::Text(t) => {
                    let shown = inside.last().is_some_and(|n| n == "t")
                        && !inside.iter().any(|n| n == "rPh");
                    if shown {
                        self.append(&mut text, &t)?;
                    }
                }
                Item::End => {
                    if inside.pop().is_none() {
                        break;
                    }
                }
            }
        }
        Ok(unescape_hex(&text))
    }
}

fn local(name: &str) -> &str {
    name.rsplit(':').next().unwrap_or(name)
}

fn tag_of(tag: &BytesStart<'_>, empty: bool) -> Tag {
    let attributes = tag
        .attributes()
        .with_checks(false)
        .flatten()
        .map(|a| {
            let value = quick_xml::escape::unescape(&a.value).map(|v| v.into_owned());
            (local(a.key.as_ref()).to_owned(), value.unwrap_or_else(|_| a.value.to_string()))
        })
        .collect();
    Tag { name: local(tag.name().as_ref()).to_owned(), attributes, empty }
}

/// Resolves `_x000D_`, by which the format writes characters that XML cannot hold.
pub(super) fn unescape_hex(text: &str) -> String {
    if !text.contains("_x") {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("_x") {
        out.push_str(&rest[..at]);
        let code = rest.get(at + 2..at + 6).filter(|_| rest.get(at + 6..at + 7) == Some("_"));
        let code = code.and_then(|c| u32::from_str_radix(c, 16).ok()).and_then(char::from_u32);
        if let Some(c) = code {
            out.push(c);
            rest = &rest[at + 7..];
        } else {
            out.push_str("_x");
            rest = &rest[at + 2..];
        }
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hexadecimal_escapes_are_resolved() {
        assert_eq!(unescape_hex("a_x000D_b"), "a\rb");
        assert_eq!(unescape_hex("a_x00"), "a_x00");
        assert_eq!(unescape_hex("_x005F_x000D_"), "_x000D_");
        assert_eq!(unescape_hex("max_xü_x"), "max_xü_x");
    }
}
