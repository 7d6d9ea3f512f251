//! Server-sent events, as the HTML standard (section 9.2) frames them.

use std::io::{self, BufRead};

use serde_json::Value;

/// One event.
#[derive(Debug, Clone, PartialEq)]
pub struct ServerEvent {
    /// Its cursor, to continue after.
    pub cursor: u64,
    /// Its name.
    pub name: String,
    /// Its data.
    pub data: Value,
}

/// A stream of events; it ends when the server ends it.
pub struct EventStream {
    reader: Box<dyn BufRead + Send>,
    cursor: u64,
}

impl EventStream {
    /// Reads events from bytes.
    pub fn new(reader: Box<dyn BufRead + Send>) -> Self {
        Self { reader, cursor: 0 }
    }

    fn read_event(&mut self) -> io::Result<Option<ServerEvent>> {
        let (mut name, mut data) = (String::new(), String::new());
        loop {
            let mut line = String::new();
            if self.reader.read_line(&mut line)? == 0 {
                return Ok(None);
            }
            let line = line.trim_end_matches(['\n', '\r']);
            if line.is_empty() {
                if data.is_empty() {
                    name.clear();
                    continue;
                }
                let data = serde_json::from_str(&data).unwrap_or(Value::Null);
                return Ok(Some(ServerEvent { cursor: self.cursor, name, data }));
            }
            let (field, value) = line.split_once(':').unwrap_or((line, ""));
            let value = value.strip_prefix(' ').unwrap_or(value);
            match field {
                "event" => value.clone_into(&mut name),
                "id" => self.cursor = value.parse().unwrap_or(self.cursor),
                "data" => {
                    if !data.is_empty() {
                        data.push('\n');
                    }
                    data.push_str(value);
                }
                // Comments have an empty name; everything else is of later versions.
                _ => {}
            }
        }
    }
}

impl Iterator for EventStream {
    type Item = io::Result<ServerEvent>;

    fn next(&mut self) -> Option<Self::Item> {
        self.read_event().transpose()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn events_are_read_with_their_cursor_and_comments_are_not_events() {
        let text = ": heartbeat\n\nid: 4\nevent: log\ndata: {\"message\":\r\ndata: \"hi\"}\n\n\
                    id:5\nevent:end\ndata:{}\n\nevent: cut off";
        let stream = EventStream::new(Box::new(io::Cursor::new(text)));
        let events: Vec<ServerEvent> = stream.map(Result::unwrap).collect();
        assert_eq!(
            events,
            [
                ServerEvent { cursor: 4, name: "log".into(), data: json!({ "message": "hi" }) },
                ServerEvent { cursor: 5, name: "end".into(), data: json!({}) },
            ]
        );
    }
}
